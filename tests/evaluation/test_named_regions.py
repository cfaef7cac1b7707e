"""The figures of named regions, on hand-made cases."""

import numpy as np
import pytest

from spotdiff.evaluation.named_regions import changes_of, quality
from spotdiff.ops.heatmap import Regions
from spotdiff.types import ChangeKind, TrueChange

WORDS = ("open", "spur")
BOXES = np.array([[10, 10, 20, 20], [40, 40, 50, 50]], np.float32)


def found(scores=(0.9, 0.8)):
    return Regions(BOXES, np.full(2, 50), np.array(scores, np.float32), np.array([0, 1]))


def names(*rows):
    return np.array(rows, np.float32)


def truth(*labels):
    return tuple(
        TrueChange(None, label, tuple(box), tuple(box))
        for label, box in zip(labels, BOXES.tolist(), strict=True)
    )


def test_a_region_becomes_a_change_of_its_kind_with_its_likeliest_label():
    one, other = changes_of(found(), names([0.2, 0.7], [0.9, 0.1]), WORDS)
    assert (one.label, one.kind, one.box_before) == ("spur", ChangeKind.ADDED, None)
    assert one.score == pytest.approx(0.81)
    assert (other.label, other.kind, other.box_after) == ("open", ChangeKind.REMOVED, None)
    assert changes_of(found()[np.array([], int)], names([0, 0])[:0], WORDS) == ()


def test_all_right_is_one_everywhere():
    said = changes_of(found(), names([0.0, 1.0], [1.0, 0.0]), WORDS)
    values = quality([said], [truth("spur", "open")], margin=0, min_score=0.5)
    assert all(value == pytest.approx(1) for value in values.values())


def test_a_wrong_class_costs_every_figure_but_that_of_boxes():
    said = changes_of(found(), names([0.0, 1.0], [0.0, 1.0]), WORDS)
    values = quality([said], [truth("spur", "open")], margin=0, min_score=0.5)
    assert values["ap50"] == pytest.approx(1)
    assert values["map50"] == pytest.approx(0.5)
    assert values["image_f1"] == pytest.approx(0.5)
    assert values["deeppcb_map"] == pytest.approx(0.5)
    assert values["deeppcb_f"] == pytest.approx(0.5)


def test_what_is_not_reported_counts_for_rankings_only():
    said = changes_of(found((0.9, 0.3)), names([0.0, 1.0], [1.0, 0.0]), WORDS)
    values = quality([said], [truth("spur", "open")], margin=0, min_score=0.5)
    assert values["map50"] == pytest.approx(1)
    assert values["image_f1"] == pytest.approx(0.5)
    assert values["deeppcb_f"] == pytest.approx(2 / 3)


def test_the_margin_is_that_of_the_annotators():
    said = changes_of(found(), names([0.0, 1.0], [1.0, 0.0]), WORDS)
    wide = tuple(
        TrueChange(None, c.label, *[tuple(np.add(c.box_after, (-6, -6, 6, 6)))] * 2)
        for c in truth("spur", "open")
    )
    assert quality([said], [wide], margin=0, min_score=0.5)["map50"] == 0
    assert quality([said], [wide], margin=6, min_score=0.5)["map50"] == pytest.approx(1)
