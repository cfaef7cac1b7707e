"""Parts of sets: halves of whole files, limits, purity; all by names, whatever the order."""

import pytest

from spotdiff.ops.set_samples import halves, limited, with_purity
from spotdiff.types import ImageSets, SetItem

ITEMS = tuple(SetItem(f"{i // 3}.png", (i % 3, 0.0, 9.0, 9.0)) for i in range(30))


def test_halves_are_of_one_size_and_share_no_file():
    one, other = halves(ITEMS, range(30), 0)
    assert sorted([*one, *other]) == list(range(30))
    assert len(one) == len(other) == 15
    assert not {ITEMS[row].path for row in one} & {ITEMS[row].path for row in other}
    assert halves(ITEMS, range(30), 1) != (one, other)
    assert halves(ITEMS, [29, *range(29)], 0) == (one, other)


def test_what_belongs_together_is_in_the_same_half_of_both_sets():
    for told in ("scene", "prompt"):
        sets = [
            [SetItem(f"{name}{i}.png", **{told: f"{told} {i % 10}"}) for i in range(40)]
            for name in "ab"
        ]
        (one, rest), (other, _) = (halves(items, range(40), 3) for items in sets)
        assert one == other
        assert len(one) == len(rest) == 20
        assert not {row % 10 for row in one} & {row % 10 for row in rest}


def test_one_scene_is_split_by_files():
    items = [SetItem(f"{i}.png", scene="all") for i in range(8)]
    one, rest = halves(items, range(8), 0)
    assert len(one) == len(rest) == 4


def test_one_file_has_no_second_half():
    assert halves(ITEMS[:3], range(3), 0) == ([0, 1, 2], [])
    assert halves((), (), 0) == ([], [])


def test_a_limit_keeps_the_order_and_does_not_depend_on_it():
    kept = limited(ITEMS, 7, 0)
    assert len(kept) == 7
    assert list(kept) == [item for item in ITEMS if item in kept]
    assert set(limited(ITEMS[::-1], 7, 0)) == set(kept)
    assert limited(ITEMS, 99, 0) == ITEMS


def test_purity_keeps_every_item_once_and_trades_exactly_so_many():
    first, second = (tuple(SetItem(f"{name}{i}") for i in range(100)) for name in "ab")
    mixed = with_purity(ImageSets(("a", "b"), first, second, "difference"), 0.9, 0)
    assert len(mixed.first) == len(mixed.second) == 100
    assert set(mixed.first) | set(mixed.second) == {*first, *second}
    assert len(set(mixed.first) & set(second)) == len(set(mixed.second) & set(first)) == 10
    assert mixed.difference == "difference"
    turned = ImageSets(("a", "b"), first[::-1], second)
    assert set(with_purity(turned, 0.9, 0).first) == set(mixed.first)
    with pytest.raises(ValueError, match="Expected purity"):
        with_purity(turned, 1.1, 0)


def test_pure_sets_stay_as_they_are():
    sets = ImageSets(("a", "b"), ITEMS, ITEMS[::-1])
    assert with_purity(sets, 1.0, 0) is sets
