"""Pseudo labels as a manifest that is read again."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from spotdiff.data.manifests import read_manifest
from spotdiff.data.sets import TableSet
from spotdiff.data.tables import checked
from spotdiff.types import IGNORE, ChangeKind, LabelSets, Outside, PairRow, TrueChange
from spotdiff.writers.pseudo import write_pseudo
from tests.fakes import noise, write_image

ADDED, REMOVED, CHANGED = ChangeKind


@dataclass(frozen=True)
class Labels:
    changes: tuple[TrueChange, ...] = ()
    outside: Outside = "unchanged"


CAME = TrueChange(ADDED, "traffic light", None, (4.0, 2.0, 14.0, 12.0))
WENT = TrueChange(REMOVED, None, (1.5, 2.5, 8.0, 9.0), None)
MOVED = TrueChange(CHANGED, "dog", (0.0, 0.0, 4.0, 4.0), (6.0, 6.0, 9.0, 9.0))


@pytest.fixture
def row(tmp_path, monkeypatch) -> PairRow:
    """A pair of 24 × 32 pixels, at relative paths."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("b.png", "a.png")):
        write_image(tmp_path / "in" / name, noise(seed, 24, 32))
    words = LabelSets(("traffic light",), ("none",), ("dog", "dog"))
    return PairRow("one", Path("in/b.png"), Path("in/a.png"), words)


def test_what_is_written_is_read_back_from_another_folder(tmp_path, row):
    out = tmp_path / "far" / "away" / "pseudo.jsonl"
    assert write_pseudo([(row, Labels((CAME, WENT, MOVED), "unknown"))], out) == 1
    (read,) = checked(read_manifest(out))
    assert read.pair_id == "one"
    assert (read.before, read.after) == (tmp_path / "in/b.png", tmp_path / "in/a.png")
    assert read.changes == (CAME, WENT, MOVED)
    assert read.outside == "unknown"


def test_words_stay_as_they_were(tmp_path, row):
    write_pseudo([(row, Labels())], tmp_path / "pseudo.jsonl")
    (read,) = checked(read_manifest(tmp_path / "pseudo.jsonl"))
    assert read.labels == LabelSets(("traffic light",), (), ("dog", "dog"))
    assert read.changes == ()


def test_a_pair_without_words_has_no_columns_of_words(tmp_path, row):
    wordless = PairRow("two", row.before, row.after)
    write_pseudo([(wordless, Labels((CAME,)))], tmp_path / "pseudo.jsonl")
    (read,) = checked(read_manifest(tmp_path / "pseudo.jsonl"))
    assert read.labels is None


def test_a_set_draws_the_mask_of_its_boxes(tmp_path, row):
    write_pseudo([(row, Labels((CAME,)))], tmp_path / "pseudo.jsonl")
    mask = TableSet(tmp_path / "pseudo.jsonl").pair(0).truth.mask
    assert mask.shape == (24, 32)
    # four pixels around (4, 2, 14, 12) nobody knows; four columns and rows about its middle came
    assert np.argwhere(mask).min(axis=0).tolist() == [0, 0]
    assert np.argwhere(mask).max(axis=0).tolist() == [15, 17]
    assert np.argwhere(mask == 1).min(axis=0).tolist() == [2, 4]
    assert np.argwhere(mask == 1).max(axis=0).tolist() == [10, 12]
    assert set(np.unique(mask)) == {0, 1, IGNORE}


def test_an_empty_set_of_pairs_is_an_empty_file(tmp_path):
    assert write_pseudo([], tmp_path / "pseudo.jsonl") == 0
    assert (tmp_path / "pseudo.jsonl").read_bytes() == b""


def test_labels_that_break_off_leave_the_earlier_file(tmp_path, row):
    def torn():
        yield row, Labels()
        raise KeyboardInterrupt

    out = tmp_path / "pseudo.jsonl"
    write_pseudo([(row, Labels((CAME,)))], out)
    earlier = out.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_pseudo(torn(), out)
    assert out.read_bytes() == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "pseudo.jsonl"]


def test_words_of_any_language_survive(tmp_path, row):
    words = LabelSets(("Häuschen", "half an emoji \ud83d"))
    write_pseudo(
        [(PairRow("x", row.before, row.after, words), Labels())], tmp_path / "pseudo.jsonl"
    )
    (line,) = (tmp_path / "pseudo.jsonl").read_text("utf-8").splitlines()
    assert tuple(json.loads(line)["added_objs"]) == words.added


def test_an_address_stays_an_address(tmp_path):
    from upath import UPath

    row = PairRow("x", UPath("memory://bucket/b.png"), UPath("memory://bucket/a.png"))
    write_pseudo([(row, Labels())], tmp_path / "pseudo.jsonl")
    cells = json.loads((tmp_path / "pseudo.jsonl").read_text())
    assert (cells["before"], cells["after"]) == ("memory://bucket/b.png", "memory://bucket/a.png")
