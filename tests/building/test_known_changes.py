"""What is known of composed rows in the place of what was found."""

from spotdiff.building.known_changes import KnownChanges
from spotdiff.building.sample_records import change_cells
from spotdiff.types import Change, ChangeKind, Sample


def true(label, old, before, after):
    return Change(ChangeKind.CHANGED, 1.0, label, before, after, label_before=old)


CAT = true("cat", "dog", (10, 10, 50, 50), (12, 8, 52, 50))
BUS = true("bus", "car", (100, 100, 140, 120), (100, 90, 140, 120))


def composed(*found):
    truth = [change_cells(CAT), change_cells(BUS)]
    return Sample("a", "x.png", "y.png", changes=found, made={"compose": {"truth": truth}})


def added(score, box):
    return Change(ChangeKind.ADDED, score, None, None, box)


def test_what_was_found_gets_its_true_boxes_and_names_and_keeps_its_score():
    part, more = added(0.4, (20, 20, 30, 30)), added(0.7, (5, 5, 60, 60))
    (done,) = KnownChanges()([composed(part, more, added(0.9, (200, 0, 220, 20)))])
    (change,) = done.changes
    assert (change.label_before, change.label, change.score) == ("dog", "cat", 0.7)
    assert (change.box_before, change.box_after) == (CAT.box_before, CAT.box_after)
    assert done.made["known"] == {"true": 2, "found": 1}


def test_the_other_view_alone_may_have_found_it():
    gone = Change(ChangeKind.REMOVED, 0.5, None, (101, 101, 139, 119), None)
    (done,) = KnownChanges()([composed(gone)])
    assert [change.label for change in done.changes] == ["bus"]


def test_a_row_of_which_nothing_was_found_is_rejected_with_what_was():
    elsewhere = added(0.9, (200, 0, 220, 20))
    (done,) = KnownChanges()([composed(elsewhere)])
    assert done.verdict.reason == "none of 2 changes that were made was found"
    assert done.changes == (elsewhere,)


def test_a_little_overlap_is_not_enough():
    corner = added(0.9, (45, 45, 85, 85))
    assert KnownChanges()([composed(corner)])[0].verdict is not None
    assert KnownChanges(min_overlap=0.01)([composed(corner)])[0].verdict is None


def test_rows_that_were_not_composed_stay_as_they_are():
    sample = Sample("a", changes=(added(0.5, (1, 1, 2, 2)),))
    assert KnownChanges()([sample]) == [sample]
