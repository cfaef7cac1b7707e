"""Changes of many pairs as sets: which view comes first, and where the place is in the other."""

from pathlib import Path

from spotdiff.data.change_sets import change_sets
from spotdiff.types import (
    Alignment,
    Change,
    ChangeKind,
    PairResult,
    SetItem,
    ViewInfo,
)

BOX, OTHER = (10.0, 20.0, 30.0, 40.0), (12.0, 20.0, 30.0, 40.0)
VIEWS = ViewInfo("b.png", 100, 100), ViewInfo("a.png", 100, 100)


def result(*changes, views=VIEWS, alignment=None, pair_id="p"):
    return PairResult(pair_id, *views, changes=changes, alignment=alignment)


def change(kind, before=None, after=None, label="car"):
    return Change(kind, 0.9, label, before, after)


def item(path, box):
    return SetItem(path, box, scene="a.png")


def sets_of(*results):
    told, problems = change_sets(results, Path())
    return {one.kind: one for one in told}, problems


def test_the_view_that_shows_the_thing_comes_first():
    found, problems = sets_of(
        result(
            change(ChangeKind.ADDED, after=BOX),
            change(ChangeKind.REMOVED, before=BOX),
            change(ChangeKind.CHANGED, before=BOX, after=OTHER),
        )
    )
    before, after = item("b.png", BOX), item("a.png", BOX)
    assert found[ChangeKind.ADDED].sets.first == (after,)
    assert found[ChangeKind.ADDED].sets.second == (before,)
    assert found[ChangeKind.REMOVED].sets.first == (before,)
    assert found[ChangeKind.REMOVED].sets.second == (after,)
    assert found[ChangeKind.CHANGED].sets.first == (item("a.png", OTHER),)
    assert found[ChangeKind.CHANGED].sets.second == (before,)
    assert problems == ()


def test_the_other_place_comes_from_the_sizes_or_from_the_alignment():
    views = ViewInfo("b.png", 50, 200), ViewInfo("a.png", 100, 100)
    found, _ = sets_of(result(change(ChangeKind.ADDED, after=BOX), views=views))
    assert found[ChangeKind.ADDED].sets.second == (item("b.png", (5.0, 40.0, 15.0, 80.0)),)
    moved = Alignment("resize", ((1.0, 0.0, 5.0), (0.0, 1.0, -2.0), (0.0, 0.0, 1.0)))
    found, _ = sets_of(
        result(
            change(ChangeKind.ADDED, after=BOX),
            change(ChangeKind.REMOVED, before=BOX),
            alignment=moved,
        )
    )
    assert found[ChangeKind.ADDED].sets.second == (item("b.png", (5.0, 22.0, 25.0, 42.0)),)
    assert found[ChangeKind.REMOVED].sets.second == (item("a.png", (15.0, 18.0, 35.0, 38.0)),)


def test_labels_are_counted_and_kinds_without_changes_are_left_out():
    added = [change(ChangeKind.ADDED, after=BOX, label=one) for one in ("dog", "car", None, "car")]
    found, _ = sets_of(result(*added))
    assert list(found) == [ChangeKind.ADDED]
    assert found[ChangeKind.ADDED].labels == (("car", 2), ("dog", 1), ("without a label", 1))


def test_what_cannot_be_used_is_told():
    away = Alignment("resize", ((1.0, 0.0, 500.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    failed = PairResult("q", *VIEWS, status="error", reason="b.png is damaged")
    found, problems = sets_of(
        result(change(ChangeKind.REMOVED, before=BOX), alignment=away), failed
    )
    assert found == {}
    assert problems == (
        "pair p, change 1: its place lies outside of the other view",
        "pair q: was not answered: b.png is damaged",
    )


def test_paths_are_found_beside_the_records(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    told, _ = change_sets([result(change(ChangeKind.ADDED, after=BOX))], tmp_path)
    assert told[0].sets.first[0].path == str(tmp_path / "a.png")
    assert told[0].sets.second[0].path == "b.png"


def test_pairs_that_share_a_photograph_are_one_scene():
    added = change(ChangeKind.ADDED, after=BOX)
    names = (("x", "1"), ("y", "2"), ("3", "x"), ("y", "x"), ("z", "4"))
    results = [
        result(added, views=(ViewInfo(before, 99, 99), ViewInfo(after, 99, 99)))
        for before, after in names
    ]
    found, _ = sets_of(*results)
    scenes = [item.scene for item in found[ChangeKind.ADDED].sets.first]
    assert scenes == ["1", "1", "1", "1", "4"]
    turned, _ = sets_of(*results[::-1])
    assert [item.scene for item in turned[ChangeKind.ADDED].sets.second] == scenes[::-1]
