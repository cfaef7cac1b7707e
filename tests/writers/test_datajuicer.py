"""Operator rows go out as they came in, with boxes beside them."""

import json
from dataclasses import replace

import pytest

from spotdiff.types import Alignment, AreaReport, Change, ChangeKind, NoAreas, ViewInfo
from spotdiff.writers.datajuicer import write_datajuicer
from spotdiff.writers.jsonl import JsonlWriter

ADDED, REMOVED, CHANGED = ChangeKind
ZERO = [[0.0, 0.0, 0.0, 0.0]]
# after = 2 · before + (10, 0): before is 40 × 30, after 100 × 60, ten columns free on both sides
FITTED = Alignment("fit", ((2.0, 0.0, 10.0), (0.0, 2.0, 0.0), (0.0, 0.0, 1.0)))


@pytest.fixture
def written(tmp_path):
    """Writes rows with their results and reads them again."""

    def write(*rows):
        with JsonlWriter(tmp_path / "p.jsonl") as records:
            for result, _ in rows:
                records.write(result)
        named = [(result.pair_id, cells) for result, cells in rows]
        write_datajuicer(named, tmp_path / "p.jsonl", tmp_path / "out" / "rows.jsonl")
        text = (tmp_path / "out" / "rows.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    return write


def fitted(answer, *changes):
    views = {"before": ViewInfo("b.png", 40, 30), "after": ViewInfo("a.png", 100, 60)}
    return replace(answer("x", changes), alignment=FITTED, **views)


def boxes(row):
    return row["__dj__meta__"]["__dj__bbox__"]


def test_boxes_are_centre_and_size_in_the_order_they_were_found(written, answer):
    changes = (
        Change(REMOVED, 0.3, box_before=(10, 20, 14, 30)),
        Change(ADDED, 0.9, box_after=(0, 0, 5, 1)),
    )
    (row,) = written((answer("x", changes), {}))
    assert boxes(row) == [[12, 25, 4, 10], [2.5, 0.5, 5, 1]]


def test_a_box_of_the_second_image_is_carried_to_pixels_of_the_first(written, answer):
    # (30, 10, 50, 40) in after: less 10 columns, halved: (10, 5, 20, 20) in before
    (row,) = written((fitted(answer, Change(ADDED, 0.5, box_after=(30, 10, 50, 40))), {}))
    assert boxes(row) == [[15, 12.5, 10, 15]]


def test_a_box_that_both_images_have_is_the_one_of_the_first(written, answer):
    change = Change(CHANGED, 0.5, box_before=(2, 4, 8, 6), box_after=(30, 10, 50, 40))
    (row,) = written((fitted(answer, change), {}))
    assert boxes(row) == [[5, 5, 6, 2]]


def test_a_box_is_cut_where_the_first_image_ends(written, answer):
    # from (0, 0) to (30, 20) in after: from (-5, 0) to (10, 10) in before
    (row,) = written((fitted(answer, Change(ADDED, 0.5, box_after=(0, 0, 30, 20))), {}))
    assert boxes(row) == [[5, 5, 10, 10]]


def test_where_nothing_was_found_stands_one_box_of_zeros_and_why(written, answer):
    result = answer("x", areas=AreaReport(NoAreas.NO_NOUNS))
    (row,) = written((result, {}))
    assert row["__dj__meta__"] == {"__dj__bbox__": ZERO, "spotdiff_reason": "no_nouns"}


def test_a_pair_that_failed_keeps_its_place_and_says_why(written, answer, failure):
    found = answer("2", (Change(ADDED, 0.5, box_after=(0, 0, 2, 2)),))
    rows = written((failure("1"), {"n": 1}), (found, {"n": 2}))
    assert [row["n"] for row in rows] == [1, 2]
    assert rows[0]["__dj__meta__"]["__dj__bbox__"] == ZERO
    assert rows[0]["__dj__meta__"]["spotdiff_reason"] == "photos/after.png is truncated"
    assert rows[1]["__dj__meta__"]["spotdiff_reason"] is None


def test_other_columns_and_other_entries_of_the_meta_field_stay(written, answer):
    cells = {"a": [1, {"b": None}], "__dj__meta__": {"score": 0.5, "__dj__bbox__": [[9, 9, 9, 9]]}}
    (row,) = written((answer("x"), cells))
    assert row["a"] == [1, {"b": None}]
    assert row["__dj__meta__"] == {"score": 0.5, "__dj__bbox__": ZERO, "spotdiff_reason": None}


@pytest.mark.parametrize("meta", [None, "text", [1]])
def test_a_meta_field_that_holds_no_entries_is_replaced(written, answer, meta):
    (row,) = written((answer("x"), {"__dj__meta__": meta}))
    assert boxes(row) == ZERO


@pytest.mark.parametrize("caption", ["ein Häuschen, 一辆车", "half an emoji \ud83d", "a\u2028b"])
def test_words_of_any_language_survive(written, answer, caption):
    (row,) = written((answer("x"), {"caption1": caption}))
    assert row["caption1"] == caption


def test_a_row_without_a_record_is_named_and_no_half_file_is_left(written, answer, tmp_path):
    written((answer("x"), {}))
    out = tmp_path / "other.jsonl"
    with pytest.raises(ValueError, match=r"p\.jsonl: expected a record of pair 'y'"):
        write_datajuicer([("x", {}), ("y", {})], tmp_path / "p.jsonl", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "p.jsonl"]
