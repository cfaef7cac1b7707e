"""Which transforms are believed, and what becomes of a pair."""

import logging

import numpy as np
import pytest

from spotdiff.ops.alignment import greatest_move
from spotdiff.ops.coverage import warped
from spotdiff.ops.frames import in_one_frame
from spotdiff.stages.alignment import ViewAligner, lay
from spotdiff.stages.registration import Ecc, Estimate, Homography, Shift
from spotdiff.types import Pair
from tests.fakes import noise
from tests.stages.test_registration import AFFINE, SHIFT, SIZE, TILT, place

ESTIMATORS = [Shift(), Ecc(), Homography()]
MOTIONS = [(Shift(), SHIFT), (Ecc(), AFFINE), (Homography(), TILT)]


class Always:
    """An estimator that answers what it was told to."""

    method = "ecc"

    def __init__(self, matrix):
        self.estimate = Estimate(np.asarray(matrix, float))

    def __call__(self, first, second):
        del first, second
        return self.estimate


def seen_from(matrix, seed=0, size=SIZE) -> Pair:
    """A place, and the same place after the camera has moved; nothing new at its border."""
    wide = place(seed)
    pad = 20
    before = wide[pad:-pad, pad:-pad].copy()
    inner = np.array([[1, 0, pad], [0, 1, pad], [0, 0, 1.0]])
    after = warped(wide, inner @ matrix @ np.linalg.inv(inner), size)[pad:-pad, pad:-pad].copy()
    return Pair("street", before, after)


@pytest.mark.parametrize(("estimator", "matrix"), MOTIONS)
def test_before_is_laid_onto_after(estimator, matrix):
    pair = seen_from(matrix)
    ((laid, found, registration),) = ViewAligner(estimator)([pair])
    assert registration.accepted
    assert registration.reason is None
    assert registration.method == estimator.method
    assert registration.residual < 0.3
    assert greatest_move(np.linalg.inv(matrix) @ found, pair.after.shape[:2]) < 0.5
    apart = np.abs(laid.before.astype(int) - laid.after)[laid.overlap]
    assert apart.mean() < 2 < np.abs(pair.before.astype(int) - pair.after).mean()
    assert laid.after is pair.after


@pytest.mark.parametrize(("estimator", "matrix"), MOTIONS)
def test_outside_the_overlap_before_repeats_after(estimator, matrix):
    ((laid, _, registration),) = ViewAligner(estimator)([seen_from(matrix)])
    assert not laid.overlap.all()
    np.testing.assert_array_equal(laid.before[~laid.overlap], laid.after[~laid.overlap])
    assert registration.overlap == pytest.approx(laid.overlap.mean())


@pytest.mark.parametrize(("estimator", "matrix"), MOTIONS)
def test_exchanged_views_have_the_inverse_transform(estimator, matrix):
    pair = seen_from(matrix)
    back = Pair("back", pair.after, pair.before)
    (_, there, told), (_, again, retold) = ViewAligner(estimator)([pair, back])
    np.testing.assert_allclose(there @ again / (there @ again)[2, 2], np.eye(3), atol=1e-4)
    assert (told.accepted, told.inliers) == (retold.accepted, retold.inliers)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_equal_views_stay_exactly_as_they_are(estimator):
    pair = Pair("same", place(), place())
    ((laid, matrix, registration),) = ViewAligner(estimator)([pair])
    assert laid is pair
    np.testing.assert_array_equal(matrix, np.eye(3))
    assert registration.accepted
    assert registration.residual == 0
    assert registration.overlap == 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_light_and_a_large_thing_that_came_move_nothing(estimator):
    before = place()
    after = (before * 0.8 + 20).astype(np.uint8)
    after[60:140, 40:110] = noise(5, 80, 70)
    pair = Pair("lit", before, after)
    ((laid, matrix, registration),) = ViewAligner(estimator)([pair])
    assert registration.accepted
    assert laid is pair
    np.testing.assert_array_equal(matrix, np.eye(3))


@pytest.mark.parametrize(("estimator", "matrix"), MOTIONS)
def test_a_large_thing_that_came_does_not_mislead(estimator, matrix):
    pair = seen_from(matrix)
    pair.after[30:90, 30:90] = noise(5, 60, 60)
    ((_, found, registration),) = ViewAligner(estimator)([pair])
    assert registration.accepted
    assert greatest_move(np.linalg.inv(matrix) @ found, pair.after.shape[:2]) < 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_two_places_are_left_alone_and_named_once(estimator, caplog):
    pair = Pair("elsewhere", place(0), place(1))
    with caplog.at_level(logging.WARNING, "spotdiff"):
        ((laid, matrix, registration),) = ViewAligner(estimator)([pair])
    assert laid is pair
    np.testing.assert_array_equal(matrix, np.eye(3))
    assert not registration.accepted
    assert registration.reason
    assert [r.getMessage() for r in caplog.records] == [
        f"elsewhere: compared without alignment: {registration.reason}."
    ]


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        ([[-1, 0, 100], [0, 1, 0], [0, 0, 1]], "mirrors"),
        ([[3, 0, 0], [0, 3, 0], [0, 0, 1]], "scales by 3.00"),
        ([[1, 0, 150], [0, 1, 0], [0, 0, 1]], "of the views overlap, at least 0.30 asked"),
        ([[1, 0, 9], [0, 1, 9], [0, 0, 1]], "in most of the view"),
        (np.full((3, 3), np.nan), "nothing to hold on to"),
    ],
)
def test_a_transform_that_cannot_be_right_is_refused(matrix, reason):
    pair = seen_from(SHIFT)
    ((laid, _, registration),) = ViewAligner(Always(matrix))([pair])
    assert laid is pair
    assert reason in registration.reason
    assert not registration.accepted


@pytest.mark.parametrize("pixels", [0.2, 1.5])
def test_a_small_move_that_makes_nothing_better_touches_no_pixel(pixels):
    before = place()
    pair = Pair("still", before, (before * 0.9).astype(np.uint8))
    aligner = ViewAligner(Always([[1, 0, pixels], [0, 1, 0], [0, 0, 1]]))
    ((laid, matrix, registration),) = aligner([pair])
    assert laid is pair
    assert registration.accepted
    np.testing.assert_array_equal(matrix, np.eye(3))


def test_large_views_are_reduced_to_be_looked_at_and_moved_in_full():
    pair = seen_from(SHIFT)
    ((_, found, registration),) = ViewAligner(Shift(), max_side=84)([pair])
    assert registration.accepted
    np.testing.assert_allclose(found[:2, 2], SHIFT[:2, 2], atol=1.0)


def test_what_only_one_view_shows_in_a_frame_misleads_nobody():
    pair = seen_from(SHIFT)
    narrow = Pair("narrow", pair.before[:, 20:-20].copy(), pair.after)
    framed, frame = in_one_frame(narrow, "fit")
    assert framed.overlap is not None
    ((laid, found, registration),) = ViewAligner(Shift())([framed])
    assert registration.accepted
    np.testing.assert_allclose(found[:2, 2], SHIFT[:2, 2], atol=0.8)
    assert laid.overlap.sum() < framed.overlap.sum()
    assert registration.overlap == pytest.approx(laid.overlap.mean())
    np.testing.assert_allclose(frame, [[1, 0, 20], [0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (20, 300), (31, 31)])
def test_views_too_small_to_recognise_anything_are_left_alone(shape):
    pair = Pair("tiny", noise(0, *shape), noise(1, *shape))
    ((laid, _, registration),) = ViewAligner(Homography())([pair])
    assert laid is pair
    assert "pixels" in registration.reason
    assert registration.residual is None


def test_views_of_unequal_size_are_refused():
    pair = Pair("odd", noise(0, 40, 40), noise(0, 40, 41))
    with pytest.raises(ValueError, match="'odd' in one frame"):
        ViewAligner(Shift())([pair])


def test_pairs_of_a_batch_do_not_know_each_other():
    pairs = [seen_from(SHIFT), Pair("elsewhere", place(0), place(1)), seen_from(AFFINE)]
    aligner = ViewAligner(Ecc())
    together = aligner(pairs)
    for pair, (laid, matrix, registration) in zip(pairs, together, strict=True):
        alone = aligner([pair])[0]
        # Sums in several threads differ in their last bits, so a few pixels in their last level.
        np.testing.assert_allclose(alone[0].before.astype(int), laid.before.astype(int), atol=1)
        np.testing.assert_allclose(alone[1], matrix, atol=1e-4)
        assert alone[2].accepted == registration.accepted
        assert alone[2].residual == pytest.approx(registration.residual, abs=1e-3)


def test_mirrored_views_have_the_mirrored_transform():
    pair = seen_from(SHIFT)
    flipped = Pair("flip", *(np.ascontiguousarray(v[:, ::-1]) for v in (pair.before, pair.after)))
    (_, there, _), (_, mirrored, _) = ViewAligner(Shift())([pair, flipped])
    expected = there * [[1, 1, -1], [1, 1, 1], [1, 1, 1]]
    np.testing.assert_allclose(mirrored, expected, atol=0.05)


def test_a_move_by_whole_pixels_copies_them_and_marks_the_rest():
    pair = Pair("moved", noise(0, 40, 60), noise(1, 40, 60))
    laid = lay(pair, np.array([[1, 0, 7], [0, 1, 0], [0, 0, 1.0]]))
    np.testing.assert_array_equal(laid.before[:, 7:], pair.before[:, :-7])
    np.testing.assert_array_equal(laid.before[:, :7], pair.after[:, :7])
    assert laid.overlap[:, 7:].all()
    assert not laid.overlap[:, :7].any()


@pytest.mark.parametrize("estimator", [Shift(), Homography()])
def test_a_camera_that_stood_still_before_a_crowd_refuses_nothing(estimator):
    before = place()
    crowd = before.copy()
    for corner in range(0, 120, 30):
        crowd[corner : corner + 30, 20:100] = noise(corner, 30, 80)
    aligner = ViewAligner(type(estimator)(1e9) if isinstance(estimator, Shift) else estimator)
    ((laid, matrix, registration),) = aligner([Pair("crowd", before, crowd)])
    assert registration.accepted
    np.testing.assert_array_equal(matrix, np.eye(3))
    np.testing.assert_array_equal(laid.before, before)


def test_one_aligner_warns_of_ten_pairs_and_then_of_no_more(caplog):
    aligner = ViewAligner(Shift())
    with caplog.at_level(logging.WARNING, "spotdiff"):
        told = aligner(
            [Pair(f"{i}", noise(i, 160, 160), noise(i + 99, 160, 160)) for i in range(13)]
        )
    assert not any(registration.accepted for *_, registration in told)
    assert len(caplog.records) == 11
    assert "alignment.registration.reason" in caplog.records[-1].getMessage()


def test_pairs_that_are_laid_at_once_are_warned_of_in_their_order(monkeypatch, caplog):
    monkeypatch.setattr("cv2.getNumThreads", lambda: 4)
    pairs = [
        Pair(f"pair-{seed}", noise(seed, 96, 128), noise(50 + seed, 96, 128)) for seed in range(6)
    ]
    together = ViewAligner(Always(np.diag([9.0, 9, 1])))(pairs)
    alone = [ViewAligner(Always(np.diag([9.0, 9, 1])))([pair])[0] for pair in pairs]
    assert [registration for *_, registration in together] == [r for *_, r in alone]
    said = [record.message.partition(":")[0] for record in caplog.records]
    assert said == [pair.pair_id for pair in pairs] * 2
