"""Photographs under one nuisance at a time."""

import numpy as np
import pytest

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photographs import bundled_photographs
from spotdiff.data.photos import Photo
from spotdiff.evaluation.nuisances import Degraded, Nothing, NuisancePairs, Shifted, Turned
from tests.fakes import noise


@pytest.fixture(scope="module")
def pairs():
    photos = [Photo(path) for path in bundled_photographs()[:3]]
    return NuisancePairs(PhotoLibrary(photos), limit=2, max_side=128)


def draw(seed=0):
    return np.random.default_rng(seed)


def test_unchanged_pairs_differ_in_nothing_where_nothing_is_done(pairs):
    ((name, still, changed),) = pairs.pairs(0, 0, {"nothing": Nothing()})
    assert name == "nothing"
    assert (still.before == still.after).all()
    assert still.truth.changes == ()
    assert max(still.before.shape) == 128
    assert np.abs(changed.before.astype(int) - changed.after).max() > 16


def test_things_are_pasted_the_same_whatever_the_nuisance(pairs):
    both = {"nothing": Nothing(), "jpeg": Degraded("jpeg"), "shift": Shifted(4)}
    drawn = {name: changed for name, _, changed in pairs.pairs(1, 3, both)}
    alone = next(changed for _, _, changed in pairs.pairs(1, 3, {"nothing": Nothing()}))
    assert (drawn["nothing"].before == alone.before).all()
    assert (drawn["nothing"].after == alone.after).all()
    one_view = [(getattr(drawn["jpeg"], v) == getattr(alone, v)).all() for v in ("before", "after")]
    assert sorted(one_view) == [False, True]


def test_the_same_seed_draws_the_same_pairs_and_another_one_others(pairs):
    first, again, other = (
        next(changed for _, _, changed in pairs.pairs(0, seed, {"noise": Degraded("noise")}))
        for seed in (1, 1, 2)
    )
    assert (first.after == again.after).all()
    assert (first.after != other.after).any()


def test_no_more_photographs_than_asked_for(pairs):
    assert len(pairs) == 2
    assert len(NuisancePairs(pairs.library)) == 3


@pytest.mark.parametrize("seed", range(6))
def test_windows_of_a_shift_show_the_same_things_so_many_pixels_apart(seed):
    image = noise(0, 40, 50)
    before, after = Shifted(3)((image, image), draw(seed))
    assert before.shape == after.shape
    moves = [
        (down, right)
        for down in (0, 3)
        for right in (-3, 0, 3)
        if (down or right) and _agrees(before, after, down, right)
    ]
    assert len(moves) == 1


def _agrees(before, after, down, right):
    """Whether after shows at (y, x) what before shows at (y + down, x + right)."""
    height, width = before.shape[:2]
    rows = slice(down, height), slice(0, height - down)
    columns = (
        slice(max(0, right), width + min(0, right)),
        slice(max(0, -right), width - max(0, right)),
    )
    return (before[rows[0], columns[0]] == after[rows[1], columns[1]]).all()


def test_a_turn_moves_corners_and_not_the_centre():
    image = noise(1, 200, 300)
    before, after = Turned(degrees=1.0)((image, image), draw())
    assert before.shape == after.shape
    gap = np.abs(before.astype(int) - after).mean(axis=2)
    middle = tuple(side // 2 for side in gap.shape)
    near = gap[middle[0] - 10 : middle[0] + 10, middle[1] - 10 : middle[1] + 10].mean()
    assert near < gap[:20, :20].mean() / 2


def test_no_turn_and_no_scale_leave_the_inside_as_it_is():
    image = noise(1, 60, 80)
    before, after = Turned()((image, image), draw())
    assert (before == after).all()
    assert before.shape == (58, 78, 3)


def test_an_unknown_nuisance_is_named():
    with pytest.raises(ValueError, match=r"Expected a nuisance, one of season, .* got 'fog'"):
        Degraded("fog")
