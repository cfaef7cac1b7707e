"""The step that draws pairs of pictures from pairs of captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spotdiff.building.drawn_files import drawn_path, key_of
from spotdiff.contracts import PairSynthesizer
from spotdiff.ops.seeds import seed_of
from spotdiff.types import Plain, Sample
from spotdiff.writers.files import write_png


class PromptPairs:
    """Draws what both captions of a sample say, as two pictures that differ where they do.

    A `Step`. Pictures are PNG files; those that lie there already, made from the same captions
    with the same seed and settings, are not drawn again.

    Args:
        synthesizer: Draws.
        out: Folder of the pictures.
        seed: Of the noise; beside it counts the id of a sample, and nothing else.
        name: Of the step.
    """

    def __init__(
        self,
        synthesizer: PairSynthesizer,
        out: Path | str,
        seed: int = 0,
        name: str = "image_pairs",
    ) -> None:
        self.synthesizer, self.out = synthesizer, Path(out)
        self.seed, self.name = seed, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """Those of the synthesizer, and the seed."""
        return {**self.synthesizer.settings, "seed": self.seed}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with both views; one whose captions cannot be drawn is an error."""
        orders = [self._order(sample) for sample in samples]
        self._draw([order for order in orders if isinstance(order, _Order) and not order.is_there])
        return [
            sample.failed(self.name, order) if isinstance(order, str) else self._with(sample, order)
            for sample, order in zip(samples, orders, strict=True)
        ]

    def _order(self, sample: Sample) -> _Order | str:
        """What is to be drawn for a sample, or why nothing can be."""
        if not sample.caption_before or not sample.caption_after:
            side = "after" if sample.caption_before else "before"
            return f"there is no caption_{side} to draw"
        prompts = (sample.caption_before, sample.caption_after)
        if problem := self.synthesizer.problem(prompts):
            return problem
        seed = seed_of(self.seed, sample.id)
        key = key_of(sample.id, list(prompts), seed, dict(self.synthesizer.settings))
        paths = [drawn_path(self.out, sample.id, key, view) for view in ("before", "after")]
        return _Order(prompts, seed, paths[0], paths[1])

    def _draw(self, orders: Sequence[_Order]) -> None:
        if not orders:
            return
        prompts, seeds = [one.prompts for one in orders], [one.seed for one in orders]
        for order, views in zip(orders, self.synthesizer(prompts, seeds), strict=True):
            write_png(views[0], order.before)
            write_png(views[1], order.after)

    def _with(self, sample: Sample, order: _Order) -> Sample:
        made = {**self.synthesizer.settings, "seed": order.seed}
        return replace(
            sample,
            before=str(order.before),
            after=str(order.after),
            made={**sample.made, self.name: made},
        )


@dataclass(frozen=True, slots=True)
class _Order:
    """A pair that is to be drawn, and where its views go."""

    prompts: tuple[str, str]
    seed: int
    before: Path
    after: Path

    @property
    def is_there(self) -> bool:
        """Whether both files lie there; each is whole or absent."""
        return self.before.is_file() and self.after.is_file()
