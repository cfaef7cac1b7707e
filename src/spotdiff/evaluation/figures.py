"""All that a suite of pairs finds of one method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spotdiff.evaluation.grid import Best
from spotdiff.evaluation.ranking import Interval
from spotdiff.evaluation.scoreboard import Part
from spotdiff.evaluation.tables import plain


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was found of one method.

    Attributes:
        name: Of the method.
        parts: Measures by name; those of boxes are there for methods that report changes.
        best: The best point of the grid for each protocol of boxes; empty without true boxes.
        intervals: Of AP50 and centre AP at their best points.
        sizes: Recall by size at the best point of AP50.
        swap: What exchanging the views changed; empty if nothing was asked again.
        seconds: From two images to heat, mean over the pairs.
    """

    name: str
    parts: dict[str, Part]
    best: dict[str, Best]
    intervals: dict[str, Interval]
    sizes: dict[str, float]
    swap: dict[str, float]
    seconds: float

    @property
    def reports(self) -> bool:
        """Whether the method says changes at thresholds of its own, and their truth was known."""
        return "boxes" in self.parts and self.parts["boxes"].pairs > 0

    def part(self, name: str) -> Part:
        """The measures of that name; without any value where nothing was measured."""
        return self.parts.get(name, Part(name, "", 0, {}))

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "seconds": self.seconds,
            "best_points": {
                name: {
                    "value": best.value,
                    "min_heat": best.point[0],
                    "min_area": best.point[1],
                    "interval": self.intervals.get(name),
                }
                for name, best in self.best.items()
            },
            "sizes_at_best_ap50": plain(self.sizes),
            "swap": plain(self.swap),
            **{
                name: {"pairs": p.pairs, **p.values, "intervals": dict(p.intervals)}
                for name, p in self.parts.items()
                if p.pairs
            },
        }
