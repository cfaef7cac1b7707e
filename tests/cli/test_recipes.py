"""Whole recipes through the program, with nothing but drawn photographs and a tiny model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spotdiff.building.exports import FORMATS
from spotdiff.building.known_changes import KnownChanges
from spotdiff.building.sample_rows import read_samples
from spotdiff.data.images import read_image
from spotdiff.types import ChangeKind
from tests.fakes import noise, run_program, write_image
from tests.photo_parts import COLOURS, library, write_coco

WIDE = (
    "steps.areas.pipeline.comparer.rules.min_similarity=-1",
    "steps.areas.pipeline.comparer.rules.max_similarity=1",
    "steps.areas.pipeline.comparer.rules.max_region_similarity=1",
    "steps.areas.pipeline.comparer.rules.min_area=0",
)
ASKED = FORMATS[:4]


@pytest.fixture
def table(tmp_path, tiny_checkpoint, monkeypatch) -> Path:
    """Four photographs with outlines; a model that finds something in any two pictures."""
    shipped = tmp_path / "checkpoints" / "spotdiff-small.ckpt"
    shipped.parent.mkdir()
    shutil.copy(tiny_checkpoint, shipped)
    monkeypatch.setattr("spotdiff.apps.own_experts.shipped_checkpoint", lambda: shipped)
    folder = tmp_path / "photos"
    return write_coco(folder, library(folder).photos)


@pytest.fixture
def known_pairs(tmp_path) -> Path:
    """A pair whose change is known."""
    for name in ("before", "after"):
        write_image(tmp_path / f"{name}.png", noise(1, 64, 64))
    change = {"kind": "added", "box_after": [8, 8, 40, 40], "label": "car"}
    row = {"before": "before.png", "after": "after.png", "changes": [change]}
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(row))
    return path


def _files(folder: Path) -> dict[str, bytes]:
    """All that a build left, but for how long it took."""
    timed = ("seconds.json", "funnel.json")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in timed)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _exchanges(folder: Path) -> list[dict]:
    """The questions of all formats, which ask the same; every picture that they name is there."""
    lists = [json.loads((folder / f"{name}.json").read_text()) for name in ASKED[:2]]
    lists += [_lines(folder / f"{name}.jsonl") for name in ASKED[2:]]
    for own, other, third, fourth in zip(*lists, strict=True):
        pictures = [f"{own['path']}_{place}.jpg" for place in range(2)]
        assert other["image"] == third["images"] == fourth["images"] == pictures
        assert all(min(read_image(folder / name).shape[:2]) > 100 for name in pictures)
        answer = own["conversations"][1]["value"]
        assert other["conversations"][1]["value"] == answer
        assert fourth["messages"][1]["content"][0]["text"] == answer
    return lists[0]


def test_img_diff_edits_composes_finds_tells_and_exports(program, table, tmp_path, capsys):
    command = ("recipe=img_diff", f"in={table}", "each=2", "out=o", *WIDE)
    command += (f"exports=[{','.join(FORMATS)}]",)
    assert program("build", *command) == 0
    assert "8 rows: 6 kept, 2 rejected, 0 errors" in capsys.readouterr().err
    out = tmp_path / "o"
    rows = {row.id: row for row in read_samples(out / "rows.jsonl")}
    assert set(rows) == {f"{s}{e}" for s in ("one", "two", "three", "tiny") for e in ("", "-2")}
    kept = list(read_samples(out / "kept.jsonl"))
    (left,) = (out / "trace").iterdir()
    assert [row.id for row in read_samples(left)] == ["tiny", "tiny-2"]
    edits = {row.id: (row.swap.before, row.swap.after) for row in kept}
    assert {edits["two"], edits["two-2"]} == {("cat", "dog"), ("bowl", "cup")}
    for row in kept:
        truth = row.made["image_pairs"]["truth"]
        assert len(row.changes) == len(truth) == (2 if "three" in row.id else 1)
        assert {c.kind for c in row.changes} == {ChangeKind.CHANGED}
        assert all("replaced by a" in c.caption for c in row.changes)
        views = [read_image(Path(tmp_path / path)) for path in (row.before, row.after)]
        assert views[0].shape == views[1].shape == (160, 200, 3)
    exports = out / "exports"
    asked = _exchanges(exports)
    assert [one["conversations"][1]["value"] for one in asked] == [
        change.caption for row in kept for change in row.changes
    ]
    coco = json.loads((exports / "coco.json").read_text())
    assert len(coco["images"]) == 2 * len(kept)
    assert len(_lines(exports / "datajuicer.jsonl")) == len(kept)
    listed = _lines(exports / "imagefolder" / "train" / "metadata.jsonl")
    assert [row["id"] for row in listed] == [row.id for row in kept]
    for row in listed:
        for view in ("before", "after"):
            assert (exports / "imagefolder" / "train" / row[f"{view}_file_name"]).is_file()
    before = _files(out)
    assert program("build", *command) == 0
    assert _files(out) == before


def test_a_build_that_is_killed_goes_on_to_the_same_files(table, tmp_path, monkeypatch):
    command = ("recipe=img_diff", f"in={table}", "out=o", "batch_size=2", *WIDE)
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    assert run_program(tmp_path / "whole", "build", *command) == 0
    with monkeypatch.context() as patch:
        seen: list[str] = []
        looks = KnownChanges.__call__

        def until_killed(step, samples):
            seen.extend(sample.id for sample in samples)
            if len(seen) > 2:
                raise KeyboardInterrupt
            return looks(step, samples)

        patch.setattr(KnownChanges, "__call__", until_killed)
        with pytest.raises(KeyboardInterrupt):
            run_program(tmp_path / "killed", "build", *command)
    out = tmp_path / "killed" / "o"
    assert not (out / "kept.jsonl").exists()
    assert len(_lines(out / "rows.jsonl")) == 2
    assert run_program(tmp_path / "killed", "build", *command) == 0
    assert _files(out) == _files(tmp_path / "whole" / "o")


def test_photographs_may_lie_elsewhere_than_their_table(program, table, tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    table.rename(tmp_path / "tables" / "some.json")
    command = ("recipe=img_diff", "in=tables/some.json", "out=o")
    assert program("build", *command) == 64
    assert "neither tables/one.png nor tables/images/one.png" in capsys.readouterr().err
    assert program("build", *command, "photos=photos", "~steps.areas", "~steps.known") == 0
    assert "4 rows: 3 kept, 1 rejected" in capsys.readouterr().err


def test_removal_takes_a_thing_out_and_asks_which_picture_shows_it(program, table, tmp_path):
    command = ("recipe=removal", f"in={table}", "out=o", "seed=1")
    command += ("steps.removal.rules.max_area=0.2",)
    assert program("build", *command, f"exports=[{','.join(ASKED)}]") == 0
    out = tmp_path / "o"
    (left,) = read_samples(out / "trace" / "removal.jsonl")
    assert (left.id, left.verdict.reason) == (
        "tiny",
        "no region has the size of a thing that can be taken out",
    )
    kept = {row.id: row for row in read_samples(out / "kept.jsonl")}
    gone = {name: row.changes[0] for name, row in kept.items()}
    assert {name: one.caption for name, one in gone.items()} == {
        "one": "A brown dog was removed in the centre.",
        "two": "An orange cat was removed on the left.",
        "three": "A red cup was removed on the right.",
    }
    letters = set()
    for asked in _exchanges(out / "exports"):
        change = gone[asked["path"].removeprefix("images/").removesuffix("-0")]
        question, answer = (turn["value"] for turn in asked["conversations"])
        assert f"shows a {change.label} inside the red frame" in question
        x0, y0, x1, y1 = map(int, change.box_before)
        shown = [
            np.abs(
                read_image(out / "exports" / f"{asked['path']}_{place}.jpg").astype(int)
                - COLOURS[change.label]
            )[y0:y1, x0:x1].max(axis=-1)
            < 40
            for place in range(2)
        ]
        shares = [float(there.mean()) for there in shown]
        assert shares["AB".index(answer)] > 0.6
        assert min(shares) < 0.1
        letters.add(answer)
    assert letters == {"A", "B"}


def test_rows_of_an_earlier_build_are_exported_without_any_step(program, known_pairs, tmp_path):
    out = tmp_path / "exported"
    command = ("recipe=export", f"in={known_pairs}", f"out={out}", "exports=[coco,datajuicer]")
    assert program("build", *command) == 0
    assert len(_lines(out / "exports" / "datajuicer.jsonl")) == 1
    assert json.loads((out / "exports" / "coco.json").read_text())["annotations"]
