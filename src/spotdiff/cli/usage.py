"""What `spotdiff VERB --help` says: the verb's file in `conf/`, whose comments explain every key.

It is read as text, so that the answer comes at once and holds the comments, which Hydra leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spotdiff.apps.places import travelling

# `- alignment: shift # a comment`; `set_proposer@proposers.NAME` is an option of set_proposer.
_GROUP = re.compile(r"\s+- (?P<name>(?P<folder>[\w/]+)(?:@[\w.]+)?): (?P<rest>\S.*)")
_PROGRAM = re.compile(r"python (?:scripts/)?(\w+)\.py")

_GROUPS = "Groups, GROUP=OPTION, and below each its options; null is none of them:"
_KEYS = (
    "Keys, KEY=VALUE, each with the value that it has if nothing is said; ??? must be given.\n"
    "What stands indented is written with a dot, OUTER.INNER=VALUE:"
)
_MORE = (
    "spotdiff {} … --cfg job   prints the whole configuration of a command, and runs nothing",
    "spotdiff {} --hydra-help  the flags of Hydra",
)


def usage(verb: str) -> str:
    """Examples, groups with their options, and keys with their comments, as one page."""
    conf = travelling("conf")
    lines = (conf / f"{verb}.yaml").read_text(encoding="utf-8").splitlines()
    at = lines.index("defaults:")
    end = next(row for row, line in enumerate(lines) if row > at and not line.startswith("  "))
    head = (_PROGRAM.sub(r"spotdiff \1", line.removeprefix("# ")) for line in lines[:at])
    pieces = [f"spotdiff {verb}", _indented(head)]
    if groups := list(_groups(lines[at + 1 : end], conf)):
        pieces += [_GROUPS, _indented(groups)]
    pieces += [_KEYS, _indented(_without_hydra(lines[end:]))]
    return "\n\n".join(pieces) + "\n\n" + _indented(line.format(verb) for line in _MORE)


def _groups(lines: Sequence[str], conf: Path) -> Iterator[str]:
    """A line for each group, and one of its options below it."""
    for line in lines:
        found = _GROUP.match(line)
        if not found:
            continue
        folder = conf / found["folder"]
        options = sorted(path.stem for path in folder.glob("*.yaml"))
        yield f"{found['name']}={found['rest']}"
        yield f"    {', '.join(options)}"


def _without_hydra(lines: Sequence[str]) -> Iterator[str]:
    """The lines but for the block of Hydra's own settings."""
    inside = False
    for line in lines:
        inside = line == "hydra:" or (inside and (line.startswith(" ") or not line))
        if not inside:
            yield line


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" if line else "" for line in lines).strip("\n")
