"""What score and heat say together of a change."""

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.ops.object_scores import kind_heat, logit, sigmoid, thing_scores
from spotdiff.ops.objects import ADDED, CHANGED, REMOVED, UNCHANGED, Sightings
from spotdiff.types import HEAT_LEVELS, Detections, ObjectEvidence, ObjectRules, SeenObjects


def seen(score: float, share: float, heat: tuple[float, float, float]) -> SeenObjects:
    """One object whose box has a share of hot pixels at every level."""
    detections = Detections(np.float32([[0, 0, 4, 4]]), np.float32([score]), ("car",))
    shares = np.full((1, len(HEAT_LEVELS)), share, np.float32)
    return SeenObjects(detections, shares, np.float32([heat]))


EVIDENCE = ObjectEvidence(seen(0.4, 0.5, (0, 0.6, 0.1)), seen(0.6, 1.0, (0.2, 0, 0.3)))
ALONE = Sightings(np.array([0, -1]), np.array([-1, 0]), *np.zeros((2, 2), np.float32))
BOTH = Sightings(np.array([0]), np.array([0]), *np.zeros((2, 1), np.float32))


def test_a_hot_box_is_boosted():
    scores = thing_scores(EVIDENCE, ALONE, np.array([REMOVED, ADDED]), ObjectRules(boost=0.5))
    np.testing.assert_allclose(scores, [0.4 * 1.25, 0.6 * 1.5], rtol=1e-6)


def test_a_thing_of_both_views_has_the_mean_of_both():
    scores = thing_scores(EVIDENCE, BOTH, np.array([CHANGED]), ObjectRules(boost=0.5))
    np.testing.assert_allclose(scores, [(0.5 + 0.9) / 2], rtol=1e-6)


def test_what_is_unchanged_scores_nothing():
    assert thing_scores(EVIDENCE, BOTH, np.array([UNCHANGED]), ObjectRules()).tolist() == [0]


def test_heat_speaks_for_its_kind_alone():
    found = kind_heat(EVIDENCE, ALONE, np.array([REMOVED, ADDED]))
    np.testing.assert_allclose(found, [0.7, 0.5], rtol=1e-6)
    np.testing.assert_allclose(kind_heat(EVIDENCE, BOTH, np.array([CHANGED])), [0.6], rtol=1e-6)


def test_odds_add_up():
    rules = ObjectRules(heat="odds", odds=(2.0, 0.5, -1.0))
    scores = thing_scores(EVIDENCE, ALONE, np.array([REMOVED, ADDED]), rules)
    expected = sigmoid(2 * logit(np.array([0.4, 0.6])) + 0.5 * logit(np.array([0.7, 0.5])) - 1)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


@pytest.mark.parametrize("heat", ["boost", "odds"])
def test_without_a_map_the_score_stays(heat):
    none = np.zeros((1, 0), np.float32)
    bare = ObjectEvidence(
        replace(EVIDENCE.before, shares=none, heat=none),
        replace(EVIDENCE.after, shares=none, heat=none),
    )
    scores = thing_scores(bare, ALONE, np.array([REMOVED, ADDED]), ObjectRules(heat=heat))
    np.testing.assert_allclose(scores, [0.4, 0.6], rtol=1e-5)


def test_a_view_without_objects_is_no_obstacle():
    evidence = ObjectEvidence(SeenObjects.none(), EVIDENCE.after)
    alone = Sightings(np.array([-1]), np.array([0]), *np.zeros((2, 1), np.float32))
    for heat in ("boost", "odds"):
        assert thing_scores(evidence, alone, np.array([ADDED]), ObjectRules(heat=heat))[0] > 0


def test_a_heat_that_is_no_level_is_refused():
    with pytest.raises(ValueError, match=r"multiple of 0\.05 above 0, got 0\.33"):
        ObjectRules(min_heat=0.33)


@pytest.mark.parametrize(
    ("rule", "value"), [("min_score", 1.5), ("alpha", "much"), ("boost", -1), ("odds", (1, 2))]
)
def test_rules_out_of_their_range_are_refused(rule, value):
    with pytest.raises(ValueError, match=rule):
        ObjectRules(**{rule: value})
