"""From pairs to changes of objects: the acceptance list of the workflow this replaces."""

import numpy as np
import pytest

from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.labels import Vocabulary
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.stages.detection import Detection
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.stages.object_evidence import Witness
from spotdiff.stages.objects import EvidenceOnly, ObjectComparer, joined
from spotdiff.types import (
    Change,
    ChangeKind,
    Combination,
    LabelSets,
    ObjectRules,
    Pair,
    Thresholds,
    WitnessWeights,
)
from tests.fakes import ByDifference
from tests.object_parts import Blocks, Colours, street

LABELS = ("car", "cone", "truck")
CAR, CONE = ("car", (10, 20, 30, 40)), ("cone", (60, 8, 80, 24))
LOOK = (0.0, 1.0)


class Parts:
    """A comparer with everything that it asks."""

    def __init__(self, *, detector=True, localizer=False, regions=None, **settings) -> None:
        self.blocks, self.colours, self.map = Blocks(), Colours(), ByDifference()
        self.store = RecentEvidence()
        vocabulary = Vocabulary(LABELS, LABELS)
        self.witness = Witness(
            self.store,
            Detection({"blocks": self.blocks} if detector else {}, vocabulary),
            Appearance(self.colours, LOOK),
            self.map if localizer else None,
            "map",
        )
        decision = ObjectDecision(settings.get("rules", ObjectRules()), settings.get("combination"))
        self.comparer = ObjectComparer(self.witness, decision, regions)

    def __call__(self, before, after, overlap=None):
        return self.comparer([Pair("pair", before, after, overlap=overlap)])[0]


def kinds(answer) -> list[tuple[str, str | None]]:
    return [(change.kind.value, change.label) for change in answer.changes]


def test_added_and_removed_things_are_told():
    answer = Parts()(street(CAR), street(CONE))
    assert answer.labels == LabelSets(added=("cone",), removed=("car",))
    boxes = {c.kind.value: (c.box_before, c.box_after) for c in answer.changes}
    assert boxes == {"removed": (CAR[1], None), "added": (None, CONE[1])}


def test_exchanged_views_exchange_the_answer():
    there, back = Parts()(street(CAR), street(CONE, CAR)), Parts()(street(CONE, CAR), street(CAR))
    assert there.labels == back.labels.swapped() == LabelSets(added=("cone",))


@pytest.mark.parametrize("localizer", [False, True])
def test_equal_views_hold_nothing(localizer):
    answer = Parts(localizer=localizer)(street(CAR, CONE), street(CAR, CONE))
    assert (answer.changes, answer.change_score, answer.labels) == ((), 0.0, LabelSets())


def test_a_displaced_thing_has_changed():
    answer = Parts()(street(CAR), street(("car", (60, 20, 80, 40))))
    assert kinds(answer) == [("changed", "car")]
    assert (answer.changes[0].box_before, answer.changes[0].box_after) == (
        (10, 20, 30, 40),
        (60, 20, 80, 40),
    )


def test_a_recoloured_thing_in_its_place_has_changed():
    """Two words that mean one sort of thing, as for a truck that is a vehicle."""
    parts = Parts()
    parts.comparer.decision = ObjectDecision(meanings=_one_sort(), look=LOOK)
    answer = parts(street(CAR), street(("truck", CAR[1])))
    assert [kind for kind, _ in kinds(answer)] == ["changed"]


def _one_sort():
    from spotdiff.labels import Meanings, Synonyms

    return Meanings(Synonyms(), {"car": "vehicle", "truck": "vehicle"})


def test_models_are_asked_once_and_in_one_batch():
    parts = Parts(localizer=True)
    pairs = [
        Pair("a", street(CAR), street(CONE)),
        Pair("b", street(CONE), street(CAR, CONE)),
        Pair("c", street(CAR), street(CAR, CONE)),
    ]
    parts.comparer(pairs)
    parts.comparer(pairs)
    distinct = 3  # of six views
    assert (parts.blocks.calls, len(parts.blocks.looked)) == (1, distinct)
    assert (parts.colours.calls, parts.colours.regions) == (1, 1 + 1 + 2)
    assert parts.map.batches == [3]


def test_other_rules_ask_no_model():
    parts = Parts(localizer=True)
    pair = Pair("a", street(CAR), street(CONE))
    for score in (0.1, 0.5, 0.9):
        parts.comparer.decision = ObjectDecision(ObjectRules(min_score=score), look=LOOK)
        parts.comparer([pair])
    assert (parts.blocks.calls, parts.colours.calls, len(parts.map.batches)) == (1, 1, 1)


def test_answers_are_the_same_alone_and_together():
    pairs = [Pair("a", street(CAR), street(CONE)), Pair("b", street(CAR), street(CAR))]
    together = Parts().comparer(pairs)
    alone = [Parts().comparer([pair])[0] for pair in pairs]
    assert [one.labels for one in together] == [one.labels for one in alone]


def test_nobody_knows_what_only_one_view_shows():
    overlap = np.ones((64, 96), bool)
    overlap[:, 50:] = False
    assert Parts()(street(CAR), street(CONE), overlap).labels == LabelSets(removed=("car",))


def test_the_map_boosts_what_is_hot():
    cold, hot = Parts(), Parts(localizer=True)
    before, after = street(), street(("cone", (20, 20, 50, 50)))
    rules = ObjectRules(boost=0.2, min_heat=0.05)
    for parts in (cold, hot):
        parts.comparer.decision = ObjectDecision(rules, look=LOOK)
    assert cold(before, after).changes[0].score == pytest.approx(0.8)
    assert hot(before, after).changes[0].score > 0.8


def test_the_change_model_alone_answers():
    regions = HeatmapDecision(Thresholds(min_heat=0.1, min_score=0.05))
    after = street()
    after[44:60, 4:24] = 240
    answer = Parts(detector=False, localizer=True, regions=regions)(street(), after)
    assert [kind for kind, _ in kinds(answer)] == ["added"]


def test_hot_regions_that_no_object_accounts_for_are_told_too():
    regions = HeatmapDecision(Thresholds(min_heat=0.1, min_score=0.05))
    after = street(CONE)
    after[44:60, 4:24] = 240  # white: no label of anything
    answer = Parts(localizer=True, regions=regions)(street(), after)
    assert sorted(kinds(answer), key=str) == [("added", "cone"), ("added", None)]


def test_a_region_keeps_a_name_only_if_that_was_looked_for():
    hot = [
        Change(ChangeKind.ADDED, 0.9, name, box_after=(4, 44, 24, 60)) for name in ("car", "fox")
    ]
    told = {}
    for detector in (True, False):
        parts = Parts(detector=detector, localizer=True, regions=lambda *_: (hot, 0.9, LabelSets()))
        told[detector] = [change.label for change in parts(street(), street(CONE)).changes]
    assert set(told[True]) == {"cone", "car", None}
    assert told[False] == ["car", "fox"]


def test_without_anybody_to_ask_there_is_no_answer():
    with pytest.raises(ValueError, match="Expected a detector or a change model"):
        Parts(detector=False)


def test_a_combination_decides_about_words():
    """One that says its word wherever the surest thing of a kind is surer than even."""
    weights = WitnessWeights(
        gates=np.array([[1.0, 0, 0, 0]] * 2), words=np.array([[1.0, 0, 0, 0, 0]] * 2)
    )
    combination = Combination(("car", "cone"), np.zeros((2, 2)), {"objects": weights})
    answer = Parts(combination=combination)(street(CAR), street(CONE))
    assert answer.labels == LabelSets(added=("cone",), removed=("car",))
    assert 0.9 < answer.change_score < 1
    same = Parts(combination=combination)(street(CAR), street(CAR))
    assert (same.labels, same.change_score) == (LabelSets(), 0.0)


def test_a_combination_of_other_witnesses_is_refused():
    combination = Combination(("car",), np.zeros((2, 1)), {})
    with pytest.raises(ValueError, match="fitted for 'objects'"):
        Parts(combination=combination)(street(CAR), street(CONE))


def test_evidence_alone_decides_nothing():
    parts = Parts()
    asked = EvidenceOnly(parts.witness)
    assert asked([Pair("a", street(CAR), street())])[0].labels is None
    stored = parts.store.pairs.get(asked.keys["a"])
    assert stored.before.detections.labels == ("car",)


@pytest.mark.parametrize("height", [1, 3])
def test_strips_are_answered(height):
    before = np.full((height, 60, 3), 90, np.uint8)
    after = before.copy()
    after[:, 10:30] = (40, 200, 60)
    answer = Parts(localizer=True)(before, after)
    assert answer.labels == LabelSets(added=("cone",))


def test_regions_about_objects_are_left_out():
    thing = Change(ChangeKind.ADDED, 0.5, "car", box_after=(10, 10, 30, 30))
    inside = Change(
        ChangeKind.CHANGED, 0.9, box_before=(12, 12, 20, 20), box_after=(12, 12, 20, 20)
    )
    free = Change(ChangeKind.REMOVED, 0.7, box_before=(12, 12, 20, 20))
    assert joined([thing], [inside, free]) == (free, thing)
