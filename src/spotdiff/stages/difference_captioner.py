"""What differs, in the words of a chat model that sees.

what is there in before and after? ─► are the answers believed? ─► what differs between them?

Jiao et al. 2024 (Img-Diff), section 3.3: https://arxiv.org/abs/2408.04594
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from spotdiff.contracts import ChatModel
from spotdiff.ops.montage import framed_pair, side_by_side
from spotdiff.stages.caption_checks import Both, CaptionChecks
from spotdiff.stages.prompts import DIFFERENCE, PAIR, REGION, box_words, texts_sha256, versions
from spotdiff.stages.template_captioner import TemplateCaptioner
from spotdiff.types import Answer, Change, Chat, Image, ModelInfo, Pair, Reply

Whole: TypeAlias = Literal["joined", "asked"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A change and where it lies in both views; what only one view shows lies there in the other.

    Attributes:
        views: Before and after.
        boxes: In pixels of them.
        change: With what was said of it so far, or why nothing more will be.
    """

    views: tuple[Image, Image]
    boxes: Both
    change: Change

    @classmethod
    def of(cls, pair: Pair, change: Change) -> Spot:
        """The spot of a change without the words of others; all of the view where it has no box."""
        height, width = pair.after.shape[:2]
        whole = (0.0, 0.0, float(width), float(height))
        before = change.box_before or change.box_after or whole
        after = change.box_after or change.box_before or whole
        silent = replace(change, caption=None, region_captions=None, caption_reason=None)
        return cls((pair.before, pair.after), (before, after), silent)

    def because(self, reason: str | None) -> Spot:
        """The spot with the reason why it is not described, if there is one."""
        return replace(self, change=replace(self.change, caption_reason=reason)) if reason else self


class MllmCaptioner:
    """Has a chat model say what differs; a `DifferenceCaptioner`.

    All regions of both views of all pairs are one batch, and so are all spots whose two captions
    are believed. A change without a caption says why, with what was measured and the limit.

    Args:
        model: It must see.
        checks: Which changes are described and which captions are believed; None: all.
        whole: What is said of a pair: the captions of its changes joined, or what the model answers
            when it is asked about both views as they are.

    Raises:
        ValueError: If the model sees nothing, or there is no such way.
    """

    def __init__(
        self, model: ChatModel, checks: CaptionChecks | None = None, *, whole: Whole = "joined"
    ) -> None:
        if not model.sees:
            raise ValueError(f"Expected a model that sees, got {model.info.name}, which does not.")
        if whole not in get_args(Whole):
            raise ValueError(f"Expected whole to be joined or asked, got {whole!r}.")
        self.model = model
        self.checks = checks or CaptionChecks()
        self.whole = whole
        self.unchanged = TemplateCaptioner()

    @property
    def info(self) -> ModelInfo:
        """The model with the versions of what it is asked, and the hash of all that decides."""
        asked = [REGION, DIFFERENCE, *([PAIR] if self.whole == "asked" else [])]
        told = f"{self.model.info.sha256}\n{texts_sha256(asked)}\n{self.checks.sha256}"
        digest = hashlib.sha256(told.encode()).hexdigest()
        return ModelInfo(f"{self.model.info.name}, {versions(asked)}", digest)

    @property
    def experts(self) -> dict[str, object]:
        """The models that it asks, by their role."""
        return {"model": self.model, **self.checks.experts}

    def __call__(self, pairs: Sequence[Pair], answers: Sequence[Answer]) -> list[Answer]:
        """The same answers, each change with its caption and each answer with its own."""
        rows = list(zip(pairs, answers, strict=True))
        spots = [spot for pair, answer in rows for spot in self._spots(pair, answer)]
        for step in (self._described, self._checked, self._told):
            spots = _those_without_reason(spots, step)
        left = iter(spots)
        told = [
            replace(answer, changes=tuple(next(left).change for _ in answer.changes))
            for answer in answers
        ]
        return self._as_a_whole(pairs, told)

    def _spots(self, pair: Pair, answer: Answer) -> list[Spot]:
        """The changes of a pair in their order, those that are not described with the reason."""
        rules = self.checks.rules
        spots = []
        for change in answer.changes:
            spot = Spot.of(pair, change)
            sizes = [view.shape[:2] for view in spot.views]
            unfit = map(rules.unfit_size, spot.boxes, sizes)
            spots.append(spot.because(next(filter(None, unfit), None)))
        open_ones = [i for i, spot in enumerate(spots) if not spot.change.caption_reason]
        ranked = sorted(open_ones, key=lambda i: -spots[i].change.score)
        for i in ranked[rules.max_changes :] if rules.max_changes else []:
            spots[i] = spots[i].because(
                f"the pair has more than {rules.max_changes} changes, and others score higher"
            )
        return spots

    def _described(self, spots: Sequence[Spot]) -> list[Spot]:
        """What each region shows in before and in after."""
        chats = [
            Chat((view, REGION.ask(box=box_words(box, view.shape[:2]))))
            for spot in spots
            for view, box in zip(spot.views, spot.boxes, strict=True)
        ]
        replies = self.model(chats)
        pairs = zip(spots, replies[::2], replies[1::2], strict=True)
        return [_with_regions(spot, before, after) for spot, before, after in pairs]

    def _checked(self, spots: Sequence[Spot]) -> list[Spot]:
        """Whether what was said of the regions is believed."""
        captions = [spot.change.region_captions or ("", "") for spot in spots]
        reasons = self.checks([s.views for s in spots], [s.boxes for s in spots], captions)
        return [spot.because(reason) for spot, reason in zip(spots, reasons, strict=True)]

    def _told(self, spots: Sequence[Spot]) -> list[Spot]:
        """What differs between the two sides of each spot."""
        chats = []
        for spot in spots:
            before, after = spot.change.region_captions or ("", "")
            asked = DIFFERENCE.ask(before=before, after=after)
            chats.append(Chat((framed_pair(*spot.views, spot.boxes), asked)))
        return [
            replace(spot, change=replace(spot.change, caption=reply.text)).because(reply.problem)
            for spot, reply in zip(spots, self.model(chats), strict=True)
        ]

    def _as_a_whole(self, pairs: Sequence[Pair], answers: Sequence[Answer]) -> list[Answer]:
        """The answers with what is said of each pair."""
        changed = [i for i, answer in enumerate(answers) if answer.changes]
        replies: dict[int, Reply] = {}
        if self.whole == "asked" and changed:
            views = [side_by_side(pairs[i].before, pairs[i].after) for i in changed]
            said = self.model([Chat((view, PAIR.text)) for view in views])
            replies = dict(zip(changed, said, strict=True))
        told = []
        for i, (pair, answer) in enumerate(zip(pairs, answers, strict=True)):
            if not answer.changes:  # there is nothing to ask about
                told.extend(self.unchanged([pair], [answer]))
                continue
            reply = replies.get(i) or _joined(answer.changes)
            told.append(replace(answer, caption=reply.text, caption_reason=reply.problem))
        return told


def _those_without_reason(
    spots: Sequence[Spot], step: Callable[[Sequence[Spot]], list[Spot]]
) -> list[Spot]:
    """The spots after a step, which is not told of those that are given up."""
    open_ones = [spot for spot in spots if spot.change.caption_reason is None]
    done = iter(step(open_ones) if open_ones else [])
    return [next(done) if spot.change.caption_reason is None else spot for spot in spots]


def _with_regions(spot: Spot, before: Reply, after: Reply) -> Spot:
    if before.text is not None and after.text is not None:
        both = (before.text, after.text)
        return replace(spot, change=replace(spot.change, region_captions=both))
    view, problem = ("before", before) if before.text is None else ("after", after)
    return spot.because(f"{view}: {problem.problem or 'no answer'}")


def _joined(changes: Sequence[Change]) -> Reply:
    """The captions of changes as one, or why there is none."""
    captions = [change.caption for change in changes if change.caption]
    if captions:
        return Reply(" ".join(captions))
    return Reply(None, f"no change has a caption: {changes[0].caption_reason}")
