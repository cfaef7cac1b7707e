"""Hypotheses about what can be measured, ranked by measuring it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album
from spotdiff.types import Hypothesis


class AttributeRanker:
    """Scores pictures by the measured property that a hypothesis puts into words; a `SetRanker`.

    What names no property, or one that is not measured here, is left to others.
    """

    name = "attributes"

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """The property, or less of it, of each picture; NaN where nothing is measured."""
        places = {measure.name: i for i, measure in enumerate(album.measures)}
        scores = np.full((len(hypotheses), len(album.rows)), np.nan)
        wanted = [(one.measure or "").removeprefix("-") in places for one in hypotheses]
        if not any(wanted):
            return scores  # nothing has to be looked at
        values = album.measured(album.rows)
        for row, hypothesis in enumerate(hypotheses):
            name = (hypothesis.measure or "").removeprefix("-")
            if name in places:
                sign = -1 if hypothesis.measure != name else 1
                scores[row] = sign * values[:, places[name]] + 0.0  # -0.0 becomes 0.0
        return scores
