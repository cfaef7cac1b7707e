"""Set F1 of many settings of the rules of objects over many pairs, from what is stored of them.

Partners do not depend on the thresholds of scores and heat: they are found once for each alpha and
min_same, for all pairs and for any of them, and all else is arithmetic over the things of all pairs
in one array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int64

from spotdiff.ops.object_scores import thing_scores
from spotdiff.ops.objects import Look, Sightings, kinds_of
from spotdiff.ops.things import Things
from spotdiff.training.combining import encoded
from spotdiff.training.pair_things import PairThings
from spotdiff.types import (
    ChangeKind,
    Detections,
    LabelSets,
    ObjectEvidence,
    ObjectRules,
    SeenObjects,
)

KINDS = len(ChangeKind)
_FIELDS = ("before", "after", "shift", "alike")  # of sightings


@dataclass(frozen=True)
class LabelledEvidence:
    """What was said of pairs, and their true words.

    Args:
        pair_ids: Of the pairs.
        evidence: Of each, all by the same models; None for a pair that failed, which is scored as
            if it had been answered with nothing.
        truth: The words of each.
        look: The scale of likeness.
        group: What labels have in common that may be said of one thing.
        known_words: Those that detectors were asked for.
        shared: What finds the things of each pair, where a larger table has it already.
    """

    pair_ids: tuple[str, ...]
    evidence: tuple[ObjectEvidence | None, ...]
    truth: tuple[LabelSets, ...]
    look: Look
    group: Callable[[str], str]
    known_words: tuple[str, ...] = ()
    shared: tuple[PairThings, ...] = ()

    def __len__(self) -> int:
        return len(self.evidence)

    @cached_property
    def known(self) -> tuple[ObjectEvidence, ...]:
        """The evidence; of what failed or is identical it is that of nothing."""
        nothing = ObjectEvidence()
        return tuple(nothing if one is None or one.identical else one for one in self.evidence)

    @cached_property
    def things(self) -> tuple[PairThings, ...]:
        """What finds the things of each pair."""
        return self.shared or tuple(PairThings(v, self.look, self.group) for v in self.known)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words that are true of any pair or said of any object, in order."""
        said = {
            label
            for one in self.known
            for view in (one.before, one.after)
            for label in view.detections.labels
        }
        return tuple(sorted(said | self.true_words))

    @property
    def true_words(self) -> set[str]:
        """All words that are true of any pair."""
        return {word for one in self.truth for kind in ChangeKind for word in one.of(kind)}

    @cached_property
    def holds(self) -> Bool[np.ndarray, "n 3 v"]:
        """Whether each pair's set of each kind holds each of `words`."""
        return encoded(self.truth, self.words)

    @cached_property
    def pooled(self) -> ObjectEvidence:
        """The objects of all pairs as if they were of one."""
        return ObjectEvidence(
            _pooled([one.before for one in self.known]), _pooled([one.after for one in self.known])
        )


def subset(labelled: LabelledEvidence, rows: Int64[np.ndarray, " k"]) -> LabelledEvidence:
    """Some of the pairs."""
    chosen = rows.tolist()
    return replace(
        labelled,
        pair_ids=tuple(labelled.pair_ids[row] for row in chosen),
        evidence=tuple(labelled.evidence[row] for row in chosen),
        truth=tuple(labelled.truth[row] for row in chosen),
        shared=tuple(labelled.things[row] for row in chosen),
    )


@dataclass(frozen=True, slots=True)
class PooledThings:
    """The things of all pairs, by partners that were found once.

    Attributes:
        seen: Rows of the pooled evidence.
        pairs: The pair of each thing.
        words: The column of `LabelledEvidence.words` of each thing.
    """

    seen: Sightings
    pairs: Int64[np.ndarray, " n"]
    words: Int64[np.ndarray, " n"]


def pooled_things(labelled: LabelledEvidence, rules: ObjectRules) -> PooledThings:
    """The things of all pairs by the partners that the rules find."""
    place = {word: column for column, word in enumerate(labelled.words)}
    found = [things(rules) for things in labelled.things]
    counts = [len(seen) for seen, _ in found]
    columns = {name: np.concatenate([getattr(s, name) for s, _ in found]) for name in _FIELDS}
    for view in ("before", "after"):
        sizes = [len(getattr(one, view)) for one in labelled.known]
        first = np.repeat(np.cumsum([0, *sizes[:-1]]), counts)
        columns[view] = np.where(columns[view] >= 0, columns[view] + first, -1)
    words = [place[word] for _, own in found for word in own]
    pairs = np.repeat(np.arange(len(found)), counts)
    return PooledThings(Sightings(**columns), pairs, np.array(words, np.int64))


def scores_of(
    labelled: LabelledEvidence, settings: Iterable[ObjectRules]
) -> Float32[np.ndarray, "s n 3"]:
    """Set F1 of every setting, pair and kind; empty against empty is 1."""
    things: dict[tuple[float, float, float], PooledThings] = {}
    fused: dict[ObjectRules, tuple[Int64[np.ndarray, " k"], Float32[np.ndarray, " k"]]] = {}
    rows = []
    for rules in settings:
        matching = (rules.alpha, rules.min_same, rules.min_partner)
        if matching not in things:
            things[matching] = pooled_things(labelled, rules)
        own = things[matching]
        but_for_score = replace(rules, min_score=0)
        if but_for_score not in fused:
            kinds = kinds_of(own.seen, rules.max_shift, rules.min_alike)
            scores = thing_scores(labelled.pooled, own.seen, kinds, rules)
            fused[but_for_score] = kinds, scores
        kinds, scores = fused[but_for_score]
        said = said_words(labelled, own, kinds, scores >= rules.min_score)
        rows.append(f1_of(said, labelled.holds))
    return np.stack(rows) if rows else np.zeros((0, len(labelled), KINDS), np.float32)


def said_words(
    labelled: LabelledEvidence,
    things: PooledThings,
    kinds: Int64[np.ndarray, " k"],
    told: Bool[np.ndarray, " k"],
) -> Bool[np.ndarray, "n 3 v"]:
    """Which words are said of each pair and kind, by the things that are told."""
    shape = (len(labelled), KINDS, len(labelled.words))
    kept = told & (kinds >= 0)
    places = np.ravel_multi_index((things.pairs[kept], kinds[kept], things.words[kept]), shape)
    said = np.zeros(shape, bool)
    said.reshape(-1)[places] = True
    return said


def f1_of(
    said: Bool[np.ndarray, "n 3 v"], true: Bool[np.ndarray, "n 3 v"]
) -> Float32[np.ndarray, "n 3"]:
    """2 |S ∩ T| / (|S| + |T|) of every set; 1 where both are empty.

    Example:
        >>> f1_of(np.array([[[True, False]]]), np.array([[[True, True]]])).round(3)
        array([[0.667]], dtype=float32)
    """
    shared = 2.0 * (said & true).sum(axis=-1)
    count = said.sum(axis=-1) + true.sum(axis=-1)
    return np.where(count > 0, shared / np.maximum(count, 1), 1).astype(np.float32)


def things_by_pair(
    labelled: LabelledEvidence, things: PooledThings, rules: ObjectRules
) -> list[Things]:
    """The things of each pair, with kinds, scores and words."""
    kinds = kinds_of(things.seen, rules.max_shift, rules.min_alike)
    scores = thing_scores(labelled.pooled, things.seen, kinds, rules)
    ends = np.searchsorted(things.pairs, np.arange(len(labelled) + 1)).tolist()
    found = []
    for rows in map(slice, ends, ends[1:]):
        seen = Sightings(*(getattr(things.seen, name)[rows] for name in _FIELDS))
        words = tuple(labelled.words[column] for column in things.words[rows].tolist())
        found.append(Things(seen, kinds[rows], scores[rows], words))
    return found


def _pooled(views: Sequence[SeenObjects]) -> SeenObjects:
    some = [view for view in views if len(view)]
    if not some:
        return SeenObjects.none()
    detections = Detections(
        np.concatenate([view.detections.boxes for view in some]),
        np.concatenate([view.detections.scores for view in some]),
        tuple(label for view in some for label in view.detections.labels),
    )
    return SeenObjects(
        detections,
        np.concatenate([view.shares for view in some]),
        np.concatenate([view.heat for view in some]),
    )
