"""What stayed in earlier runs does not stay again, unless it is the same row."""

import shutil

import numpy as np
import pytest

from spotdiff.apps.deduplication import DedupRules, deduplicate
from spotdiff.data.hash_store import HashStoreError
from spotdiff.types import ImageRow
from spotdiff.writers.files import alone
from tests.fakes import noise, write_image


@pytest.fixture
def monday(tmp_path):
    for seed in (1, 2):
        write_image(tmp_path / "monday" / f"{seed}.png", noise(seed, 60, 80))
    shutil.copy(tmp_path / "monday" / "1.png", tmp_path / "monday" / "1-copy.png")
    return tmp_path / "monday"


@pytest.fixture
def tuesday(tmp_path, monday):
    write_image(tmp_path / "tuesday" / "3.png", noise(3, 60, 80))
    shutil.copy(monday / "2.png", tmp_path / "tuesday" / "2.png")
    shutil.copy(monday / "2.png", tmp_path / "tuesday" / "2-copy.png")
    return tmp_path / "tuesday"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def staying(source, store, against=None, **rules) -> list[str]:
    found = deduplicate(source, DedupRules(**rules), store=store, against=against, workers=1)
    return [row.where for row, stays in zip(found.rows, found.stays, strict=True) if stays]


def parts(store) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.iterdir()}


@pytest.mark.parametrize("distance", [0, 3])
def test_a_later_collection_keeps_what_is_new(monday, tuesday, store, distance):
    assert staying(monday, store, max_distance=distance) == ["1-copy.png", "2.png"]
    assert staying(tuesday, store, max_distance=distance) == ["3.png"]
    found = deduplicate(tuesday, DedupRules(max_distance=distance), store=store, workers=1)
    assert found.kept.tolist() == [-1, -1, 2]
    assert found.groups == [[0, 1]]


def test_the_same_again_is_the_same_answer_and_changes_nothing(monday, tuesday, store):
    answers = [staying(monday, store), staying(tuesday, store)]
    there = parts(store)
    for _ in range(2):
        assert [staying(monday, store), staying(tuesday, store)] == answers
    assert parts(store) == there
    assert len(there) == 2


def test_a_run_that_was_killed_before_it_wrote_is_as_if_it_had_not_been(monday, store, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        staying(monday, store)
    monkeypatch.undo()
    assert parts(store) == {}
    assert staying(monday, store) == ["1-copy.png", "2.png"]


def test_what_stayed_once_stays_whatever_comes_beside_it(monday, store):
    assert staying(monday, store) == ["1-copy.png", "2.png"]
    shutil.copy(monday / "2.png", monday / "0.png")
    write_image(monday / "4.png", noise(4, 60, 80))
    assert staying(monday, store) == ["1-copy.png", "2.png", "4.png"]
    assert staying(monday, store, keep="largest") == ["1-copy.png", "2.png", "4.png"]


def test_no_picture_of_an_earlier_run_is_read(monday, tuesday, store):
    staying(monday, store)
    shutil.rmtree(monday)
    assert staying(tuesday, store) == ["3.png"]


@pytest.mark.usefixtures("monday")
def test_a_table_may_be_sorted_anew(store, tmp_path):
    table = tmp_path / "rows.csv"
    names = [f"monday/{name}.png" for name in ("1", "2")]
    table.write_text("\n".join(["images", *names]))
    assert len(staying(table, store)) == 2
    table.write_text("\n".join(["images", *names[::-1]]))
    assert len(staying(table, store)) == 2


def test_rows_without_a_collection_are_known_by_their_place(monday, store):
    rows = [ImageRow("a", (monday / "1.png",)), ImageRow("a", (monday / "1.png",))]
    assert staying(rows, store) == ["a"]
    assert staying(rows, store) == ["a"]
    assert staying([ImageRow("b", (monday / "1.png",))], store) == []


def test_rows_of_which_nothing_is_known_are_not_kept_and_stay(store, tmp_path):
    rows = [ImageRow("empty"), ImageRow("gone", (tmp_path / "gone.png",))]
    assert staying(rows, store) == ["empty", "gone"]
    assert parts(store) == {}
    assert staying([ImageRow("words", text="a")], store, consider_text=True) == ["words"]
    assert staying([ImageRow("other", text="a")], store, consider_text=True) == []


def test_another_collection_and_a_store_may_both_know_a_row(monday, tuesday, store):
    staying(monday, store)
    extra = [ImageRow("three", (tuesday / "3.png",))]
    assert staying(tuesday, store, against=extra) == []
    assert staying(tuesday, store) == ["3.png"]


@pytest.mark.parametrize("rules", [{"method": "dhash"}, {"mode": "fast"}, {"consider_text": True}])
def test_other_settings_are_told_in_one_sentence(monday, store, rules):
    staying(monday, store)
    with pytest.raises(HashStoreError, match="Expected hashes of method=") as caught:
        staying(monday, store, **rules)
    assert "it holds those of method=phash, mode=exact, consider_text=False" in str(caught.value)
    assert staying(monday, store, lowercase=True, max_distance=2) == ["1-copy.png", "2.png"]


def test_a_damaged_part_is_told(monday, store):
    staying(monday, store)
    (part,) = store.iterdir()
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(HashStoreError, match=f"Expected a part of a store in {part}"):
        staying(monday, store)


def test_hashes_come_back_as_they_were(monday, store):
    from spotdiff.data.hash_store import HashStore

    rows = [ImageRow("a", (monday / "1.png", monday / "2.png"), "x"), ImageRow("b", text="y")]
    rules = DedupRules(consider_text=True)
    found = deduplicate(rows, rules, store=store, workers=1).hashed
    again = HashStore(store, rules.hashing).read()
    for name in ("counts", "known", "areas", "sharpness", "names", "bits", "mirrored", "flat"):
        assert np.array_equal(getattr(found, name), getattr(again, name)), name
    assert np.array_equal(found.colours, again.colours)
    assert np.array_equal(found.texts, again.texts)


def test_a_second_run_at_the_same_store_is_refused(monday, store):
    with alone(store), pytest.raises(ValueError, match="no other run to write to"):
        staying(monday, store)
    assert staying(monday, store) == ["1-copy.png", "2.png"]
