"""What a cell may hold, and the sentence for what it may not."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.data import fields
from spotdiff.data.fields import FieldError
from spotdiff.types import ChangeKind, LabelSets, TrueChange

ADDED = {"kind": "added", "label": "car", "box_before": None, "box_after": [1, 2, 3, 4.5]}


def test_text_is_stripped_and_numbers_are_text():
    cells = [" a ", 7, None, math.nan, "  "]
    assert [fields.text(cell, "id") for cell in cells] == ["a", "7", "", "", ""]
    with pytest.raises(FieldError, match=r"id: expected text, got \[1\]"):
        fields.text([1], "id")


def test_a_list_of_words_is_taken_as_it_is_and_text_is_split():
    assert fields.words(["traffic light", "none", " car "], "labels") == ("traffic light", "car")
    assert fields.words("traffic light", "labels") == ("traffic", "light")
    with pytest.raises(FieldError, match="expected words or a list of words"):
        fields.words([1], "added_objs")


def test_three_columns_make_label_sets_and_blank_is_known_to_be_nothing():
    cells = {"added_objs": "car car", "removed_objs": "none", "changed_objs": None}
    assert fields.label_sets(cells) == LabelSets(("car", "car"), (), ())
    assert fields.label_sets({"pair_id": "1"}) is None


@pytest.mark.parametrize("cell", [{"added": ["car"]}, '{"added": "car", "removed": []}'])
def test_a_mapping_of_labels_makes_label_sets(cell):
    assert fields.label_sets({"labels": cell}) == LabelSets(("car",))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"added_objs": ""}, r"\['removed_objs', 'changed_objs'\] is missing"),
        ({"added_objs": "", "labels": {}}, "given a second time"),
        ({"labels": {"add": []}}, "expected {kind: "),
        ({"labels": "car"}, "broken JSON"),
    ],
)
def test_half_given_labels_are_refused(cells, reason):
    with pytest.raises(FieldError, match=reason):
        fields.label_sets(cells)


@pytest.mark.parametrize("cell", [[ADDED], json.dumps([ADDED])])
def test_changes_come_as_values_or_as_json(cell):
    expected = TrueChange(ChangeKind.ADDED, "car", None, (1.0, 2.0, 3.0, 4.5))
    assert fields.true_changes(cell) == (expected,)


def test_no_changes_given_is_unknown_and_an_empty_list_is_nothing():
    assert fields.true_changes(None) is None
    assert fields.true_changes("") is None
    assert fields.true_changes("[]") == ()


def test_a_change_of_unknown_kind_has_no_kind():
    (change,) = fields.true_changes([{"box_before": [0, 0, 1, 1], "kind": "unknown"}])
    assert change == TrueChange(None, None, (0.0, 0.0, 1.0, 1.0), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "aded"}, r"changes\[0\]\.kind: .* got 'aded'\. Did you mean 'added'\?"),
        ({"box": [0, 0, 1, 1]}, "expected the keys"),
        ({"kind": "added"}, "a box in at least one view"),
        ({"kind": "added", "box_before": [0, 0, 1, 1]}, "no box in the before view"),
        ({"kind": "removed", "box_after": [0, 0, 1, 1]}, "no box in the after view"),
        ({"box_after": [0, 0, 1]}, "expected four numbers"),
        ({"box_after": [0, 0, 1, True]}, "expected four numbers"),
        ({"box_after": [0, 0, 1, math.inf]}, "expected four numbers"),
        ({"box_after": [5, 0, 5, 9]}, "expected x0 < x1"),
        ("added", "expected the keys"),
        ({"box_after": "[" * 100_000}, "broken JSON"),
    ],
)
def test_a_malformed_change_says_what_is_wrong_with_it(change, reason):
    with pytest.raises(FieldError, match=reason):
        fields.true_changes([change])


@given(st.recursive(st.none() | st.text() | st.floats(), lambda x: st.lists(x, max_size=3)))
def test_any_cell_gives_changes_or_a_field_error_and_nothing_else(cell):
    with suppress(FieldError):
        assert fields.true_changes(cell) in (None, ())


def test_mask_codes_are_unknown_bits_or_a_mapping_of_values():
    assert fields.mask_codes(None) is None
    assert fields.mask_codes("unknown") is None
    assert dict(fields.mask_codes("bits"))[1 | 128] == 129
    codes = fields.mask_codes('{"255": "changed", "170": "ignore", "3": "unknown"}')
    assert codes == ((255, 4), (170, 128), (3, 8))


@pytest.mark.parametrize("cell", ["[]", {"256": "added"}, {"1": "new"}, {"x": "added"}, {"1": []}])
def test_malformed_mask_codes_are_refused(cell):
    with pytest.raises(FieldError, match="mask_kinds: expected"):
        fields.mask_codes(cell)
