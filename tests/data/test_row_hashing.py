"""Rows become columns of hashes as they stream by."""

import numpy as np

from spotdiff.data.collections import NamedRow
from spotdiff.data.image_hashing import ImageHasher
from spotdiff.data.row_hashing import RowReading, hash_rows
from spotdiff.types import ImageRow
from tests.fakes import noise, write_image


def test_columns_hold_what_the_hasher_says(tmp_path):
    for seed in (1, 2):
        write_image(tmp_path / f"{seed}.png", noise(seed, 40, 60))
    one, two, gone = (tmp_path / f"{name}.png" for name in ("1", "2", "gone"))
    rows = [
        ImageRow("a", (one, two), "car"),
        ImageRow("b", problem="images: broken"),
        ImageRow("c", (gone, one)),
        ImageRow("d"),
    ]
    hasher = ImageHasher(workers=1)
    named = (NamedRow(number, row) for number, row in enumerate(rows))
    found = hash_rows(named, hasher, RowReading(consider_text=True))
    first, second = hasher([one, two])
    assert found.counts.tolist() == [2, 0, 2, 0]
    assert found.known.tolist() == [True, False, False, True]
    assert found.bits.tolist() == [first.bits, second.bits, 0, first.bits]
    assert found.mirrored.tolist() == [first.mirrored, second.mirrored, 0, first.mirrored]
    assert found.colours[1].tolist() == list(second.colour)
    assert found.areas.tolist() == [4800, 0, 2400, 0]
    assert found.sharpness[0] == first.sharpness + second.sharpness
    assert found.problem_rows.tolist() == [1, 2]
    assert found.problems[0] == "images: broken"
    assert "gone.png" in found.problems[1]
    assert not np.array_equal(found.texts[0], found.texts[2])
    assert np.array_equal(found.texts[2], found.texts[3])


def test_an_image_that_comes_twice_may_count_once():
    rows = [NamedRow(0, ImageRow("a", (b"x", b"y", b"x")))]
    hasher = ImageHasher(workers=1)
    assert hash_rows(rows, hasher, RowReading(once=True)).counts.tolist() == [2]
    assert hash_rows(rows, hasher, RowReading()).counts.tolist() == [3]


def test_no_rows_are_empty_columns():
    found = hash_rows([], ImageHasher(workers=1), RowReading())
    assert (len(found), found.nbytes) == (0, 0)


def test_what_is_wrong_with_bytes_is_told_with_their_row():
    rows = [NamedRow(0, ImageRow("rows.jsonl row 7", (b"x", b"y")))]
    found = hash_rows(rows, ImageHasher(workers=1), RowReading())
    assert [why.split(": ")[0] for why in found.problems] == [
        "rows.jsonl row 7, picture 1",
        "rows.jsonl row 7, picture 2",
    ]
    assert all("expected an image" in why for why in found.problems)
