"""Files of references and of predictions."""

import json
from dataclasses import replace

import pytest

from spotdiff.evaluation.caption_suite import CaptionSuite, read_references
from spotdiff.types import ModelInfo, PairResult, ViewInfo
from spotdiff.writers.jsonl import JsonlWriter

RESULT = PairResult(
    "1", ViewInfo("b.png"), ViewInfo("a.png"), captioner=ModelInfo("template", "0" * 64)
)


def references(tmp_path, *rows: dict):
    path = tmp_path / "references.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def predictions(path, **captions):
    with JsonlWriter(path) as writer:
        for pair_id, caption in captions.items():
            writer.write(replace(RESULT, pair_id=pair_id, caption=caption))
    return path


@pytest.fixture
def known(tmp_path):
    return references(
        tmp_path,
        {"pair_id": "a", "references": ["a red car was added", "there is a new car"]},
        {"pair_id": "b", "references": "nothing at all changed"},
        {"pair_id": "c", "references": ["a dog left the garden"]},
    )


def test_every_file_of_predictions_is_a_row(known, tmp_path):
    good = predictions(
        tmp_path / "good.jsonl", a="A red car was added.", c="A dog left the garden."
    )
    poor = predictions(tmp_path / "poor.jsonl", a="Nothing changed.", b=None, other="A cat.")
    report = CaptionSuite("captions", known, [good, poor]).measured()
    best, worst = report.values.values()
    assert list(report.values) == ["template", f"template ({poor})"]
    assert (best["pairs"], best["captioned"], worst["captioned"]) == (3, 2, 1)
    assert best["rouge_l"] == pytest.approx(2 / 3)  # of b nothing is said
    assert best["cider_d"] > worst["cider_d"] >= 0
    (table,) = report.tables
    assert table.rows[0][-1] == "2 of 3"
    assert "METEOR is not measured" in table.note
    assert report.pairs == 3


def test_references_of_one_pair_may_stand_in_several_rows(tmp_path):
    path = references(
        tmp_path,
        {"pair_id": 7, "references": "one"},
        {"pair_id": "7", "references": ["two", "three"]},
    )
    assert read_references(path) == {"7": ("one", "two", "three")}


@pytest.mark.parametrize(
    "row",
    [
        {"pair_id": "a"},
        {"references": ["x"]},
        {"pair_id": "a", "references": []},
        {"pair_id": "a", "references": ["x", " "]},
        {"pair_id": "a", "references": [3]},
        ["a", "x"],
    ],
)
def test_a_malformed_row_is_named(row, tmp_path):
    path = references(tmp_path, {"pair_id": "0", "references": "fine"}, row)
    with pytest.raises(ValueError, match=r"references\.jsonl row 2: expected"):
        read_references(path)


def test_files_that_have_nothing_in_common_are_refused(known, tmp_path):
    other = predictions(tmp_path / "other.jsonl", x="A cat came.")
    with pytest.raises(
        ValueError, match=r"Expected pairs of .*references\.jsonl in .*other\.jsonl"
    ):
        CaptionSuite("captions", known, other).measured()
    with pytest.raises(ValueError, match="Expected predictions="):
        CaptionSuite("captions", known, [])
    with pytest.raises(ValueError, match="Expected lines with pair_id"):
        read_references(references(tmp_path))
