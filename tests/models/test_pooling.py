"""From maps to statements about the whole pair."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.models.pooling import GatePool, LabelPool, label_log_probabilities, soft_maximum


@settings(max_examples=50)
@given(
    st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=20),
    st.floats(0.5, 50, width=32),
)
def test_the_soft_maximum_lies_just_above_the_maximum(values, sharpness):
    pooled = float(soft_maximum(torch.tensor(values), sharpness))
    slack = math.log(len(values)) / sharpness
    assert max(values) - 1e-3 <= pooled <= max(values) + slack + 1e-3


def test_label_probabilities_leave_room_for_the_rest():
    log_p = label_log_probabilities(torch.zeros(1, 3, 2, 2))
    torch.testing.assert_close(log_p.exp(), torch.full((1, 3, 2, 2), 0.25))


def test_a_gate_reads_the_hottest_cell():
    pool = GatePool(cell=2, sharpness=1000.0)
    kinds = torch.full((1, 3, 4, 4), -9.0)
    kinds[0, 0, :2, :2] = 3.0
    kinds[0, 2, 0, 0] = 100.0  # one of four outputs: their mean is (100 - 27) / 4
    torch.testing.assert_close(pool(kinds), torch.tensor([[3.0, -9.0, 18.25]]), atol=1e-2, rtol=0)


def test_the_border_of_a_map_that_is_no_multiple_of_cells_counts_its_own_pixels():
    kinds = torch.full((1, 3, 5, 5), 2.0)
    torch.testing.assert_close(
        GatePool(4, 1000.0)(kinds), torch.full((1, 3), 2.0), atol=1e-2, rtol=0
    )


def test_added_and_removed_share_their_gate():
    pool = GatePool()
    with torch.no_grad():
        pool.log_scale.copy_(torch.tensor([0.5, -0.5]))
        pool.offset.copy_(torch.tensor([1.0, 2.0]))
    kinds = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pool(kinds)[:, [1, 0, 2]], pool(kinds[:, [1, 0, 2]]))


def test_a_label_is_in_the_set_when_a_cell_shows_both_the_change_and_the_label():
    pool = LabelPool(labels=2, sharpness=100.0)
    kinds = torch.full((1, 3, 4, 4), -12.0)
    kinds[0, 0, :2, :2] = 12.0  # added, upper left
    before, after = torch.full((1, 2, 2, 2), -12.0), torch.full((1, 2, 2, 2), -12.0)
    after[0, 1, 0, 0] = 12.0  # the second label, where the change is
    after[0, 0, 1, 1] = 12.0  # the first label, elsewhere
    before[0, 0, 0, 0] = 12.0  # the first label, in the other view
    sets = pool(kinds, before, after).sigmoid()[0]
    assert sets[0, 1] > 0.95
    assert sets[0, 0] < 0.01
    assert sets[1:].max() < 0.01


def test_one_cell_gives_the_product_of_its_probabilities():
    pool = LabelPool(labels=1, sharpness=4.0)
    kinds = torch.full((1, 3, 2, 2), 0.0)  # p = 1/2 for each kind
    after, before = torch.full((1, 1, 1, 1), 0.0), torch.full((1, 1, 1, 1), math.log(3.0))
    sets = pool(kinds, before, after).sigmoid()[0, :, 0]
    # p(label) is 1/2 after, 3/4 before, and their mean in both views.
    torch.testing.assert_close(sets, torch.tensor([0.25, 0.375, 0.3125]))


def test_exchanging_the_views_exchanges_the_sets():
    torch.manual_seed(0)
    pool = LabelPool(labels=3)
    kinds, before, after = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 2)
    swapped = pool(kinds[:, [1, 0, 2]], after, before)
    torch.testing.assert_close(swapped, pool(kinds, before, after)[:, [1, 0, 2]])


@pytest.mark.parametrize("labels", [0, 1])
def test_an_empty_vocabulary_gives_empty_sets(labels):
    maps = torch.zeros(2, labels, 2, 2)
    assert LabelPool(labels)(torch.zeros(2, 3, 8, 8), maps, maps).shape == (2, 3, labels)


def test_sets_stay_finite_and_learn_where_everything_is_certain():
    kinds = torch.full((1, 3, 8, 8), 40.0, requires_grad=True)
    maps = torch.full((1, 2, 4, 4), 40.0)
    sets = LabelPool(2)(kinds, maps, maps)
    assert sets.isfinite().all()
    sets.sum().backward()
    assert kinds.grad.isfinite().all()
