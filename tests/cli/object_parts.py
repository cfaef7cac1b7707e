"""Settings and pictures for programs that answer by objects, with parts that answer by rule."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from spotdiff.types import LabelSets
from tests.fakes import write_image
from tests.object_parts import Blocks, street

CAR, CONE = ("car", (10, 20, 30, 40)), ("cone", (60, 8, 80, 24))
TRUCK = ("truck", (40, 40, 60, 60))
HERE, THERE = ("car", (4, 4, 20, 20)), ("car", (70, 40, 86, 56))
SCENES = {  # id: before, after, what is true
    "came": ((), (CAR,), LabelSets(added=("car",))),
    "went": ((CONE, CAR), (CAR,), LabelSets(removed=("cone",))),
    "both": ((CAR,), (CONE,), LabelSets(("cone",), ("car",))),
    "moved": ((HERE,), (THERE,), LabelSets(changed=("car",))),
    "same": ((CAR, TRUCK), (CAR, TRUCK), LabelSets()),
}
COLOURS = (  # an embedder that sees colours alone
    "embedder=none",
    "+embedder._target_=spotdiff.stages.appearance.Appearance",
    "+embedder.embedder._target_=tests.object_parts.Colours",
    "+embedder.look=[0,1]",
)
FIXED = ("experiment=objects", "~detectors.owlv2", "alignment=none", "device=cpu", *COLOURS)
ALONE = ("objects.change_model=false", "objects.labels=[car,cone,truck]")


def detector(name: str = "blocks", target: str = "tests.object_parts.Blocks", **settings) -> list:
    """The words of a command that add a detector."""
    given = [f"+detectors.{name}.{key}={value}" for key, value in settings.items()]
    return [f"+detectors.{name}._target_={target}", *given]


class Fussy(Blocks):
    """A detector that cannot look at trucks."""

    def __call__(self, images, names):
        found = super().__call__(images, names)
        if any("truck" in one.labels for one in found):
            raise RuntimeError("no trucks,\n please")
        return found


def write_scenes(folder: Path, scenes: Mapping[str, tuple] = SCENES) -> Path:
    """Their pictures, and a table of their words."""
    for name, (before, after, _) in scenes.items():
        for view, blocks in ((1, before), (2, after)):
            write_image(folder / f"{name}_{view}.png", street(*blocks))
    table = folder / "words.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("img_id", "added_objs", "removed_objs", "changed_objs"))
        for name, (_, _, true) in scenes.items():
            cells = (true.added, true.removed, true.changed)
            rows.writerow((name, *(" ".join(words) or "none" for words in cells)))
    return table
