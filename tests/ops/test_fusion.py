"""Weighted boxes fusion: numbers by hand, the laws of committees, and the authors' own answers."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from ensemble_boxes import weighted_boxes_fusion
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.boxes import mirror
from spotdiff.ops.fusion import Rescale, fuse
from spotdiff.types import Detections

WIDTH = 256


def detections(*rows):
    """Rows of (label, score, x0, y0, x1, y1)."""
    numbers = np.array([row[1:] for row in rows], np.float32).reshape(-1, 5)
    return Detections(numbers[:, 1:], numbers[:, 0], tuple(row[0] for row in rows))


def seen(rng, count, labels=3, things=6):
    """Shaky looks at a few things, some of them more than once."""
    corners, sides = rng.uniform(0, 160, (things, 2)), rng.uniform(15, 80, (things, 2))
    names = rng.integers(0, labels, things)
    which = rng.integers(0, things, count)
    boxes = np.concatenate([corners[which], (corners + sides)[which]], axis=1)
    boxes = (boxes + rng.normal(0, 3, boxes.shape)).clip(0, WIDTH).astype(np.float32)
    scores = rng.uniform(0.01, 1, count).astype(np.float32)
    return Detections(boxes, scores, tuple(f"thing {i}" for i in names[which]))


@st.composite
def committees(draw, most=4):
    """Voters on one scene, by a seed."""
    seed, count = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, most))
    sizes = [draw(st.integers(0, 12)) for _ in range(count)]
    return [seen(np.random.default_rng([seed, i]), size) for i, size in enumerate(sizes)]


def apart(voter):
    """The boxes of a voter moved so far from each other that none overlap."""
    shift = (np.arange(len(voter)) * 2 * WIDTH).astype(np.float32)
    boxes = voter.boxes + shift[:, None] * np.array([1, 0, 1, 0], np.float32)
    return Detections(boxes, voter.scores, voter.labels)


def best_first(voter):
    return voter[np.argsort(-voter.scores, kind="stable")]


def assert_same(one, other):
    assert one.labels == other.labels
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)


NEAR = detections(("cup", 0.75, 0, 0, 10, 10))
FAR = detections(("cup", 0.25, 0, 0, 10, 14))


@pytest.mark.parametrize(
    ("rescale", "overflow", "score"),
    [
        ("max", False, 1.5 / 2),  # 2 · 0.75 is the most, and 2 the largest weight
        ("avg", False, (1.5 + 0.25 + 0.25) / 3 * 3 / 4),
        ("avg", True, (1.5 + 0.25 + 0.25) / 4),
        ("box_and_model_avg", False, 2 / 4 * 3 / 4),  # all boxes; the two voters that have them
        ("absent_model_aware_avg", False, 2 / (4 + 1)),
    ],
)
def test_every_way_to_make_a_score_gives_the_number_worked_out_by_hand(rescale, overflow, score):
    twice = detections(("cup", 0.25, 0, 0, 10, 14), ("cup", 0.25, 0, 0, 10, 14))
    fused = fuse(
        [NEAR, twice, Detections.none()], weights=[2, 1, 1], rescale=rescale, overflow=overflow
    )
    assert fused.labels == ("cup",)
    np.testing.assert_allclose(fused.boxes, [[0, 0, 10, 11]])  # (1.5 · 10 + 0.5 · 14) / 2
    np.testing.assert_allclose(fused.scores, [score])


def test_boxes_of_other_labels_are_never_one_and_the_best_comes_first():
    plate = detections(("plate", 0.9, 0, 0, 10, 10))
    fused = fuse([NEAR, plate])
    assert fused.labels == ("plate", "cup")
    assert fused.scores.tolist() == [np.float32(0.9), 0.75]


def test_dim_and_empty_boxes_are_left_out():
    dim = detections(
        ("cup", 0.25, 0, 0, 10, 14), ("cup", 0.9, 5, 5, 5, 9), ("cup", 0.9, 9, 9, 2, 2)
    )
    assert_same(fuse([NEAR, dim], min_score=0.3), NEAR)
    exactly = detections(("cup", 0.7, 0, 0, 10, 10))
    assert len(fuse([exactly], min_score=0.7)) == 1


def test_nothing_fuses_to_nothing():
    for voters in ([], [Detections.none()], [NEAR[np.array([], int)], Detections.none()]):
        assert len(fuse(voters)) == 0
        assert fuse(voters).boxes.shape == (0, 4)


def test_boxes_without_a_score_are_averaged_evenly():
    blank = detections(("cup", 0, 0, 0, 10, 10), ("cup", 0, 0, 0, 10, 14))
    fused = fuse([blank])
    np.testing.assert_allclose(fused.boxes, [[0, 0, 10, 12]])
    assert fused.scores.tolist() == [0]


@given(committees(), st.booleans(), st.sampled_from([0.0, 0.3]), st.sampled_from([0.3, 0.55, 0.7]))
@settings(max_examples=40)
def test_answers_are_those_of_the_authors(voters, weighted, min_score, min_overlap):
    weights = [0.5, 2.0, 1.0, 3.0][: len(voters)] if weighted else None
    for rescale in get_args(Rescale):
        for overflow in (False, True):
            boxes, scores, labels = weighted_boxes_fusion(
                [voter.boxes.astype(float) / WIDTH for voter in voters],
                [voter.scores.astype(float) for voter in voters],
                [[int(label.split()[1]) for label in voter.labels] for voter in voters],
                weights=weights,
                iou_thr=min_overlap,
                skip_box_thr=min_score,
                conf_type=rescale,
                allows_overflow=overflow,
            )
            fused = fuse(
                voters,
                min_overlap=min_overlap,
                min_score=min_score,
                weights=weights,
                rescale=rescale,
                overflow=overflow,
            )
            words = tuple(f"thing {label:.0f}" for label in labels)
            assert_same(fused, Detections(boxes.reshape(-1, 4) * WIDTH, scores, words))


@given(committees(most=1), st.sampled_from(get_args(Rescale)))
def test_a_lone_voter_whose_boxes_lie_apart_is_repeated(voters, rescale):
    voter = apart(voters[0])
    fused = fuse([voter], rescale=rescale)
    assert fused.labels == best_first(voter).labels
    np.testing.assert_array_equal(fused.scores, best_first(voter).scores)
    np.testing.assert_array_equal(fused.boxes, best_first(voter).boxes)


@given(committees())
def test_a_silent_voter_changes_nothing_and_a_dimmer_one_lowers_no_score(voters):
    alone = fuse(voters)
    assert_same(fuse([*voters, Detections.none()]), alone)
    shade = 0.9 * min((voter.scores.min() for voter in voters if len(voter)), default=1)
    last = seen(np.random.default_rng(7), 12)
    dimmer = Detections(last.boxes, last.scores * np.float32(shade), last.labels)
    more = fuse([*voters, dimmer])
    assert len(more) >= len(alone)
    assert (more.scores[: len(alone)] >= alone.scores).all()


@given(committees(most=1), st.floats(0.1, 0.9))
def test_a_voter_that_agrees_but_is_less_sure_takes_nothing_away(voters, shade):
    voter = apart(voters[0])
    unsure = Detections(voter.boxes, voter.scores * np.float32(shade), voter.labels)
    assert_same(fuse([voter, unsure]), best_first(voter))


@given(committees(), st.sampled_from(get_args(Rescale)), st.integers(0, 99))
def test_the_order_of_voters_and_of_their_boxes_does_not_matter(voters, rescale, seed):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 2, len(voters))
    order = rng.permutation(len(voters))
    shuffled = [voters[i][rng.permutation(len(voters[i]))] for i in order]
    assert_same(
        fuse(voters, rescale=rescale, weights=weights.tolist()),
        fuse(shuffled, rescale=rescale, weights=weights[order].tolist()),
    )


def test_equal_scores_are_taken_in_an_order_of_their_own():
    rows = [("cup", 0.5, x, 0, x + 10, 10 + x) for x in (0, 2, 4, 6)]
    forth, back = fuse([detections(*rows)]), fuse([detections(*rows[::-1])])
    np.testing.assert_array_equal(forth.boxes, back.boxes)


@given(committees())
def test_mirrored_voters_give_the_mirrored_answer(voters):
    flipped = [Detections(mirror(v.boxes, WIDTH), v.scores, v.labels) for v in voters]
    fused = fuse(voters)
    expected = Detections(mirror(fused.boxes, WIDTH), fused.scores, fused.labels)
    assert_same(fuse(flipped), expected)


@pytest.mark.parametrize(
    ("voters", "options", "reason"),
    [
        ([NEAR, FAR], {"weights": [1.0]}, "a weight for each of 2 voters, got 1 weights"),
        ([NEAR], {"weights": [-1.0]}, "weights from 0 on"),
        ([NEAR], {"weights": [0.0]}, "one above it at least"),
        ([NEAR], {"rescale": "median"}, "rescale to be one of max, avg, .* got 'median'"),
        ([NEAR], {"min_overlap": 1.5}, "min_overlap to be a number from 0 to 1, got 1.5"),
        ([NEAR, Detections(FAR.boxes, FAR.scores)], {}, "each of 1 boxes of voter 1, got 0 labels"),
        ([Detections(NEAR.boxes * np.nan, NEAR.scores, ("cup",))], {}, "finite .* voter 0"),
    ],
)
def test_what_cannot_be_fused_is_told_in_a_sentence(voters, options, reason):
    with pytest.raises(ValueError, match=reason):
        fuse(voters, **options)
