"""Columns of hashes: rows are taken and joined with their images."""

import numpy as np

from spotdiff.types import RowHashes
from tests.hash_parts import row, row_hashes

ROWS = [row(1, 2), row(), row(None), row(4, None, 5), row(6)]


def bits_of(hashed: RowHashes) -> list[list[int]]:
    ends = np.cumsum(hashed.counts)
    return [hashed.bits[end - n : end].tolist() for end, n in zip(ends, hashed.counts, strict=True)]


def test_rows_are_taken_with_their_images():
    some = row_hashes(ROWS).taken(np.array([4, 1, 0]))
    assert bits_of(some) == [[6], [], [1, 2]]
    assert some.areas.tolist() == [64, 0, 128]
    assert some.names.tolist() == [4, 1, 0]


def test_parts_are_joined_with_their_problems():
    whole = RowHashes.joined([row_hashes(ROWS), row_hashes(ROWS)])
    assert bits_of(whole) == 2 * [[1, 2], [], [0], [4, 0, 5], [6]]
    assert whole.known.tolist() == 2 * [True, True, False, False, True]
    assert whole.problem_rows.tolist() == [2, 3, 7, 8]
    assert whole.problems == ("2, picture 1: torn", "3, picture 2: torn") * 2


def test_a_row_of_one_image_takes_some_dozen_bytes():
    hashed = row_hashes([row(number) for number in range(1000)])
    assert hashed.nbytes == 1000 * (29 + 20)
    worded = row_hashes([row(number, text="a") for number in range(1000)])
    assert worded.nbytes == 1000 * (29 + 20 + 16)
