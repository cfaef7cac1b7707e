"""Sentences about changes, from answers and pixels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.boxes import mirror
from spotdiff.stages.template_captioner import TemplateCaptioner
from spotdiff.types import Answer, AreaReport, Change, ChangeKind, LabelSets, NoAreas, Pair
from tests.ops.test_sentences import told_backwards, with_words

SIZE = (90, 120)
RED, BLUE = (200, 30, 30), (30, 60, 170)
SAY = TemplateCaptioner()


def ground() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (np.array([70, 120, 60]) + rng.integers(-5, 6, (*SIZE, 3))).astype(np.uint8)


def pair_of(*things: tuple[int, tuple[int, int, int, int], tuple[int, int, int]]) -> Pair:
    """Things of one colour on the same ground, each in one of the views."""
    views = ground(), ground()
    for view, (x0, y0, x1, y1), colour in things:
        views[view][y0:y1, x0:x1] = colour
    return Pair("pair", *views)


def said(pair: Pair, *changes: Change, **answer) -> Answer:
    (told,) = SAY([pair], [Answer(changes, 0.9, **answer)])
    return told


def added(box, label=None, score=0.9) -> Change:
    return Change(ChangeKind.ADDED, score, label, None, box)


def removed(box, label=None, score=0.8) -> Change:
    return Change(ChangeKind.REMOVED, score, label, box, None)


def test_the_pair_and_every_change_have_a_sentence():
    pair = pair_of((0, (95, 35, 115, 50), RED))
    told = said(
        pair,
        added((0, 65, 10, 88), "person"),
        added((12, 65, 22, 88), "person"),
        removed((95, 35, 115, 50), "car"),
    )
    assert told.caption == (
        "Two people were added at the lower left; a red car was removed on the right."
    )
    assert [change.caption for change in told.changes] == [
        "A person was added at the lower left.",
        "A person was added at the lower left.",
        "A red car was removed on the right.",
    ]


def test_nothing_but_captions_is_added():
    changes = (added((0, 65, 10, 88), "person"), removed((95, 35, 115, 50)))
    answer = Answer(changes, 0.9, LabelSets(added=("person",)))
    (told,) = SAY([pair_of()], [answer])
    bare = tuple(replace(change, caption=None) for change in told.changes)
    assert replace(told, changes=bare, caption=None) == answer


def test_a_thing_that_stayed_may_have_turned_to_another_colour():
    box = (50, 35, 70, 55)
    pair = pair_of((0, box, RED), (1, box, BLUE))
    told = said(pair, Change(ChangeKind.CHANGED, 0.9, "car", box, box))
    assert told.caption == "A car in the centre turned from red to blue."
    person = said(pair, Change(ChangeKind.CHANGED, 0.9, "person", box, box))
    assert person.caption == "A person in the centre changed."


def test_light_alone_turns_nothing():
    box = (50, 35, 70, 55)
    pair = pair_of((0, box, (20, 20, 20)), (1, box, (120, 120, 120)))
    told = said(pair, Change(ChangeKind.CHANGED, 0.9, "car", box, box))
    assert told.caption == "A car in the centre changed."


def test_a_thing_with_boxes_at_two_places_moved():
    old, new = (5, 65, 25, 85), (50, 35, 70, 55)
    pair = pair_of((0, old, RED), (1, new, RED))
    told = said(pair, Change(ChangeKind.CHANGED, 0.9, "car", old, new))
    assert told.caption == "A red car moved from the lower left to the centre."


def test_colours_can_be_left_out():
    box = (50, 35, 70, 55)
    answer = Answer((added(box, "car"),))
    (told,) = TemplateCaptioner(colours=False)([pair_of((1, box, RED))], [answer])
    assert told.caption == "A car was added in the centre."


def test_without_changes_nothing_changed():
    (told,) = SAY([pair_of()], [Answer((), 0.1)])
    assert told.caption == "Nothing changed."
    report = AreaReport(NoAreas.TOO_SIMILAR, 0.99)
    assert SAY([pair_of()], [Answer((), None, areas=report)])[0].caption == "Nothing changed."


def test_without_boxes_the_words_of_the_pair_are_said():
    words = LabelSets(added=("car", "car"), removed=("person",))
    told = said(pair_of(), labels=words)
    assert told.caption == "Two cars were added; a person was removed."


def test_a_likely_change_without_a_box_is_not_denied():
    assert said(pair_of()).caption == "Something may have changed."


def test_views_that_cannot_be_compared_are_not_called_unchanged():
    report = AreaReport(NoAreas.TOO_DIFFERENT, 0.2)
    (told,) = SAY([pair_of()], [Answer((), None, areas=report)])
    assert told.caption == "The two views are too different to be compared."


def test_changes_without_boxes_have_no_place():
    told = said(pair_of(), Change(ChangeKind.CHANGED, 0.5, "car"))
    assert told.caption == "A car changed."


def test_what_is_said_of_a_pair_does_not_depend_on_the_pairs_beside_it():
    pairs = [pair_of((1, (50, 35, 70, 55), RED)), pair_of(), pair_of((0, (5, 5, 30, 30), BLUE))]
    answers = [
        Answer((added((50, 35, 70, 55), "car"),)),
        Answer(()),
        Answer((removed((5, 5, 30, 30), "car"),)),
    ]
    alone = [SAY([p], [a])[0] for p, a in zip(pairs, answers, strict=True)]
    assert SAY(pairs, answers) == alone
    assert SAY(pairs[::-1], answers[::-1]) == alone[::-1]
    assert SAY([], []) == []


def test_the_name_tells_settings_apart():
    infos = [SAY.info, TemplateCaptioner(2).info, TemplateCaptioner(colours=False).info]
    assert {info.name for info in infos} == {"template"}
    assert len({info.sha256 for info in infos}) == 3
    assert TemplateCaptioner().info == SAY.info


def test_less_than_one_clause_is_refused():
    with pytest.raises(ValueError, match="max_clauses to be at least 1, got 0"):
        TemplateCaptioner(0)


@st.composite
def scenes(draw):
    """A pair with coloured things, and changes that tell of them; boxes in whole pixels."""
    things, changes = [], []
    for _ in range(draw(st.integers(0, 4))):
        boxes = []
        for view in range(2):
            x0, y0 = draw(st.integers(0, 90)), draw(st.integers(0, 60))
            boxes.append((x0, y0, x0 + draw(st.integers(8, 30)), y0 + draw(st.integers(8, 30))))
            things.append((view, boxes[-1], draw(st.sampled_from([RED, BLUE, (15, 15, 15)]))))
        kind = draw(st.sampled_from(ChangeKind))
        if draw(st.booleans()):
            boxes[1] = boxes[0]
        sides = [None if kind is ChangeKind.ADDED else boxes[0], boxes[1]]
        sides[1] = None if kind is ChangeKind.REMOVED else boxes[1]
        label = draw(st.sampled_from([None, "car", "person", "cups", "scissors"]))
        score = draw(st.sampled_from([0.5, 0.9]))
        changes.append(Change(kind, score, label, *sides))
    return pair_of(*things), Answer(tuple(changes), 0.2)


def exchanged(change: Change) -> Change:
    return replace(
        change, kind=change.kind.swapped, box_before=change.box_after, box_after=change.box_before
    )


def flipped(box):
    return box and tuple(mirror(np.array([box], np.float32), SIZE[1])[0].tolist())


def texts(answer: Answer) -> list[str]:
    return [answer.caption, *(change.caption for change in answer.changes)]


@given(scenes())
@settings(max_examples=40)
def test_exchanged_views_exchange_added_and_removed_and_from_and_to_and_nothing_else(scene):
    pair, answer = scene
    back = Pair("pair", pair.after, pair.before)
    swapped = replace(answer, changes=tuple(map(exchanged, answer.changes)))
    (told,), (other,) = SAY([pair], [answer]), SAY([back], [swapped])
    assert texts(other) == [told_backwards(text) for text in texts(told)]


@given(scenes())
@settings(max_examples=40)
def test_mirrored_views_exchange_left_and_right_and_nothing_else(scene):
    pair, answer = scene
    views = [np.ascontiguousarray(view[:, ::-1]) for view in (pair.before, pair.after)]
    changes = tuple(
        replace(c, box_before=flipped(c.box_before), box_after=flipped(c.box_after))
        for c in answer.changes
    )
    (told,) = SAY([pair], [answer])
    (other,) = SAY([Pair("pair", *views)], [replace(answer, changes=changes)])
    sides = {"left": "right", "right": "left"}
    assert texts(other) == [with_words(text, sides) for text in texts(told)]
