"""Pairs of files that repeat an earlier one."""

import shutil

import numpy as np
import pytest

import spotdiff
from spotdiff.apps.pair_deduplication import PairRules
from spotdiff.data.tables import TableError
from spotdiff.types import PairRow, RowProblem
from tests.fakes import noise, write_image

SCENES = {name: noise(seed, 120, 160) for seed, name in enumerate("abcd", 1)}
WHITE, RED = np.full((40, 40, 3), 255, np.uint8), np.full((40, 40, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def pair(tmp_path):
    """Writes a pair of pictures, each named by its scene, mirrored where it ends in `-`."""

    def write(name, before, after):
        paths = []
        for view, scene in (("before", before), ("after", after)):
            image = SCENES[scene[0]][:, ::-1] if scene.endswith("-") else SCENES[scene[0]]
            paths.append(tmp_path / "pairs" / view / f"{name}.png")
            write_image(paths[-1], np.ascontiguousarray(image))
        return PairRow(name, *paths)

    return write


def told(found):
    return [found.relation(row) for row in range(len(found.rows))]


def test_pairs_of_a_folder_are_found_in_four_ways(pair, tmp_path):
    pair("1", "a", "b")
    pair("2", "a", "b")
    pair("3", "b", "a")
    pair("4", "a-", "b-")
    pair("5", "b-", "a-")
    pair("6", "a", "c")
    found = spotdiff.deduplicate_pairs(tmp_path / "pairs", PairRules(max_distance=2))
    assert told(found) == [None, "same", "swapped", "mirrored", "mirrored, swapped", None]
    assert found.stays.tolist() == [True, False, False, False, False, True]
    assert found.repeats.earlier.tolist() == [-1, 0, 0, 0, 0, -1]


def test_unchanged_pairs_stay_unless_they_are_not_wanted(pair):
    rows = [pair("1", "a", "a"), pair("2", "a", "b"), pair("3", "a", "a")]
    found = spotdiff.deduplicate_pairs(rows)
    assert told(found) == ["unchanged", None, "same"]
    assert found.stays.tolist() == [True, True, False]
    found = spotdiff.deduplicate_pairs(rows, PairRules(keep_unchanged=False))
    assert told(found) == ["unchanged", None, "unchanged"]
    assert found.stays.tolist() == [False, True, False]


def test_what_cannot_be_read_stays_and_takes_no_part(pair):
    rows = [pair(name, "a", "b") for name in "1234"]
    rows[0].before.write_bytes(b"torn")
    shutil.copy(rows[0].before, rows[2].before)
    gone = RowProblem("5", "t.csv row 6", "no such file", rows[1].before)
    found = spotdiff.deduplicate_pairs([*rows, gone])
    assert told(found) == [None, None, None, "same", None]
    assert found.repeats.earlier.tolist() == [-1, -1, -1, 1, -1]
    assert found.stays.tolist() == [True, True, True, False, True]
    assert sorted(found.problems) == [0, 2, 4]
    assert found.problems[0].startswith(f"{rows[0].before}: expected an image")
    assert found.problems[4] == "t.csv row 6: no such file"


def test_flat_views_are_told_apart_by_their_colour(pair):
    rows = [pair(name, "a", "b") for name in "123"]
    for row, flat in zip(rows, (WHITE, RED, WHITE), strict=True):
        write_image(row.after, flat)
    assert told(spotdiff.deduplicate_pairs(rows)) == [None, None, "same"]
    write_image(rows[0].before, RED)
    assert told(spotdiff.deduplicate_pairs(rows[:1])) == [None]  # one hash, another colour


def test_pairs_of_another_collection_do_not_stay(pair):
    older = [pair("1", "a", "b"), pair("2", "a", "b")]
    new = [pair("3", "b", "a"), pair("4", "c", "d"), pair("5", "c", "d")]
    found = spotdiff.deduplicate_pairs(new, against=older)
    assert (found.older, told(found)) == (2, [None, None, "swapped", None, "same"])
    assert found.stays.tolist() == [False, False, False, True, False]


def test_a_second_run_takes_hashes_from_the_cache(pair, tmp_path):
    rows = [pair("1", "a", "b"), pair("2", "a-", "b-")]
    rules = PairRules(max_distance=2)
    first = spotdiff.deduplicate_pairs(rows, rules, cache=tmp_path / "hashes")
    again = spotdiff.deduplicate_pairs(rows, rules, cache=tmp_path / "hashes")
    assert told(first) == told(again) == [None, "mirrored"]


def test_no_pairs_are_an_error():
    with pytest.raises(TableError, match="found none"):
        spotdiff.deduplicate_pairs([])


def test_a_rule_that_cannot_be_is_an_error(pair):
    rows = [pair("1", "a", "b")]
    with pytest.raises(ValueError, match="from 0 to 64, got 70"):
        spotdiff.deduplicate_pairs(rows, PairRules(max_distance=70))
    with pytest.raises(ValueError, match="method to be one of"):
        spotdiff.deduplicate_pairs(rows, PairRules(method="md5"))


def test_a_small_change_that_no_hash_sees_makes_another_pair(pair):
    rows = [pair("1", "a", "a"), pair("2", "a", "a"), pair("3", "a", "a")]
    spot = SCENES["a"].copy()
    spot[60:68, 80:88] = 255 - spot[60:68, 80:88]
    for row in rows[1:]:
        write_image(row.after, spot)
    by_hash = spotdiff.deduplicate_pairs(rows, PairRules(max_distance=4, max_difference=None))
    assert told(by_hash) == ["unchanged", "same", "same"]
    found = spotdiff.deduplicate_pairs(rows, PairRules(max_distance=4))
    assert told(found) == ["unchanged", None, "same"]
    assert found.repeats.earlier.tolist() == [-1, -1, 1]


@pytest.mark.parametrize("levels", [-1, 256])
def test_what_is_no_number_of_levels_is_refused(levels):
    with pytest.raises(ValueError, match="from 0 to 255, or null, got"):
        PairRules(max_difference=levels)
