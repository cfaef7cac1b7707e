"""The step that says in words what differs in samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from spotdiff.building.opened import READERS, Opened, open_images, picture, problem_of, views_of
from spotdiff.building.score_filter import Missing, told, without_score
from spotdiff.contracts import DifferenceCaptioner
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import Framing, in_one_frame
from spotdiff.types import Answer, Box, Change, Matrix, Pair, Plain, Sample


class Captions:
    """Has a captioner say what differs; a `Step`.

    A change that it rejects a caption of stays without one and keeps the reason; a row all of whose
    changes do is rejected.

    Args:
        captioner: Says differences.
        framing: How before is laid onto the frame of after where their sizes differ.
        readers: Threads that decode.
        missing: What becomes of rows that have no changes; as in `ScoreFilter`.
        name: Of the step.
    """

    def __init__(
        self,
        captioner: DifferenceCaptioner,
        framing: Framing = "resize",
        readers: int = READERS,
        missing: Missing = "reject",
        name: str = "captions",
    ) -> None:
        self.captioner, self.framing, self.readers = captioner, framing, readers
        self.missing, self.name = missing, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The captioner."""
        captioner = told(self.captioner.info)
        return {"captioner": captioner, "framing": self.framing, "missing": self.missing}

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples with captions of every change and of all together."""
        found = list(samples)
        views = {i: both for i, s in enumerate(samples) if s.changes and (both := views_of(s))}
        opened = open_images((name for both in views.values() for name in both), self.readers)
        asked: dict[int, Pair] = {}
        answers = []
        for i, sample in enumerate(samples):
            if i not in views:
                reason = "there are not two views" if sample.changes else "there is no change"
                found[i] = without_score(self.name, self.missing, sample, reason)
            elif (problem := problem_of(views[i], opened)) is not None:
                found[i] = sample.failed(self.name, problem)
            else:
                asked[i], answer = self._framed(sample, views[i], opened)
                answers.append(answer)
        said = self.captioner(list(asked.values()), answers) if asked else []
        for i, answer in zip(asked, said, strict=True):
            found[i] = self._judged(samples[i], answer)
        return found

    def _framed(
        self, sample: Sample, views: tuple[str, str], opened: Opened
    ) -> tuple[Pair, Answer]:
        """The pair in one frame, and its changes there."""
        captions = (sample.caption_before or "", sample.caption_after or "")
        before, after = (picture(opened, name) for name in views)
        pair = Pair(sample.id, before, after, captions=captions if any(captions) else None)
        framed, matrix = in_one_frame(pair, self.framing)
        changes = tuple(
            replace(change, box_before=_moved(change.box_before, matrix))
            for change in sample.changes
        )
        return framed, Answer(changes)

    def _judged(self, sample: Sample, answer: Answer) -> Sample:
        pairs = zip(sample.changes, answer.changes, strict=True)
        changes = tuple(_worded(change, said) for change, said in pairs)
        made: dict[str, Plain] = {"captioner": told(self.captioner.info)}
        worded = replace(
            sample,
            changes=changes,
            caption=answer.caption,
            made={**sample.made, self.name: made},
        )
        if any(change.caption is not None for change in changes):
            return worded
        reasons = [change.caption_reason for change in changes if change.caption_reason]
        why = next(iter(reasons), answer.caption_reason) or "the captioner said nothing"
        return worded.rejected(self.name, f"no change has a caption: {why}")


def _worded(change: Change, said: Change) -> Change:
    """A change in its own pixels, with what was said of it in the frame of the pair."""
    return replace(
        change,
        caption=said.caption,
        region_captions=said.region_captions,
        caption_reason=said.caption_reason,
    )


def _moved(box: Box | None, matrix: Matrix) -> Box | None:
    if box is None:
        return None
    x0, y0, x1, y1 = transform(np.array([box], np.float32), matrix)[0].tolist()
    return x0, y0, x1, y1
