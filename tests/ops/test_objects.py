"""Which objects of two views are one thing, and what changed of it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.boxes import mirror
from spotdiff.ops.objects import ADDED, CHANGED, REMOVED, UNCHANGED, kinds_of, sightings
from spotdiff.types import Detections, ObjectEvidence, SeenObjects

HERE, THERE = (10, 10, 30, 30), (60, 10, 80, 30)
RED, BLUE = (1.0, 0.0), (0.0, 1.0)
LOOK = (0.0, 1.0)


class View(NamedTuple):
    """The objects of a view, and a vector for each."""

    seen: SeenObjects
    looks: np.ndarray


def view(*objects, score=0.9) -> View:
    """Objects as (box, look) or (box, look, score)."""
    boxes = np.array([o[0] for o in objects], np.float32).reshape(-1, 4)
    looks = np.array([o[1] for o in objects], np.float32).reshape(-1, 2)
    scores = np.array([o[2] if len(o) > 2 else score for o in objects], np.float32)
    none = np.zeros((len(objects), 0), np.float32)
    return View(SeenObjects(Detections(boxes, scores, ("car",) * len(objects)), none, none), looks)


def told(before: View, after: View, groups=None, *, looks=True, **settings) -> list[tuple]:
    """(before, after, kind) of every thing, in order."""
    cosines = before.looks @ after.looks.T if looks else None
    evidence = ObjectEvidence(before.seen, after.seen, cosines)
    wanted = {"alpha": 0.5, "min_same": 0.5, "min_partner": 0.1} | settings
    groups = groups or (before.seen.detections.labels, after.seen.detections.labels)
    seen = sightings(evidence, groups, look=LOOK, **wanted)
    kinds = kinds_of(seen, max_shift=0.5, min_alike=0.3)
    return sorted(zip(seen.before.tolist(), seen.after.tolist(), kinds.tolist(), strict=True))


def test_what_one_view_shows_was_added_or_removed():
    assert told(view((HERE, RED)), view()) == [(0, -1, REMOVED)]
    assert told(view(), view((HERE, RED))) == [(-1, 0, ADDED)]


def test_the_same_in_both_views_is_unchanged():
    assert told(view((HERE, RED)), view((HERE, RED))) == [(0, 0, UNCHANGED)]


def test_a_thing_that_looks_different_in_its_place_has_changed():
    assert told(view((HERE, RED)), view((HERE, BLUE))) == [(0, 0, CHANGED)]


def test_a_twin_elsewhere_has_moved():
    assert told(view((HERE, RED)), view((THERE, RED))) == [(0, 0, CHANGED)]


def test_another_thing_elsewhere_is_another_thing():
    assert told(view((HERE, RED)), view((THERE, BLUE))) == [(-1, 0, ADDED), (0, -1, REMOVED)]


def test_a_shift_is_measured_by_the_size_of_the_thing():
    small, large = (10, 10, 20, 20), (10, 10, 90, 90)
    shifted = [
        tuple(v + d for v, d in zip(box, (6, 0, 6, 0), strict=True)) for box in (small, large)
    ]
    assert told(view((small, RED)), view((shifted[0], RED))) == [(0, 0, CHANGED)]
    assert told(view((large, RED)), view((shifted[1], RED))) == [(0, 0, UNCHANGED)]


def test_groups_are_never_mixed():
    groups = (["vehicle"], ["person"])
    assert told(view((HERE, RED)), view((HERE, RED)), groups) == [(-1, 0, ADDED), (0, -1, REMOVED)]


def test_hopeless_pairs_take_no_partner_away():
    """Were the gate after the assignment, the sum of both hopeless gains would win."""
    before, after = view((HERE, RED), (THERE, RED)), view((HERE, RED), ((200, 0, 220, 20), BLUE))
    found = told(before, after, alpha=1.0)
    assert (0, 0, UNCHANGED) in found
    assert (1, -1, REMOVED) in found
    assert (-1, 1, ADDED) in found


def test_a_dim_partner_keeps_a_thing_from_coming():
    assert told(view((HERE, RED, 0.12)), view((HERE, RED))) == [(0, 0, UNCHANGED)]
    assert told(view((HERE, RED, 0.05)), view((HERE, RED))) == [(-1, 0, ADDED)]


def test_without_looks_places_decide():
    here, there = view((HERE, RED)), view((THERE, RED))
    assert told(here, here, looks=False) == [(0, 0, UNCHANGED)]
    assert told(here, there, looks=False) == [(-1, 0, ADDED), (0, -1, REMOVED)]


objects = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(4, 30), st.integers(4, 30)),
        st.floats(0, np.pi / 2),
        st.floats(0.2, 1),
    ),
    max_size=6,
)


def drawn(some) -> View:
    return view(
        *(((x, y, x + w, y + h), (np.cos(a), np.sin(a)), score) for (x, y, w, h), a, score in some)
    )


def counts(found) -> dict[int, int]:
    return {kind: sum(one[2] == kind for one in found) for kind in (ADDED, REMOVED, CHANGED)}


@given(objects, objects)
def test_exchanged_views_exchange_added_and_removed(one, other):
    there, back = counts(told(drawn(one), drawn(other))), counts(told(drawn(other), drawn(one)))
    assert there[ADDED] == back[REMOVED]
    assert there[REMOVED] == back[ADDED]


@given(objects)
def test_equal_views_hold_no_change(some):
    assert counts(told(drawn(some), drawn(some))) == {ADDED: 0, REMOVED: 0, CHANGED: 0}


@given(objects, objects)
def test_mirrored_views_hold_the_same_changes(one, other):
    def mirrored(some: View) -> View:
        old = some.seen.detections
        flipped = Detections(mirror(old.boxes, 100), old.scores, old.labels)
        return some._replace(seen=replace(some.seen, detections=flipped))

    there = told(drawn(one), drawn(other))
    assert told(mirrored(drawn(one)), mirrored(drawn(other))) == there


@given(objects, objects, st.randoms())
def test_the_order_of_objects_does_not_matter(one, other, random):
    shuffled = list(one)
    random.shuffle(shuffled)
    assert counts(told(drawn(shuffled), drawn(other))) == counts(told(drawn(one), drawn(other)))


@pytest.mark.parametrize("count", [0, 1])
def test_no_objects_are_no_things(count):
    assert len(told(view(), view(*[(HERE, RED)] * count))) == count
