"""Captions by rules: from kinds, labels, counts, places and colours to plain sentences.

Nothing is learnt and nothing is asked: what a sentence says is what the changes say, and which of
the eleven basic colours the pixels of a thing have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from spotdiff.ops.boxes import iou
from spotdiff.ops.colours import NEUTRAL, ThingColours
from spotdiff.ops.places import place_of
from spotdiff.ops.sentences import NOTHING, PERHAPS, Event, sentence_of, sentence_of_all
from spotdiff.ops.wording import noun_of
from spotdiff.types import Answer, Box, Change, ChangeKind, LabelSets, ModelInfo, NoAreas, Pair

RULES = "2"  # to be raised whenever the same answer gets other words
TOO_DIFFERENT = "The two views are too different to be compared."
MAX_SHARED = 0.3  # IoU of both boxes of a thing up to which it moved; above, it stayed
MIN_SCORE = 0.5  # of a pair, from which on there may be a change though no box shows it


class TemplateCaptioner:
    """Says what differs by rules; a `DifferenceCaptioner`.

    Exchanged views give the same words but for added and removed, and what is said from one to the
    other; mirrored views but for left and right.

    Args:
        max_clauses: How many groups of like changes the sentence of a pair tells of.
        colours: Whether to name the colours of things.

    Raises:
        ValueError: If `max_clauses` is below 1.
    """

    def __init__(self, max_clauses: int = 4, colours: bool = True) -> None:
        if max_clauses < 1:
            raise ValueError(f"Expected max_clauses to be at least 1, got {max_clauses}.")
        self.max_clauses = max_clauses
        self.colours = colours
        identity = f"template {RULES} {max_clauses} {colours}"
        self.info = ModelInfo("template", hashlib.sha256(identity.encode()).hexdigest())

    def __call__(self, pairs: Sequence[Pair], answers: Sequence[Answer]) -> list[Answer]:
        """The same answers in words."""
        return [self._told(pair, answer) for pair, answer in zip(pairs, answers, strict=True)]

    def _told(self, pair: Pair, answer: Answer) -> Answer:
        if not answer.changes:
            return replace(answer, caption=self._without_changes(answer))
        seen = ThingColours(pair.before, pair.after) if self.colours else None
        events = [_event(change, pair.after.shape[:2], seen) for change in answer.changes]
        changes = tuple(
            replace(change, caption=sentence_of(event))
            for change, event in zip(answer.changes, events, strict=True)
        )
        return replace(
            answer, changes=changes, caption=sentence_of_all(events, max_clauses=self.max_clauses)
        )

    def _without_changes(self, answer: Answer) -> str:
        """What can be said where no box is: the words of the pair, or that there is nothing."""
        if answer.areas is not None and answer.areas.reason is NoAreas.TOO_DIFFERENT:
            return TOO_DIFFERENT
        if answer.labels is not None and (events := list(_named(answer.labels))):
            return sentence_of_all(events, max_clauses=self.max_clauses)
        return PERHAPS if (answer.change_score or 0.0) >= MIN_SCORE else NOTHING


def _named(labels: LabelSets) -> Iterator[Event]:
    """An event for each word, in an order that exchanged views do not change."""
    told = [
        (noun.words, kind, noun)
        for kind in ChangeKind
        for word in labels.of(kind)
        if (noun := noun_of(word)) is not None
    ]
    for _, kind, noun in sorted(told, key=lambda one: one[0]):
        yield Event(kind.value, noun)


def _event(change: Change, size: tuple[int, int], seen: ThingColours | None) -> Event:
    """What happened to the thing of a change."""
    boxes = (change.box_before, change.box_after)
    shown = [box for box in boxes if box is not None]
    place = place_of(_hull(shown), size) if shown else None
    event = Event(change.kind.value, noun_of(change.label), change.score, place)
    if (old := noun_of(change.label_before)) is not None:
        return replace(event, noun=old, into=event.noun or noun_of("another thing"))
    if change.kind is ChangeKind.CHANGED and _moved(*boxes):
        ends = [place_of(box, size) for box in shown]
        event = replace(event, happening="moved", place=ends[0], end=ends[1])
    if seen is None or (event.noun is not None and not event.noun.takes_colour):
        return event
    colours = [None if box is None else seen.of(box, view) for view, box in enumerate(boxes)]
    return _coloured(event, *colours)


def _coloured(event: Event, before: str | None, after: str | None) -> Event:
    """The event with what is said of colours, given that of the thing in each view."""
    if event.happening in ("added", "removed"):
        return replace(event, colour=after if event.happening == "added" else before)
    if before is None or after is None or before == after:
        return replace(event, colour=before if before == after else None)
    light_alone = {before, after} <= NEUTRAL and {before, after} != {"black", "white"}
    if event.happening == "moved" or light_alone:
        return event
    return replace(event, turned=(before, after))


def _moved(before: Box | None, after: Box | None) -> bool:
    """Whether a thing that both views show stands elsewhere."""
    if before is None or after is None:
        return False
    both = np.array([before], np.float32), np.array([after], np.float32)
    return float(iou(*both)[0, 0]) < MAX_SHARED


def _hull(boxes: Sequence[Box]) -> Box:
    """The box around all of some."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
