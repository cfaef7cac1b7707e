"""Parts of sets of pictures, drawn by a seed from what pictures are called, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spotdiff.ops.fingerprints import of_words
from spotdiff.ops.purity import mixed
from spotdiff.types import ImageSets, SetItem


def shuffled(items: Sequence[SetItem], rows: Sequence[int], seed: int, what: str) -> list[int]:
    """Rows in an order of chance; parts of one file stand together.

    Args:
        items: What rows are numbers of.
        rows: Those that are wanted.
        seed: Of the order.
        what: The order is for; orders for other things are other ones.

    Example:
        >>> items = [SetItem(f"{i}.png") for i in range(6)]
        >>> shuffled(items, range(6), 0, "a") == shuffled(items, [5, 4, 3, 2, 1, 0], 0, "a")
        True
    """
    return sorted(
        rows, key=lambda row: (of_words(what, seed, items[row].path), items[row].box or ())
    )


def halves(items: Sequence[SetItem], rows: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """Rows in two parts of about one size, each ascending; parts of one file are in one of them.

    The second part is empty where there is but one file.

    Example:
        >>> items = [SetItem("a.png"), SetItem("a.png", (0, 0, 9, 9)), SetItem("b.png")]
        >>> sorted(map(tuple, halves(items, range(3), 0)))
        [(0, 1), (2,)]
    """
    order = shuffled(items, rows, seed, "halves")
    paths = [items[row].path for row in order]
    ends = [i for i in range(1, len(order)) if paths[i] != paths[i - 1]]
    end = min(ends, key=lambda i: abs(2 * i - len(order)), default=len(order))
    return sorted(order[:end]), sorted(order[end:])


def limited(items: tuple[SetItem, ...], most: int, seed: int) -> tuple[SetItem, ...]:
    """At most so many of the items, in their order.

    Example:
        >>> len(limited(tuple(SetItem(f"{i}.png") for i in range(6)), 4, 0))
        4
    """
    kept = shuffled(items, range(len(items)), seed, "limit")[:most]
    return tuple(items[row] for row in sorted(kept))


def with_purity(sets: ImageSets, purity: float, seed: int) -> ImageSets:
    """The sets with a share of the smaller one traded, see `mixed`.

    Raises:
        ValueError: The purity is no share.

    Example:
        >>> pair = ImageSets(("a", "b"), (SetItem("1"), SetItem("2")), (SetItem("3"), SetItem("4")))
        >>> told = with_purity(pair, 0.5, 0)
        >>> sorted(item.path for item in (*told.first, *told.second))
        ['1', '2', '3', '4']
    """
    ordered = [
        item
        for items in (sets.first, sets.second)
        for item in sorted(items, key=lambda item: (item.path, item.box or ()))
    ]
    one, other = mixed(len(sets.first), len(sets.second), purity, seed)
    if purity == 1:
        return sets
    first, second = (tuple(ordered[i] for i in numbers) for numbers in (one, other))
    return replace(sets, first=first, second=second)
