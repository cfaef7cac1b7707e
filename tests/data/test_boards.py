"""Boards: defects are exact, scanning is no change."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.data.boards import board_pair, drawing, scanner
from spotdiff.data.layers import Frame, truth
from spotdiff.types import ChangeKind

SIZE = (96, 128)


@pytest.mark.parametrize("seed", range(8))
def test_the_views_differ_exactly_where_a_defect_is(seed):
    board = board_pair(np.random.default_rng(seed), SIZE, 4)
    owned = (board.owners_before > 0) | (board.owners_after > 0)
    np.testing.assert_array_equal(board.before != board.after, owned)


@pytest.mark.parametrize("seed", range(8))
def test_added_is_foreground_that_only_the_after_view_has(seed):
    board = board_pair(np.random.default_rng(seed), SIZE, 4, "mark")
    for number, entry in enumerate(board.entries, 1):
        come, gone = board.owners_after == number, board.owners_before == number
        assert entry.label == "mark"
        if entry.kind is ChangeKind.ADDED:
            assert not gone.any()
            assert (board.after[come] == 255).all()
            assert (board.before[come] == 0).all()
        else:
            assert not come.any()
            assert (board.before[gone] == 255).all()
            assert (board.after[gone] == 0).all()


def test_defects_are_large_enough_to_be_told_from_rough_edges():
    rng = np.random.default_rng(0)
    boards = [board_pair(rng, SIZE, 3) for _ in range(10)]
    areas = [
        np.count_nonzero((b.owners_before == n) | (b.owners_after == n))
        for b in boards
        for n in range(1, 1 + len(b.entries))
    ]
    assert len(areas) >= 20
    assert min(areas) >= 16


def test_a_board_without_defects_is_the_same_twice():
    board = board_pair(np.random.default_rng(2), SIZE, 0)
    np.testing.assert_array_equal(board.before, board.after)
    found = truth(board, Frame(SIZE), Frame(SIZE), 12)
    assert found.changes == ()
    assert not found.mask.any()


def test_drawings_show_both_ink_and_paper():
    rng = np.random.default_rng(0)
    shares = [(drawing(rng, SIZE) > 0).mean() for _ in range(20)]
    assert 0.1 < np.mean(shares) < 0.7


def test_two_scans_of_one_drawing_differ_at_its_edges_only():
    rng = np.random.default_rng(4)
    drawn = np.zeros(SIZE, np.uint8)
    drawn[30:60, 40:90] = 255
    near_edge = np.ones(SIZE, bool)
    near_edge[:27] = near_edge[63:] = near_edge[33:57, 43:87] = False
    for _ in range(10):
        scan = scanner(rng)
        first, second = scan(drawn, rng), scan(drawn, rng)
        assert first.shape == (*SIZE, 3)
        assert not (first != second).any(axis=2)[~near_edge].any()
