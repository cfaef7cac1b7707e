"""Where the files that travel with the package lie: in the wheel, or at the root of a clone."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CLONE = _PACKAGE.parents[1]


def travelling(name: str) -> Path:
    """The folder `name` of the wheel, or of the clone."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _CLONE / name


def shipped_checkpoint() -> Path:
    """The model that comes with the package."""
    return travelling("checkpoints") / "spotdiff-small.ckpt"


def synonyms_file() -> Path:
    """The bundled synonyms."""
    return travelling("conf") / "labels.yaml"


def existing(path: str | Path, what: str) -> Path:
    """The path, if it exists.

    Raises:
        FileNotFoundError: With the nearest name beside it.
    """
    path = Path(path)
    if path.exists():
        return path
    folder = path.parent if path.parent.is_dir() else Path()
    near = get_close_matches(path.name, [p.name for p in folder.iterdir()], n=1)
    hint = f" Did you mean {folder / near[0]}?" if near else ""
    msg = f"Expected {what}, but {path} does not exist.{hint}"
    raise FileNotFoundError(msg)
