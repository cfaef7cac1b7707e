"""Parts of sets of pictures, drawn by a seed from what pictures are called, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spotdiff.ops.fingerprints import of_words
from spotdiff.ops.purity import mixed
from spotdiff.types import ImageSets, SetItem


def shuffled(items: Sequence[SetItem], rows: Sequence[int], seed: int, what: str) -> list[int]:
    """Rows in an order of chance; what belongs together stands together.

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
    units = dict(zip(rows, _units(items, rows), strict=True))
    places = {unit: of_words(what, seed, unit) for unit in units.values()}
    return sorted(rows, key=lambda row: (places[units[row]], items[row].path, items[row].box or ()))


def halves(items: Sequence[SetItem], rows: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """Rows in two parts of about one size, each ascending; what belongs together is in one part.

    Pictures of one scene or one prompt belong together, whichever set they are in, and parts of one
    file; where all are of one scene, parts of one file alone. The second part is empty where there
    is but one file.

    Example:
        >>> items = [SetItem("a.png"), SetItem("a.png", (0, 0, 9, 9)), SetItem("b.png")]
        >>> sorted(map(tuple, halves(items, range(3), 0)))
        [(0, 1), (2,)]
    """
    order = shuffled(items, rows, seed, "halves")
    units = _units(items, order)
    ends = [i for i in range(1, len(order)) if units[i] != units[i - 1]]
    end = min(ends, key=lambda i: abs(2 * i - len(order)), default=len(order))
    return sorted(order[:end]), sorted(order[end:])


def _units(items: Sequence[SetItem], rows: Sequence[int]) -> list[str]:
    """What each of the rows belongs to."""
    units = [items[row].scene or items[row].prompt or items[row].path for row in rows]
    return units if len(set(units)) > 1 else [items[row].path for row in rows]


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
