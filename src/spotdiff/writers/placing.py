"""Copies, links or moves pictures; nothing is ever deleted or written over.

The plan comes first, as a file to read. What was carried out is what it says, step by step, so that
the same plan goes on after an interruption, and a move can be undone by reading it backwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from spotdiff.writers.files import replacing

Action: TypeAlias = Literal["copy", "symlink", "move"]
ACTIONS = get_args(Action)


@dataclass(frozen=True, slots=True)
class Step:
    """One picture and where it goes."""

    source: Path
    target: Path


def planned(pictures: Iterable[Path], root: Path, folder: Path) -> list[Step]:
    """Where pictures go: below `folder` as they lie below `root`.

    One that lies elsewhere keeps its name; where two would meet, the later one gets a number.

    Example:
        >>> pictures = [Path("a/x.png"), Path("b/x.png"), Path("c/x.png")]
        >>> steps = planned(pictures, Path("a"), Path("t"))
        >>> [step.target.as_posix() for step in steps]
        ['t/x.png', 't/x-2.png', 't/x-3.png']
    """
    taken: set[Path] = set()
    steps = []
    for picture in dict.fromkeys(pictures):
        inside = picture.is_relative_to(root)
        name = picture.relative_to(root) if inside else Path(picture.name)
        target, number = folder / name, 2
        while target in taken:
            target = folder / name.with_name(f"{name.stem}-{number}{name.suffix}")
            number += 1
        taken.add(target)
        steps.append(Step(picture, target))
    return steps


def write_plan(steps: Sequence[Step], action: Action, path: Path) -> None:
    """Writes what would be done, a JSON object a line."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for step in steps:
            told = {"action": action, "source": str(step.source), "target": str(step.target)}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")


def carry_out(steps: Iterable[Step], action: Action) -> tuple[int, list[str]]:
    """Does what is planned; steps that are done already are passed over.

    Returns:
        How many steps were done now, and a sentence for each that could not be.
    """
    done, problems = 0, []
    for step in steps:
        try:
            done += _done(step, action)
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(f"{step.source}: cannot {action} it to {step.target}: {reason}")
    return done, problems


def _done(step: Step, action: Action) -> bool:
    if step.target.exists() or step.target.is_symlink():
        if action == "move" and step.source.exists():
            raise FileExistsError(17, "a file of that name is there already")
        return False
    step.target.parent.mkdir(parents=True, exist_ok=True)
    if action == "symlink":
        step.target.symlink_to(step.source.resolve())
    elif action == "move" and _same_disk(step):
        os.link(
            step.source, step.target
        )  # fails where anything is there by now, as rename would not
        step.source.unlink()
    else:
        _copied(step)
        if action == "move":
            step.source.unlink()
    return True


def _copied(step: Step) -> None:
    with replacing(step.target) as partial:
        shutil.copy2(step.source, partial)


def _same_disk(step: Step) -> bool:
    return step.source.stat().st_dev == step.target.parent.stat().st_dev
