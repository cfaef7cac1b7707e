"""A ranker that knows nothing, for tests and for runs that only propose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album
from spotdiff.types import Hypothesis


class NullRanker:
    """Scores every picture with zero, so that no hypothesis is better than another."""

    name = "null"

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """Zeros."""
        return np.zeros((len(hypotheses), len(album.rows)))
