"""Pictures that lie in folders find their partners, and those without one are told."""

from __future__ import annotations

import re

from spotdiff.data.folders import (
    SIBLINGS,
    find_tree,
    pictures,
    read_folders,
    read_matched,
    read_siblings,
)
from spotdiff.data.tables import checked
from spotdiff.types import PairRow, RowProblem


def _touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_equal_stems_are_pairs_at_any_depth_in_sorted_order(tmp_path):
    _touch(tmp_path, "x/b.png", "x/a.JPG", "x/deep/er/c.png", "x/notes.txt", "x/.hidden.png")
    _touch(tmp_path, "y/b.jpg", "y/a.JPG", "y/deep/er/c.webp")
    rows = checked(read_folders(tmp_path / "x", tmp_path / "y"))
    assert [row.pair_id for row in rows] == ["a", "b", "deep/er/c"]
    assert rows[1].after == tmp_path / "y/b.jpg"
    assert rows[2].where == "x/deep/er/c.png"


def test_the_partner_with_the_same_suffix_is_preferred(tmp_path):
    _touch(tmp_path, "x/a.webp", "y/a.png", "y/a.webp")
    (row,) = checked(read_folders(tmp_path / "x", tmp_path / "y"))
    assert row.after == tmp_path / "y/a.webp"


def test_a_missing_partner_is_a_problem_on_either_side(tmp_path):
    _touch(tmp_path, "x/a.png", "x/b.png", "y/b.png", "y/s/c.png")
    problem, pair, other = read_folders(tmp_path / "x", tmp_path / "y")
    assert isinstance(pair, PairRow)
    assert problem == RowProblem(
        "a", "x/a.png", f"no partner a.* in {tmp_path / 'y'}", before=tmp_path / "x/a.png"
    )
    assert (other.pair_id, other.before, other.after) == ("s/c", None, tmp_path / "y/s/c.png")


def test_a_tree_of_views_and_masks_is_found_in_any_case(tmp_path):
    _touch(tmp_path, "A/1.png", "B/1.png", "label/1.png")
    tree = find_tree(tmp_path)
    assert tree is not None
    (row,) = checked(read_folders(tree.before, tree.after, tree.masks, ((255, 4),)))
    assert row.mask == tmp_path / "label/1.png"
    assert row.mask_codes == ((255, 4),)


def test_a_missing_mask_is_a_problem(tmp_path):
    _touch(tmp_path, "before/1.png", "after/1.png", "masks/2.png")
    (problem,) = read_folders(tmp_path / "before", tmp_path / "after", tmp_path / "masks")
    assert problem.reason == f"no mask 1.* in {tmp_path / 'masks'}"


def test_a_folder_without_both_views_is_no_tree(tmp_path):
    _touch(tmp_path, "A/1.png", "label/1.png")
    assert find_tree(tmp_path) is None


def test_a_pattern_matches_two_folders_by_its_id(tmp_path):
    _touch(tmp_path, "x/s/cam_01_old.png", "x/s/cam_02_old.png", "x/readme.png")
    _touch(tmp_path, "y/s/shot01.jpg", "y/s/shot01.png")
    rows = list(read_matched(tmp_path / "x", tmp_path / "y", re.compile(r"(?P<id>\d+)")))
    repeated, pair, lonely = rows
    assert repeated.pair_id == "s/01 (shot01.png)"
    assert "a second picture of this id" in repeated.reason
    assert isinstance(pair, PairRow)
    assert (pair.pair_id, pair.after) == ("s/01", tmp_path / "y/s/shot01.jpg")
    assert (lonely.pair_id, lonely.after) == ("s/02", None)


def test_siblings_are_pairs_and_the_lonely_ones_are_told(tmp_path):
    _touch(tmp_path, "1_1.png", "1_2.jpg", "s/night_before.png", "s/night_after.png", "2_2.png")
    _touch(tmp_path, "cover.png")
    first, lonely, deep = read_siblings(tmp_path, re.compile(SIBLINGS))
    assert (first.pair_id, first.before, first.after) == (
        "1",
        tmp_path / "1_1.png",
        tmp_path / "1_2.jpg",
    )
    assert isinstance(lonely, RowProblem)
    assert lonely.pair_id == "2"
    assert "no before picture" in lonely.reason
    assert deep.pair_id == "s/night"


def test_a_view_that_lies_there_twice_is_told(tmp_path):
    _touch(tmp_path, "1_1.jpg", "1_1.png", "1_2.png")
    problem, pair = read_siblings(tmp_path, re.compile(SIBLINGS))
    assert "a second before of this id" in problem.reason
    assert pair.before == tmp_path / "1_1.jpg"


def test_pictures_are_listed_sorted_without_hidden_folders(tmp_path):
    _touch(tmp_path, "b.png", "a/z.png", ".cache/x.png", "a.png")
    names = [path.relative_to(tmp_path).as_posix() for path in pictures(tmp_path)]
    assert names == ["a.png", "b.png", "a/z.png"]
