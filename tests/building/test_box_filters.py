"""Boxes of a sensible size, and those that differ most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotdiff.building.box_filters import Area, MostDifferent
from spotdiff.types import Change, ChangeKind, Sample
from tests.building.filter_parts import grey, verdicts


def _change(label, score, before=None, after=None):
    return Change(ChangeKind.CHANGED, score, label, before, after)


@pytest.fixture
def row(tmp_path):
    """Boxes of 1, 12 and 48 of 48 pixels."""
    changes = (
        _change("small", 0.5, (0, 0, 1, 1), None),
        _change("middle", 0.9, (0, 0, 1, 1), (0, 0, 4, 3)),
        _change("all", 0.5, None, (0, 0, 8, 6)),
    )
    return Sample("r", grey(tmp_path, 10), grey(tmp_path, 20), changes=changes)


def _labels(sample):
    return [change.label for change in sample.changes]


def test_a_change_counts_by_its_larger_share(row):
    (found,) = Area(0.02, 0.5)([row])
    assert _labels(found) == ["small", "middle"]
    assert found.made["area"] == {"dropped": 1}
    (found,) = Area(0.25, 0.25)([row])
    assert _labels(found) == ["middle"]
    (found,) = Area(None, None)([row])
    assert found == row


def test_a_row_without_a_box_of_the_right_size_is_rejected_by_the_nearest(row):
    (found,) = Area(0.3, 0.9)([row])
    assert (found.verdict.kind, found.verdict.score) == ("rejected", 0.25)
    assert found.verdict.threshold == 0.3
    assert found.changes == row.changes


def test_no_change_and_no_picture(row, tmp_path):
    none = replace(row, id="none", changes=())
    lost = replace(row, id="lost", after=str(tmp_path / "lost.png"))
    assert verdicts(Area()([none, lost, row])) == ["rejected", "error", None]
    (kept,) = Area(missing="keep")([none])
    assert kept.made["area"] == {"no_score": "there is no change"}


def test_the_most_different_stay_and_ties_keep_their_order(row):
    none = replace(row, id="none", changes=())
    found = MostDifferent(2)([row, none])
    assert _labels(found[0]) == ["middle", "small"]
    assert verdicts(found) == [None, "rejected"]
    assert _labels(MostDifferent(9)([row])[0]) == ["middle", "small", "all"]
    with pytest.raises(ValueError, match="most to be at least 1, got 0"):
        MostDifferent(0)
