"""Difference areas: boxes of what differs in a pair, with the side that showed it.

Eight steps: whole-image gate, noun difference of the captions, regions of both views, the same
regions in both, difference of each region, match of image and text, suppression of overlaps, the
result. Every filter only takes away, so their order changes the cost and not the answer: what is
cheap comes first, and the image-text model is asked about a region only while it can still be
kept, in batches over all pairs at hand.

Jiao et al. 2024 (Img-Diff), section 3: https://arxiv.org/abs/2408.04594
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias, get_args

import numpy as np

from spotdiff.contracts import ImageCaptioner, PairProposer, RegionTextScorer, Tagger
from spotdiff.ops.nouns import differing, operator_nouns
from spotdiff.ops.selection import LazySelection
from spotdiff.stages.area_case import AreaCase
from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Answer, ModelInfo, Pair

NamedBy: TypeAlias = Literal["captions", "labels"]


class _Informed(Protocol):
    @property
    def info(self) -> ModelInfo: ...


_Step = Callable[[Sequence[AreaCase]], None]


class DifferenceAreas:
    """Finds difference areas; a `Comparer`.

    Args:
        rules: The thresholds.
        proposer: Gives the regions that are looked at.
        similarity: Says how alike views and regions look.
        matcher: Says whether a region shows a noun; None leaves captions alone.
        tagger: Reads captions; needed where there is a matcher.
        image_captioner: Describes views that have no caption; None skips the noun steps for them.
        named_by: Where nouns come from: captions, or the known words of a pair (`Truth.labels`):
            those of what was removed or changed are looked for in before, those of what was added
            or changed in after.

    Raises:
        ValueError: If a matcher comes without a tagger, or nouns from somewhere else.
    """

    def __init__(
        self,
        rules: AreaRules,
        proposer: PairProposer,
        similarity: Similarity,
        matcher: RegionTextScorer | None = None,
        tagger: Tagger | None = None,
        image_captioner: ImageCaptioner | None = None,
        named_by: NamedBy = "captions",
    ) -> None:
        if named_by not in get_args(NamedBy):
            known = ", ".join(get_args(NamedBy))
            raise ValueError(f"Expected named_by to be one of {known}, got {named_by!r}.")
        if matcher is not None and tagger is None:
            raise ValueError("Expected a tagger beside the matcher, to find nouns: tagger=hanta.")
        self.rules = rules
        self.proposer = proposer
        self.similarity = similarity
        self.matcher = matcher
        self.tagger = tagger if matcher is not None else None
        self.image_captioner = image_captioner if matcher is not None else None
        self.named_by = named_by
        self._steps: tuple[_Step, ...] = (
            self._gate,
            self._caption,
            self._name,
            self._propose,
            self._compare,
            self._match_and_suppress,
        )

    @property
    def experts(self) -> dict[str, object]:
        """The models that are asked, by their role."""
        roles = {
            "proposer": getattr(self.proposer, "proposer", self.proposer),
            "similarity": self.similarity.embedder,
            "matcher": self.matcher,
            "image_captioner": self.image_captioner,
            "tagger": self.tagger,
        }
        return {role: expert for role, expert in roles.items() if expert is not None}

    @property
    def infos(self) -> dict[str, ModelInfo]:
        """Which weights spoke, by their role."""
        asked: dict[str, _Informed | None] = {
            "proposer": self.proposer,
            "similarity": self.similarity,
            "matcher": self.matcher,
            "image_captioner": self.image_captioner,
            "tagger": self.tagger,
        }
        return {role: expert.info for role, expert in asked.items() if expert is not None}

    def __call__(self, pairs: Sequence[Pair]) -> list[Answer]:
        """One answer a pair.

        Raises:
            ValueError: If the two views of a pair differ in size.
        """
        cases = [AreaCase(pair, self.rules) for pair in pairs]
        for step in self._steps:
            step([case for case in cases if case.reason is None])
        infos = self.infos
        return [case.answer(infos) for case in cases]

    def _gate(self, cases: Sequence[AreaCase]) -> None:
        """Whole views that are too alike, or not alike enough, go no further."""
        found = self.similarity.whole([case.pair for case in cases])
        for case, similarity in zip(cases, found, strict=True):
            case.gate(float(similarity))

    def _caption(self, cases: Sequence[AreaCase]) -> None:
        """Views without a caption get one, if there is anybody to give it."""
        wordless = [case for case in cases if case.captions is None]
        if self.image_captioner is None or self.named_by == "labels" or not wordless:
            return
        views = [view for case in wordless for view in (case.pair.before, case.pair.after)]
        told = self.image_captioner(views)
        for case, before, after in zip(wordless, told[::2], told[1::2], strict=True):
            case.captions = (before, after)

    def _name(self, cases: Sequence[AreaCase]) -> None:
        """What only one caption names is what its view is searched for."""
        if self.tagger is None:
            return
        if self.named_by == "labels":
            for case in cases:
                case.name_by_labels()
            return
        told = [(case, *case.captions) for case in cases if case.captions is not None]
        if self.rules.nouns == "words":
            for case, before, after in told:
                case.name(operator_nouns(before, after, self.tagger))
            return
        read = iter(self.tagger([sentence for _, *both in told for sentence in both]))
        for case, *_ in told:
            case.name(differing(next(read), next(read)))

    def _propose(self, cases: Sequence[AreaCase]) -> None:
        """The regions of both views, as far as both views show them and they fit in size."""
        found = self.proposer([case.pair for case in cases]) if cases else []
        for case, (before, after) in zip(cases, found, strict=True):
            case.propose(before, after)

    def _compare(self, cases: Sequence[AreaCase]) -> None:
        """Regions that look alike in both views go no further."""
        boxes = [case.boxes for case in cases]
        found = self.similarity.regions([case.pair for case in cases], boxes) if cases else []
        for case, similarities in zip(cases, found, strict=True):
            case.compare(similarities)

    def _match_and_suppress(self, cases: Sequence[AreaCase]) -> None:
        """Of regions that overlap the first that shows a noun is kept."""
        running = [(case, case.selection()) for case in cases]
        while running := [(case, selection) for case, selection in running if selection.pending()]:
            self._round(running)
        for case in cases:
            case.finish()

    def _round(self, running: Sequence[tuple[AreaCase, LazySelection]]) -> None:
        """One question for every pair: all of its regions that matter whatever else is told."""
        asked = [(case, np.array(selection.pending())) for case, selection in running]
        searched = [(case, rows) for case, rows in asked if case.nouns is not None]
        for sides in ((0,), (1,)) if self.rules.sides == "both" else ((0, 1),):
            self._match(searched, sides)
        for (case, selection), (_, rows) in zip(running, asked, strict=True):
            selection.tell({int(row): case.shows(int(row)) for row in rows})

    def _match(self, asked: Sequence[tuple[AreaCase, np.ndarray]], sides: tuple[int, ...]) -> None:
        """Asks in one call whether regions show the nouns of their view, where they still may."""
        questions = [
            (case, side, rows[case.worth_asking(rows, side)])
            for case, rows in asked
            for side in sides
        ]
        questions = [question for question in questions if len(question[2])]
        if self.matcher is None or not questions:
            return
        scores = self.matcher(
            [case.view(side) for case, side, _ in questions],
            [case.boxes[rows] for case, _, rows in questions],
            [case.nouns[side] for case, side, _ in questions if case.nouns is not None],
        )
        for (case, side, rows), found in zip(questions, scores, strict=True):
            case.match(side, rows, found)
