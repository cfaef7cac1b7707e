"""The things of a pair: kinds, scores and words by the rules."""

import numpy as np
import pytest

from spotdiff.ops.objects import ADDED, CHANGED, REMOVED, UNCHANGED, Sightings
from spotdiff.ops.things import grouped, things_of, words_of
from spotdiff.types import Detections, ObjectEvidence, ObjectRules, SeenObjects

HERE, THERE = (10, 10, 30, 30), (60, 10, 80, 30)
VEHICLES = {"car": "vehicle", "truck": "vehicle"}


def group(label: str) -> str:
    return VEHICLES.get(label, label)


def view(*objects) -> SeenObjects:
    """Objects as (label, box, score)."""
    boxes = np.array([o[1] for o in objects], np.float32).reshape(-1, 4)
    scores = np.array([o[2] for o in objects], np.float32)
    none = np.zeros((len(objects), 0), np.float32)
    labels = tuple(o[0] for o in objects)
    return SeenObjects(Detections(boxes, scores, labels), none, none)


def told(before: SeenObjects, after: SeenObjects, **rules) -> list[tuple]:
    found = things_of(ObjectEvidence(before, after), ObjectRules(**rules), (0.5, 1.0), group)
    assert len(found) == len(found.seen) == len(found.scores) == len(found.words)
    scores = [round(float(score), 3) for score in found.scores]
    return sorted(zip(found.kinds.tolist(), scores, found.words, strict=True))


def test_every_thing_has_its_kind_its_score_and_its_word():
    before = view(("car", HERE, 0.9), ("cone", THERE, 0.6))
    after = view(("cone", THERE, 0.8), ("dog", (0, 40, 9, 49), 0.3))
    assert told(before, after) == [
        (UNCHANGED, 0, "cone"),
        (ADDED, 0.3, "dog"),
        (REMOVED, 0.9, "car"),
    ]


def test_no_threshold_of_scores_has_been_applied():
    assert told(view(("car", HERE, 0.2)), view(), min_score=0.9) == [(REMOVED, 0.2, "car")]


def test_what_no_view_is_even_a_partner_of_is_no_thing():
    assert told(view(("car", HERE, 0.05)), view(), min_partner=0.1) == []


@pytest.mark.parametrize(("scores", "word"), [((0.9, 0.7), "car"), ((0.7, 0.9), "truck")])
def test_a_thing_goes_by_the_word_of_the_surer_view(scores, word):
    before, after = view(("car", HERE, scores[0])), view(("truck", HERE, scores[1]))
    assert told(before, after) == [(UNCHANGED, 0, word)]


@pytest.mark.parametrize("labels", [("car", "truck"), ("truck", "car")])
def test_of_equally_sure_views_neither_is_favoured(labels):
    views = [view((label, HERE, 0.8)) for label in labels]
    assert told(*views) == [(UNCHANGED, 0, "car")]


def test_a_word_of_another_group_is_another_thing():
    assert told(view(("car", HERE, 0.8)), view(("dog", HERE, 0.8))) == [
        (ADDED, 0.8, "dog"),
        (REMOVED, 0.8, "car"),
    ]


def test_a_thing_that_moved_scores_the_mean_of_its_views():
    a_bit_off = (22, 10, 42, 30)  # 12 of 20 pixels; IoU 160 / 640
    rules = {"min_same": 0.2, "max_shift": 0.5}
    assert told(view(("car", HERE, 0.6)), view(("car", a_bit_off, 0.8)), **rules) == [
        (CHANGED, 0.7, "car")
    ]


def test_groups_are_those_of_labels():
    evidence = ObjectEvidence(view(("car", HERE, 1)), view(("truck", HERE, 1), ("dog", THERE, 1)))
    assert grouped(evidence, group) == (["vehicle"], ["vehicle", "dog"])


def test_words_follow_the_rows_of_sightings():
    evidence = ObjectEvidence(
        view(("car", HERE, 0.9), ("cone", THERE, 0.5)), view(("truck", HERE, 0.8))
    )
    none = np.zeros(3, np.float32)
    seen = Sightings(np.array([1, 0, -1]), np.array([-1, 0, 0]), none, none)
    assert words_of(evidence, seen) == ("cone", "car", "truck")
