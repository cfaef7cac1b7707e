"""The laws of a pair, of whatever models may say of it: by rules, and by a combination."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.combination import GATE_COLUMNS, WORD_COLUMNS
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.types import (
    ChangeKind,
    Combination,
    LabelSets,
    ObjectEvidence,
    ObjectRules,
    SeenObjects,
    WholePair,
    WitnessWeights,
)
from tests.training.object_tables import LOOK, MEANINGS, random_table, seen

SWAPPED = [1, 0, 2]  # added and removed exchanged
seeds = st.integers(0, 10**9)


def evidence(seed: int) -> ObjectEvidence:
    (found,) = random_table(np.random.default_rng(seed), 1, holes=False).evidence
    return found


def decision(seed: int, *, heat: str = "boost", joined: bool = False) -> ObjectDecision:
    rng = np.random.default_rng(seed)
    rules = ObjectRules(min_score=0.2, min_same=float(rng.uniform(0.2, 0.8)), heat=heat)
    weights = WitnessWeights(
        rng.normal(size=(2, len(GATE_COLUMNS["both"]))),
        rng.normal(size=(2, len(WORD_COLUMNS["both"]))),
    )
    words = ("car", "cone", "person", "truck")
    combination = Combination(words, rng.normal(size=(2, 4)), {"both": weights})
    return ObjectDecision(rules, combination if joined else None, MEANINGS, LOOK)


def swapped(one: ObjectEvidence) -> ObjectEvidence:
    """What the same models say of the pair with its views exchanged."""

    def view(objects: SeenObjects) -> SeenObjects:
        return replace(objects, heat=objects.heat[:, SWAPPED])

    whole = one.whole
    turned = WholePair(whole.gates[SWAPPED], whole.label_scores[SWAPPED], whole.words)
    cosines = None if one.cosines is None else one.cosines.T
    return ObjectEvidence(view(one.after), view(one.before), cosines, turned, one.identical)


def told(changes, *, turned: bool = False) -> list[tuple]:
    rows = []
    for one in changes:
        boxes = (one.box_before, one.box_after)
        kind = one.kind.swapped if turned else one.kind
        rows.append((kind.value, one.label, boxes[::-1] if turned else boxes, round(one.score, 5)))
    return sorted(rows, key=str)


def sets(labels: LabelSets) -> list[set[str]]:
    return [set(labels.of(kind)) for kind in ChangeKind]


@settings(max_examples=60)
@given(seeds, st.sampled_from(["boost", "odds"]), st.booleans())
def test_exchanged_views_exchange_added_and_removed_and_keep_what_changed(seed, heat, joined):
    said, decide = evidence(seed), decision(seed, heat=heat, joined=joined)
    changes, score, labels = decide(said, "both")
    back, same, turned = decide(swapped(said), "both")
    assert told(back) == told(changes, turned=True)
    assert sets(turned) == sets(labels.swapped())
    assert same == pytest.approx(score, abs=1e-6)


def test_the_law_is_about_changes_of_every_kind():
    """What it is drawn from holds all of them."""
    kinds = [c.kind for seed in range(60) for c in decision(seed)(evidence(seed), "both")[0]]
    assert min(kinds.count(kind) for kind in ChangeKind) > 10


@pytest.mark.parametrize("joined", [False, True])
def test_a_recoloured_thing_changes_whichever_view_comes_first(joined):
    """Both views are as sure of their words, so neither may decide."""
    car, truck = (seen((word, 0, 0.8, 0.9)) for word in ("car", "truck"))
    whole = WholePair(np.full(3, 0.9, np.float32), np.full((3, 1), 0.5, np.float32), ("car",))
    decide = decision(0, joined=joined)
    there = decide(ObjectEvidence(car, truck, whole=whole), "both")
    back = decide(ObjectEvidence(truck, car, whole=whole), "both")
    assert [(one.kind.value, one.label) for one in there[0]] == [("changed", "car")]
    assert (there[0], there[2].changed) == (back[0], back[2].changed)


@settings(max_examples=30)
@given(seeds, st.booleans())
def test_of_equal_views_nothing_is_said(seed, joined):
    same = replace(evidence(seed), identical=True)
    assert decision(seed, joined=joined)(same, "both") == ((), 0.0, LabelSets())


@settings(max_examples=30)
@given(seeds)
def test_a_higher_threshold_only_leaves_changes_out(seed):
    said, decide = evidence(seed), decision(seed)
    strict = replace(decide, rules=replace(decide.rules, min_score=0.6))
    many, few = decide(said, "both")[0], strict(said, "both")[0]
    assert few == tuple(change for change in many if change.score >= 0.6)
    assert [change.score for change in many] == sorted((c.score for c in many), reverse=True)
