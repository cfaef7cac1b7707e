"""Areas and words of a pair become truth to train on."""

import pytest

from spotdiff.stages.pseudo import pseudo_labels
from spotdiff.types import Change, ChangeKind, LabelSets, TrueChange

ADDED, REMOVED, CHANGED = ChangeKind
HERE, THERE = (0.0, 0.0, 9.0, 9.0), (20.0, 0.0, 29.0, 9.0)


def came(score: float = 0.5, label: str | None = None, box=HERE) -> Change:
    return Change(ADDED, score, label, box_after=box)


WENT = Change(REMOVED, 0.5, box_before=THERE)
BOTH = Change(CHANGED, 0.5, box_before=HERE, box_after=THERE)


def test_an_area_of_a_kind_without_words_is_a_false_one():
    told = pseudo_labels([came(), WENT, BOTH], LabelSets(removed=("dog",)))
    assert told.changes == (TrueChange(REMOVED, "dog", THERE, None),)
    assert told.outside == "unchanged"


def test_boxes_of_both_views_are_kept():
    told = pseudo_labels([BOTH], LabelSets(changed=("sign",)))
    assert told.changes == (TrueChange(CHANGED, "sign", HERE, THERE),)


def test_the_only_word_of_a_kind_names_all_of_its_areas_however_often_it_is_said():
    told = pseudo_labels([came(), came(box=THERE)], LabelSets(added=("car", "car")))
    assert [change.label for change in told.changes] == ["car", "car"]


def test_an_area_keeps_its_name_where_that_is_one_of_several_words_and_has_none_otherwise():
    words = LabelSets(added=("car", "dog"))
    told = pseudo_labels([came(label="dog"), came(label="cat"), came()], words)
    assert [change.label for change in told.changes] == ["dog", None, None]


def test_a_wrong_name_gives_way_to_the_only_word():
    told = pseudo_labels([came(label="cat")], LabelSets(added=("car",)))
    assert told.changes[0].label == "car"


@pytest.mark.parametrize(
    ("words", "outside"),
    [
        (LabelSets(added=("car",)), "unchanged"),
        (LabelSets(added=("car",), removed=("dog",)), "unknown"),  # no area shows the dog
        (LabelSets(changed=("sign",)), "unknown"),  # the only area is a false one
        (LabelSets(), "unchanged"),
    ],
)
def test_the_outside_is_known_where_every_kind_with_words_has_an_area(words, outside):
    assert pseudo_labels([came()], words).outside == outside


@pytest.mark.parametrize("words", [None, LabelSets(added=("car",)), LabelSets()])
def test_the_outside_is_unknown_where_only_one_view_shows_a_part_of_the_place(words):
    assert pseudo_labels([came()], words, overlap=0.9).outside == "unknown"
    assert pseudo_labels([came()], words, overlap=1.0).outside == "unchanged"


def test_an_area_that_is_hardly_different_counts_for_nothing():
    told = pseudo_labels([came(score=0.2)], LabelSets(added=("car",)), min_score=0.3)
    assert told.changes == ()
    assert told.outside == "unknown"
    assert len(pseudo_labels([came(score=0.3)], LabelSets(added=("car",)), 0.3).changes) == 1


def test_without_words_everything_found_is_taken_for_true_and_for_all():
    told = pseudo_labels([came(label="cat"), WENT], None)
    assert told.changes == (
        TrueChange(ADDED, "cat", None, HERE),
        TrueChange(REMOVED, None, THERE, None),
    )
    assert told.outside == "unchanged"
