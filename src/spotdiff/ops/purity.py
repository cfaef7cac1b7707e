"""Two sets made less pure: some items of each trade places."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64


def mixed(
    first: int, second: int, purity: float, seed: int
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " m"]]:
    """Which items make up two sets of which a share has traded places.

    As many items go as come, so sizes stay, and every item is in exactly one of the sets.

    Args:
        first: Items of the first set; they are numbered from 0.
        second: Items of the second set; their numbers go on from there.
        purity: Share of the smaller set that stays, in [0, 1]; the number that goes is rounded.
        seed: Which ones.

    Raises:
        ValueError: The purity is no share.

    Example:
        >>> one, other = mixed(4, 4, 0.75, seed=0)
        >>> int((one >= 4).sum()), int((other < 4).sum()), sorted([*one, *other]) == list(range(8))
        (1, 1, True)
    """
    if not 0 <= purity <= 1:
        raise ValueError(f"Expected purity to be a share from 0 to 1, got {purity!r}.")
    one, other = np.arange(first), np.arange(first, first + second)
    # 100 items at 0.9 are 10, though 1 - 0.9 is a little less than a tenth
    count = round((1 - purity) * min(first, second))
    rng = np.random.default_rng(seed)
    going, coming = rng.permutation(first)[:count], rng.permutation(second)[:count]
    one[going], other[coming] = other[coming], one[going].copy()
    return one, other
