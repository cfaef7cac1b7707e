"""Rows of the difference area operator, answered and written again; worked out by hand."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from spotdiff.ops.boxes import mask_box
from spotdiff.types import Detections, ModelInfo, Pair
from tests.fakes import write_image

ZERO = [[0.0, 0.0, 0.0, 0.0]]


class Differing(nn.Module):
    """Proposes, in after, the box around all pixels that differ."""

    info = ModelInfo("differing", "1" * 64)

    def forward(self, pairs: Sequence[Pair]) -> list[tuple[Detections, Detections]]:
        found = []
        for pair in pairs:
            box = mask_box((pair.before != pair.after).any(axis=-1))
            boxes = np.array([box] if box else [], np.float32).reshape(-1, 4)
            found.append((Detections.none(), Detections(boxes, np.ones(len(boxes), np.float32))))
        return found


# Experts whose answers can be worked out by hand take the place of our own.
BY_HAND = (
    "~proposer",
    "+proposer._target_=tests.cli.test_operator_rows.Differing",
    "~similarity",
    "+similarity._target_=spotdiff.stages.similarity.Similarity",
    "+similarity.embedder._target_=tests.stages.area_parts.ByGrey",
    "areas.max_similarity=0.99999",
    "areas.min_area=0",
)
BY_COLOUR = ("+matcher._target_=tests.stages.area_parts.ByColour", "areas.min_match=0.5")


@pytest.fixture
def areas(program, tiny_checkpoint) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        fixed = ("experiment=areas", "trainer=cpu", "device=cpu", f"ckpt={tiny_checkpoint}")
        return program("predict", *fixed, *arguments)

    return run


@pytest.fixture
def operator(areas, tmp_path) -> Callable[..., list[dict]]:
    """Answers rows of the operator by experts that can be worked out by hand."""

    def run(rows: list[dict], *arguments: str, failed: int = 0) -> list[dict]:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        fixed = ("pairs=rows.jsonl", "writer=datajuicer", "out=run", *BY_HAND)
        assert areas(*fixed, *arguments) == failed
        lines = (tmp_path / "run" / "datajuicer.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    return run


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A grey place; the same with a red and with a blue block; one of another size."""
    grey = np.full((60, 100, 3), 100, np.uint8)
    write_image(tmp_path / "grey.png", grey)
    write_image(tmp_path / "small.png", grey[:30, :40])
    for name, colour in {"red": (60, 0, 0), "blue": (0, 0, 60)}.items():
        grey[10:40, 30:50] = colour
        write_image(tmp_path / f"{name}.png", grey)
    grey[:] = 100
    grey[10:50, 60] = 250
    write_image(tmp_path / "narrow.png", grey)
    write_image(tmp_path / "low.png", grey.transpose(1, 0, 2))
    write_image(tmp_path / "turned.png", np.full_like(grey, 100).transpose(1, 0, 2))
    return tmp_path


def row(first: str, second: str, captions=("A red car.", "A blue car."), **more) -> dict:
    paths = {"image_path1": f"{first}.png", "image_path2": f"{second}.png"}
    return {**paths, "caption1": captions[0], "caption2": captions[1], **more}


def meta(answer: dict) -> tuple[list, str | None]:
    return answer["__dj__meta__"]["__dj__bbox__"], answer["__dj__meta__"]["spotdiff_reason"]


@pytest.mark.usefixtures("pictures")
def test_operator_rows_come_back_in_order_with_their_boxes(operator):
    earlier = {"__dj__meta__": {"score": 0.5, "__dj__bbox__": [[1, 1, 1, 1]]}}
    rows = [
        row("grey", "red", text="ü", **earlier),
        row("grey", "gone"),
        row("small", "red", n=[1, None]),
        row("grey", "grey", ("A car.", "A car."), id=4),
    ]
    found = operator(rows, failed=1)
    for given, answer in zip(rows, found, strict=True):
        rest = {key: cell for key, cell in answer.items() if key != "__dj__meta__"}
        assert rest == {key: cell for key, cell in given.items() if key != "__dj__meta__"}
    assert found[0]["__dj__meta__"]["score"] == 0.5
    # (30, 10) to (50, 40)
    assert meta(found[0]) == ([[40, 25, 20, 30]], None)
    boxes, reason = meta(found[1])
    assert boxes == ZERO
    assert "no such file" in reason
    assert "gone.png" in reason
    # image 1 of 40 × 30 lies in image 2 twice as large, 10 columns from its left:
    # less 10 columns and halved, (30, 10) to (50, 40) is (10, 5) to (20, 20)
    assert meta(found[2]) == ([[15, 12.5, 10, 15]], None)
    assert meta(found[3]) == (ZERO, "identical")


@pytest.mark.usefixtures("pictures")
def test_regions_one_pixel_wide_are_found(operator):
    narrow, low = operator([row("grey", "narrow"), row("turned", "low")])
    assert meta(narrow) == ([[60.5, 30, 1, 40]], None)
    assert meta(low) == ([[30, 60.5, 40, 1]], None)


@pytest.mark.parametrize(("first", "second"), [((5, 1), (5, 1)), ((1, 70), (1, 70))])
def test_pictures_one_pixel_wide_are_answered(operator, tmp_path, first, second):
    for name, size, value in (("a", first, 100), ("b", second, 140)):
        write_image(tmp_path / f"{name}.png", np.full((*size, 3), value, np.uint8))
    (found,) = operator([row("a", "b")], "areas.min_similarity=-1", "areas.max_region_similarity=1")
    height, width = first
    assert meta(found) == ([[width / 2, height / 2, width, height]], None)


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("rules", ["paper", "recipe", "operator"])
def test_identical_paths_are_no_error_under_any_rules(operator, rules):
    (found,) = operator([row("red", "red")], f"areas={rules}", "areas.max_similarity=1")
    boxes, reason = meta(found)
    assert boxes == ZERO
    assert reason in ("identical", "no_regions")


def test_captions_decide_what_is_looked_for(operator, pictures):
    long = "It is a long street in a large town. " * 38  # 300 words and more
    red, blue = "A red box.", "A blue box."
    rows = [
        row("grey", "red", (blue, red)),
        row("grey", "red", (red, blue)),
        row("grey", "red", (red, "The red boxes.")),
        row("grey", "red", ("Very slowly.", "Away!")),
        row("grey", "red", (long + blue, long + red)),
        row("grey", "red", ("", "")),
    ]
    found = operator(rows, *BY_COLOUR)
    here = [[40, 25, 20, 30]]
    assert [meta(answer) for answer in found] == [
        (here, None),
        (ZERO, "no_match"),
        (ZERO, "no_nouns"),
        (ZERO, "no_nouns"),
        (here, None),
        (here, None),  # without captions nothing is looked for
    ]
    records = map(json.loads, (pictures / "run" / "predictions.jsonl").read_text().splitlines())
    labels = {record["pair_id"]: [c["label"] for c in record["changes"]] for record in records}
    assert labels["rows-000001"] == ["red box"]
    assert labels["rows-000006"] == [None]


@pytest.mark.usefixtures("pictures")
def test_a_run_of_operator_rows_goes_on_and_writes_all_of_them(operator, capsys):
    rows = [row("grey", "red"), row("grey", "blue")]
    first = operator(rows[:1])
    assert "answered before" not in capsys.readouterr().err
    both = operator(rows)
    assert "1 pairs of run/predictions.jsonl were answered before." in capsys.readouterr().err
    assert both[0] == first[0]
    assert meta(both[1]) == ([[40, 25, 20, 30]], None)


def test_rows_behind_an_address_are_written_again_too(areas, pictures):
    from upath import UPath

    folder = UPath("memory://operator-rows")
    folder.mkdir(parents=True)
    for name in ("grey.png", "red.png"):
        (folder / name).write_bytes((pictures / name).read_bytes())
    (folder / "rows.jsonl").write_text(json.dumps(row("grey", "red")))
    address = "pairs=memory://operator-rows/rows.jsonl"
    assert areas(address, "writer=datajuicer", "out=run", "engine=local", *BY_HAND) == 0
    (line,) = (pictures / "run" / "datajuicer.jsonl").read_text().splitlines()
    assert meta(json.loads(line)) == ([[40, 25, 20, 30]], None)


def test_a_manifest_is_no_file_of_operator_rows(areas, pictures, capsys):
    (pictures / "m.jsonl").write_text('{"before": "grey.png", "after": "red.png"}\n')
    assert areas("pairs=m.jsonl", "writer=datajuicer", "out=run") == 64
    assert "the operator's rows for writer=datajuicer, got pairs=m.jsonl" in capsys.readouterr().err
    assert not (pictures / "run").exists()
