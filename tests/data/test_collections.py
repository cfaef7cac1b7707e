"""Collections that are read again."""

import json

import numpy as np
import pytest

from spotdiff.data.collections import Collection, CollectionChangedError
from spotdiff.types import ImageRow
from tests.fakes import noise, write_image


@pytest.fixture
def photos(tmp_path):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "photos" / name, noise(1))
    return tmp_path / "photos"


def names_of(rows: Collection) -> np.ndarray:
    return np.array([named.name for named in rows.named()], np.uint64)


def test_sources_follow_one_another_and_can_be_read_again(photos):
    rows = Collection((photos, (ImageRow("mine"),)))
    assert [row.where for row in rows] == ["a.png", "b.png", "mine"]
    again = rows.again(names_of(rows), rows.stamps())
    assert [row.where for row in again] == ["a.png", "b.png", "mine"]


def test_a_row_is_named_by_its_collection_and_its_place(photos, tmp_path, monkeypatch):
    there = names_of(Collection((photos,)))
    monkeypatch.chdir(tmp_path)
    here = names_of(Collection((type(photos)("photos"),)))
    assert there.tolist() == here.tolist()
    other = names_of(Collection((tuple(Collection((photos,))),)))
    assert not set(there.tolist()) & set(other.tolist())


@pytest.mark.parametrize("change", ["more", "fewer", "other"])
def test_a_folder_that_has_changed_is_told(photos, change):
    rows = Collection((photos,))
    names = names_of(rows)
    if change == "more":
        write_image(photos / "c.png", noise(2))
    elif change == "fewer":
        (photos / "b.png").unlink()
    else:
        (photos / "a.png").rename(photos / "aa.png")
    with pytest.raises(CollectionChangedError, match="photos to stay as it is"):
        list(rows.again(names, ()))


def test_a_table_that_was_written_to_is_told(tmp_path):
    table = tmp_path / "rows.jsonl"
    table.write_text(json.dumps({"images": ["a.png"]}) + "\n")
    rows = Collection((table,))
    names, stamps = names_of(rows), rows.stamps()
    assert len(list(rows.again(names, stamps))) == 1
    table.write_text(json.dumps({"images": ["other.png"]}) + "\n")
    with pytest.raises(CollectionChangedError, match="written to"):
        list(rows.again(names, stamps))
