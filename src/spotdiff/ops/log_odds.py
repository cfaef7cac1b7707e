"""Which words one set of texts uses more than another, however rare they are.

Monroe, Colaresi and Quinn 2008, Fightin' Words, section 3.5: https://doi.org/10.1093/pan/mpn018.
What is known of both sets together is the prior, so that a word that occurs once proves nothing.
The error is that of both outcomes, that a text has a word and that it has not, for some words are
in nearly all captions.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

Counts = Int64[np.ndarray, " w"]


def log_odds(
    first: Counts, second: Counts, sizes: tuple[int, int], strength: float = 10.0
) -> Float64[np.ndarray, " w"]:
    """How many standard errors the log-odds of each word in the first set exceed the other's.

    A word counts once a text, so the odds are those of a text that has it.

    Args:
        first: In how many texts of the first set each word is.
        second: The same of the second set.
        sizes: How many texts there are in both.
        strength: Texts that the prior is worth; each holds a word as often as the pool does.

    Returns:
        A z-score each; above 0 the word is truer of the first set.

    Raises:
        ValueError: A set has no text, or the prior is worth nothing.

    Example:
        >>> red, dog, tree = np.array([20, 10, 1]), np.array([2, 10, 0]), (20, 20)
        >>> log_odds(red, dog, tree).round(2).tolist()
        [4.28, 0.0, 0.72]
    """
    if min(sizes) < 1 or strength <= 0:
        raise ValueError(
            f"Expected texts in both sets and a prior above 0, got {sizes} texts and {strength!r}."
        )
    # half a text more, so that no prior is 0 or all of its texts
    share = (first + second + 0.5) / (sum(sizes) + 1.0)
    prior = strength * share
    rows = ((first, sizes[0]), (second, sizes[1]))
    odds = [np.log((seen + prior) / (size + strength - seen - prior)) for seen, size in rows]
    errors = [1 / (seen + prior) + 1 / (size + strength - seen - prior) for seen, size in rows]
    return np.asarray((odds[0] - odds[1]) / np.sqrt(errors[0] + errors[1]))
