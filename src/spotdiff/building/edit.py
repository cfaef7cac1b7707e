"""The step that edits captions: a caption becomes two that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spotdiff.building.composing import NUMBER, PHOTOGRAPH
from spotdiff.building.score_filter import told
from spotdiff.contracts import CaptionEditor, Tagger
from spotdiff.ops.caption_edits import swapped
from spotdiff.ops.seeds import seed_of
from spotdiff.types import Plain, Reply, Sample, Swap


class CaptionEdit:
    """Gives samples a second caption; a `Step`.

    The first caption is that of before, or else the text of the row. What comes back is read
    beside it: exactly one thing must be another one, and nothing else may differ.

    Args:
        editor: Edits.
        tagger: Reads both captions.
        seed: Of what is drawn; beside it counts the id of a sample, and nothing else. Samples of
            one photograph get edits that follow one another, so that they differ.
        attempts: How often an editor is asked that gives no usable answer, each time with another
            seed.
        name: Of the step.

    Raises:
        ValueError: `attempts` is below 1.
    """

    def __init__(
        self,
        editor: CaptionEditor,
        tagger: Tagger,
        seed: int = 0,
        attempts: int = 1,
        name: str = "edit",
    ) -> None:
        if attempts < 1:
            raise ValueError(f"Expected attempts to be at least 1, got {attempts}.")
        self.editor, self.tagger = editor, tagger
        self.seed, self.attempts, self.name = seed, attempts, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The editor, the tagger and the seed."""
        return {
            "editor": told(self.editor.info),
            "tagger": told(self.tagger.info),
            "seed": self.seed,
            "attempts": self.attempts,
        }

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with both captions and their swap."""
        done = [
            sample
            if _caption(sample)
            else sample.rejected(self.name, "there is no caption to edit")
            for sample in samples
        ]
        unsettled = [i for i, sample in enumerate(done) if sample.verdict is None]
        for attempt in range(self.attempts):
            edited = self._edited([samples[i] for i in unsettled], attempt)
            for i, sample in zip(unsettled, edited, strict=True):
                done[i] = sample
            unsettled = [i for i in unsettled if done[i].verdict is not None]
        return done

    def _edited(self, samples: Sequence[Sample], attempt: int) -> list[Sample]:
        if not samples:
            return []
        captions = [_caption(sample) for sample in samples]
        seeds = [_seed(self.seed, attempt, sample) for sample in samples]
        replies = self.editor(captions, seeds)
        before, after = self.tagger(captions), self.tagger([r.text or "" for r in replies])
        verdicts = [swapped(*both) for both in zip(before, after, strict=True)]
        return [
            self._judged(sample, reply, verdict, seed)
            for sample, reply, verdict, seed in zip(samples, replies, verdicts, seeds, strict=True)
        ]

    def _judged(self, sample: Sample, reply: Reply, verdict: Swap | str, seed: int) -> Sample:
        if reply.text is None:
            return sample.failed(self.name, reply.problem or "the editor gave no answer")
        edited = replace(
            sample,
            caption_before=_caption(sample),
            caption_after=reply.text,
            made={**sample.made, self.name: {"seed": seed, **self.settings}},
        )
        if isinstance(verdict, str):
            return edited.rejected(self.name, verdict)
        return replace(edited, swap=verdict)


def _caption(sample: Sample) -> str:
    return (sample.caption_before or sample.text or "").strip()


def _seed(seed: int, attempt: int, sample: Sample) -> int:
    """What is drawn for a sample, wherever it stands in a table."""
    photograph, number = sample.cells.get(PHOTOGRAPH), sample.cells.get(NUMBER)
    if isinstance(photograph, str) and isinstance(number, int):
        return seed_of(seed, attempt, photograph) + number
    return seed_of(seed, attempt, sample.id)
