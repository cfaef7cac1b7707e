"""Files that hold what a search over weak labels found best for objects."""

from __future__ import annotations

from pathlib import Path

import yaml

from spotdiff.types import Tuned


def read_tuned(path: Path) -> Tuned:
    """What `write_tuned` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds anything else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected what tune wrote, but {path} does not exist.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"Expected a mapping, got {type(content).__name__}.")
        return Tuned.from_plain(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: {reason}") from error


def write_tuned(tuned: Tuned, path: Path, note: str = "") -> None:
    """Writes it as YAML, whole or not at all; `note` goes before it as a comment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"# {line}\n" for line in note.splitlines())
    text = lines + yaml.safe_dump(tuned.plain(), sort_keys=False)
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
