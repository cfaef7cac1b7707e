"""The recipes of Img-Diff as published through the program: real classes, few random weights."""

from __future__ import annotations

import copy
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from spotdiff.building.sample_rows import read_samples
from spotdiff.data.images import read_image
from tests.experts.tiny_fastsam import write_tiny_fastsam
from tests.fakes import noise, write_image
from tests.tiny_chat import tiny_llama, tiny_llava
from tests.tiny_diffusion import tiny_sdxl, tiny_sdxl_inpaint

if find_spec("ultralytics") is None:  # to import it here would change the process for all tests
    pytest.skip("the extra fastsam is not installed", allow_module_level=True)

CAPTIONS = [("a cat on the mat", "a red dog on the mat"), ("a hat on grass", "a cat on grass")]
# Random weights call everything alike and fit nothing: the limits let rows through.
WIDE = (
    "steps.pair_similarity.min=-1",
    "steps.pair_similarity.max=1.01",
    "steps.areas.pipeline.comparer.rules.min_similarity=-1",
    "steps.areas.pipeline.comparer.rules.max_similarity=1.01",
    "steps.areas.pipeline.comparer.rules.max_region_similarity=1.01",
    "steps.areas.pipeline.comparer.rules.min_match=-1",
    "steps.captions.captioner.checks.rules.min_match=-1.01",
    "steps.captions.captioner.checks.rules.max_similarity=1.01",
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Folders of models that read, see, draw and paint, and a file of FastSAM."""
    folder = tmp_path_factory.mktemp("recipes")
    for name, parts in (("llama", tiny_llama()), ("llava", tiny_llava())):
        model = copy.deepcopy(parts.model)
        # bytes are tokens here, and questions are long
        model.config.get_text_config().max_position_embeddings = 4096
        model.save_pretrained(folder / name)
        parts.processor.save_pretrained(folder / name)
    tiny_sdxl().save_pretrained(folder / "sdxl")
    tiny_sdxl_inpaint().save_pretrained(folder / "inpaint")
    write_tiny_fastsam(folder)
    return folder


@pytest.fixture
def models(weights, clip_folder, matcher_folder) -> tuple[str, ...]:
    """The names of all models of the recipe `img_diff_published` but that of its editor."""
    comparer, captioner = "steps.areas.pipeline.comparer", "steps.captions.captioner"
    drawing = "steps.image_pairs.synthesizer"
    return (
        *(f"{drawing}.{key}" for key in (f"name_or_dir={weights}/sdxl", "steps=2", "side=64")),
        f"{drawing}.dtype=fp32",
        f"steps.pair_similarity.similarity.embedder.name_or_dir={clip_folder}",
        f"{comparer}.proposer.proposer.path_or_name={weights}/FastSAM-tiny.pt",
        f"{comparer}.proposer.proposer.image_size=96",
        f"{comparer}.similarity.embedder.name_or_dir={clip_folder}",
        f"{comparer}.matcher.name_or_dir={matcher_folder}",
        f"{captioner}.model.name_or_dir={weights}/llava",
        f"{captioner}.model.generation.max_new_tokens=6",
        f"{captioner}.checks.matcher.name_or_dir={matcher_folder}",
        f"{captioner}.checks.embedder.name_or_dir={clip_folder}",
    )


@pytest.fixture
def table(tmp_path) -> str:
    rows = [{"id": f"r{i}", "caption1": a, "caption2": b} for i, (a, b) in enumerate(CAPTIONS)]
    (tmp_path / "captions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return "captions.jsonl"


def test_pairs_are_drawn_compared_and_described_by_models(program, models, table, tmp_path):
    command = ("recipe=img_diff_published", "~steps.edit", f"in={table}", "out=o", *models)
    assert program("build", *command, *WIDE) == 0
    rows = list(read_samples(tmp_path / "o" / "kept.jsonl"))
    assert [row.id for row in rows] == ["r0", "r1"]
    for row, captions in zip(rows, CAPTIONS, strict=True):
        assert (row.caption_before, row.caption_after) == captions
        views = [read_image(tmp_path / path) for path in (row.before, row.after)]
        assert views[0].shape == views[1].shape == (64, 64, 3)
        assert (views[0] != views[1]).any()
        assert -1 <= row.scores["pair_similarity"] <= 1
        assert {*row.made} == {"image_pairs", "areas", "captions"}
        assert 1 <= len(row.changes) <= 5
        told = [change for change in row.changes if change.caption]
        assert told
        assert all(len(change.region_captions) == 2 for change in told)
    settings = json.loads((tmp_path / "o" / "settings.json").read_text())
    areas = settings["areas (step 3)"]["said"]
    assert {*areas["experts"]} == {"proposer", "similarity", "matcher", "tagger"}
    asked = json.loads((tmp_path / "o" / "exports" / "conversations.json").read_text())
    assert [one["conversations"][1]["value"] for one in asked] == [
        change.caption for row in rows for change in row.changes if change.caption
    ]


def test_what_filters_take_out_says_which_and_by_how_much(program, models, table, tmp_path):
    command = ("recipe=img_diff_published", "~steps.edit", f"in={table}", "out=o", *models)
    strict = (*WIDE[:5], *WIDE[6:], "steps.areas.pipeline.comparer.rules.min_match=2")
    assert program("build", *command, *strict, "steps.pair_similarity.max=0.9") == 0
    verdicts = [row.verdict for row in read_samples(tmp_path / "o" / "rows.jsonl")]
    assert {one.step for one in verdicts} == {"pair_similarity", "areas"}
    for one in verdicts:
        assert one.kind == "rejected"
        if one.step == "areas":
            assert one.reason == "no region shows what the captions differ in"
        else:
            assert one.score > 0.9 == one.threshold


def test_chatter_of_a_model_is_no_edit_and_costs_no_row(program, weights, table, tmp_path):
    model = f"steps.edit.editor.model.name_or_dir={weights}/llama"
    command = ("recipe=edit", "editor@steps.edit.editor=chat", f"in={table}", "out=o", model)
    short = ("steps.edit.editor.model.generation.max_new_tokens=12", "steps.edit.attempts=2")
    assert program("build", *command, *short) == 0
    rows = list(read_samples(tmp_path / "o" / "rows.jsonl"))
    assert [row.id for row in rows] == ["r0", "r1"]
    for row, (caption, _) in zip(rows, CAPTIONS, strict=True):
        assert (row.verdict.kind, row.verdict.step) == ("rejected", "edit")
        assert row.caption_before == caption
        assert row.caption_after not in (None, caption)
        assert row.verdict.reason


def test_things_are_found_painted_over_and_asked_for_by_models(
    program, weights, matcher_folder, captioner_folder, tmp_path
):
    (tmp_path / "photos").mkdir()
    for number in range(3):
        write_image(tmp_path / "photos" / f"{number}.png", noise(number, 96, 128))
    step = "steps.removal"
    command = (
        *("recipe=removal_published", "in=photos", "out=o"),
        f"{step}.things.path_or_name={weights}/FastSAM-tiny.pt",
        f"{step}.things.image_size=96",
        f"{step}.inpainter.name_or_dir={weights}/inpaint",
        *(f"{step}.inpainter.{pair}" for pair in ("dtype=fp32", "side=32", "steps=2")),
        f"{step}.image_captioner.name_or_dir={captioner_folder}",
        f"+{step}.image_captioner.max_new_tokens=6",
        f"{step}.matcher.name_or_dir={matcher_folder}",
        *(f"{step}.rules.{pair}" for pair in ("min_match=-1.01", "max_match=1.01")),
        f"{step}.rules.max_area=0.9",
    )
    assert program("build", *command) == 0
    rows = list(read_samples(tmp_path / "o" / "rows.jsonl"))
    assert [row.id for row in rows] == ["0.png", "1.png", "2.png"]
    kept = {row.id: row for row in rows if row.verdict is None}
    assert kept
    asked = json.loads((tmp_path / "o" / "exports" / "conversations.json").read_text())
    for one in asked:
        row = kept[one["path"].removeprefix("images/").removesuffix("-0")]
        question, answer = (turn["value"] for turn in one["conversations"])
        assert row.changes[0].region_captions[0].strip().rstrip(".") in question
        before, after = (
            read_image(tmp_path / path).astype(int) for path in (row.before, row.after)
        )
        place = "AB".index(answer)
        shown = [
            read_image(tmp_path / "o" / "exports" / f"{one['path']}_{number}.jpg").astype(int)
            for number in (place, 1 - place)
        ]
        inside = np.abs(before - after).max(axis=-1) > 24
        assert np.abs(shown[0] - before)[inside].mean() < np.abs(shown[0] - after)[inside].mean()
        assert np.abs(shown[1] - after)[inside].mean() < np.abs(shown[1] - before)[inside].mean()
