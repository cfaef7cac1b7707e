"""Areas under the curve against counting pairs, intervals against drawn sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spotdiff.ops.auroc import auroc

grades = st.integers(0, 5).map(float)


@given(st.data())
def test_an_area_is_the_share_of_pairs_in_order(data):
    n, m = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    first = data.draw(arrays(float, (2, n), elements=grades))
    second = data.draw(arrays(float, (2, m), elements=grades))
    told = auroc(first, second)
    apart = first[:, :, None] - second[:, None, :]
    counted = ((apart > 0) + 0.5 * (apart == 0)).mean(axis=(1, 2))
    assert told.areas == pytest.approx(counted)
    assert (told.low <= told.areas + 1e-9).all()
    assert (told.areas <= told.high + 1e-9).all()
    assert ((told.low >= 0) & (told.high <= 1)).all()
    swapped = auroc(second, first)
    assert swapped.areas == pytest.approx(1 - told.areas)
    assert swapped.low == pytest.approx(1 - told.high, abs=1e-6)


def test_the_variance_is_that_of_its_definition():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.8, 1, (1, 40)), rng.normal(0, 1, (1, 30))
    beats = (first[0][:, None] > second[0][None]).astype(float)
    spread = beats.mean(axis=1).var(ddof=1) / 40 + beats.mean(axis=0).var(ddof=1) / 30
    told = auroc(first, second)
    area = told.areas[0]
    half = 1.959964 * np.sqrt(spread) / (area * (1 - area))
    assert np.log(told.high[0] / (1 - told.high[0])) == pytest.approx(
        np.log(area / (1 - area)) + half, abs=1e-5
    )


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    first, second = rng.normal(1, 1, (600, 30)), rng.normal(0, 1, (600, 30))
    told = auroc(first, second)
    truth = 0.7602  # of two normal curves one standard deviation apart
    assert 0.92 <= ((told.low <= truth) & (truth <= told.high)).mean() <= 0.98


def test_sets_that_do_not_overlap_have_an_interval_that_shrinks_with_their_size():
    small = auroc(np.ones((1, 3)), np.zeros((1, 3)))
    large = auroc(np.ones((1, 300)), np.zeros((1, 300)))
    assert small.areas == large.areas == small.high == 1
    assert small.low[0] < 0.8 < 0.98 < large.low[0] < 1


def test_what_is_no_score_is_refused():
    with pytest.raises(ValueError, match="items in the second set, got none"):
        auroc(np.ones((1, 2)), np.ones((1, 0)))
    with pytest.raises(ValueError, match="finite scores in the first set"):
        auroc(np.array([[np.nan]]), np.ones((1, 1)))
