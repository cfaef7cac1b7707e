"""Evidence in a folder: what is put is found again, by this process, by the next, and by others."""

from __future__ import annotations

import multiprocessing
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotdiff.data import evidence_parts, evidence_shelf
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.evidence_codecs import DETECTIONS
from spotdiff.data.evidence_shelf import ParquetShelf
from spotdiff.types import Detections, ObjectEvidence
from tests.data.evidence_fakes import assert_equal, change_map, detections, evidence, vectors


def some(seed, count=3):
    return detections(np.random.default_rng(seed), count)


@pytest.fixture
def open_shelf(tmp_path):
    """Opens the same folder again and again."""
    return lambda **limits: ParquetShelf(tmp_path / "detections", DETECTIONS, **limits)


@pytest.fixture
def filled(open_shelf):
    """A folder with a part of five rows."""
    shelf = open_shelf()
    for i in range(5):
        shelf.put(f"view {i}", some(i))
    shelf.flush()
    (path,) = shelf.folder.glob("*")
    return path


def test_every_shelf_gives_the_next_reader_what_it_gave_this_one(tmp_path):
    rng = np.random.default_rng(0)
    things = {
        "detections": [detections(rng, 3), Detections.none()],
        "embeddings": [vectors(rng, 3, 8), np.zeros((2, 0), np.float32)],
        "maps": [change_map(rng), change_map(rng, words=0)],
        "pairs": [evidence(rng), evidence(rng, whole=False), ObjectEvidence(identical=True)],
    }
    first = {}
    with ParquetEvidence(tmp_path) as store:
        for name, items in things.items():
            shelf = getattr(store, name)
            for i, item in enumerate(items):
                shelf.put(f"ключ {i}", item)
            first[name] = [shelf.get(f"ключ {i}") for i in range(len(items))]
            assert shelf.get("another") is None
    again = ParquetEvidence(tmp_path)
    for name, items in first.items():
        for i, item in enumerate(items):
            assert_equal(getattr(again, name).get(f"ключ {i}"), item)
            assert_equal(getattr(store, name).get(f"ключ {i}"), item)


def test_the_first_thing_under_a_key_stays(open_shelf):
    shelf = open_shelf()
    for flush in (False, True, False):
        shelf.put("view", some(int(flush)))
        if flush:
            shelf.flush()
    assert_equal(shelf.get("view"), some(0))
    assert_equal(open_shelf().get("view"), some(0))


def test_rows_are_written_by_number_or_weight_and_what_is_held_back_is_lost_alone(open_shelf):
    shelf = open_shelf(most_rows=2)
    for i in range(5):
        shelf.put(str(i), some(i))
    assert sorted(open_shelf()) == ["0", "1", "2", "3"]
    heavy = open_shelf(most_bytes=1)
    heavy.put("heavy", some(9))
    assert "heavy" in open_shelf()
    assert not list(shelf.folder.glob(".*"))


@pytest.mark.usefixtures("filled")
def test_many_keys_are_read_at_once_in_their_order(open_shelf):
    keys = ["view 3", "none", "view 0", "view 3"]
    found = open_shelf().get_many(keys)
    assert found[1] is None
    for seed, item in zip((3, 0, 3), (found[0], *found[2:]), strict=True):
        assert_equal(item, some(seed))


@pytest.mark.usefixtures("filled")
def test_groups_read_lately_are_kept_and_no_more_than_fit(open_shelf, monkeypatch):
    asked = []
    monkeypatch.setattr(
        evidence_shelf,
        "read_group",
        lambda *place: asked.append(place) or evidence_parts.read_group(*place),
    )
    shelf = open_shelf(cached=1)
    for i in range(5):
        shelf.get(f"view {i}")
    assert len(asked) == 1
    shelf.put("view 5", some(5))
    shelf.flush()
    for key in ("view 5", "view 0", "view 5"):
        shelf.get(key)
    assert len(asked) == 4


def _write(folder, number):
    with ParquetEvidence(folder, most_rows=3) as store:
        for i in range(10):
            store.detections.put(f"view {i + number}", some(i + number))


def test_processes_write_side_by_side(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(tmp_path, n)) for n in (0, 5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    shelf = ParquetEvidence(tmp_path).detections
    assert sorted(shelf) == sorted(f"view {i}" for i in range(15))
    for i in range(15):
        assert_equal(shelf.get(f"view {i}"), some(i))


def test_small_parts_are_merged_and_readers_follow(open_shelf, monkeypatch):
    monkeypatch.setattr(evidence_shelf, "MOST_SMALL_PARTS", 3)
    twins = [open_shelf(most_rows=1), open_shelf(most_rows=1)]
    for i in range(4):
        twins[i % 2].put(f"view {i // 2}", some(i // 2))
        twins[i % 2].put(f"own {i}", some(i))
    reader = open_shelf()
    assert len(list(reader.folder.glob("*"))) == 8
    twins[0].close()
    twins[1].close()
    assert len(list(reader.folder.glob("*"))) == 1
    for shelf in (reader, *twins, open_shelf()):
        assert_equal(shelf.get("view 1"), some(1))
        assert_equal(shelf.get("own 2"), some(2))
    (path,) = reader.folder.glob("*")
    assert pq.read_metadata(path).num_rows == 6  # of those that both put, one


def test_large_parts_are_left_as_they_are(open_shelf, filled, monkeypatch):
    monkeypatch.setattr(evidence_shelf, "SMALL_PART", filled.stat().st_size)
    shelf = open_shelf(most_rows=1)
    for i in range(3):
        shelf.put(str(i), some(i, 1))
    shelf.compact()
    assert filled in list(shelf.folder.glob("*"))
    assert len(list(shelf.folder.glob("*"))) == 2
    assert len(open_shelf()) == 8


def test_merging_leaves_a_damaged_part_where_it_is(open_shelf, filled, caplog):
    shelf = open_shelf(most_rows=1)
    for i in range(3):
        shelf.put(str(i), some(i))
    filled.write_bytes(filled.read_bytes()[:-20])
    shelf.compact()
    assert filled.is_file()
    assert len(list(shelf.folder.glob("*"))) == 2
    assert caplog.text.count(str(filled)) == 1
    assert sorted(open_shelf()) == ["0", "1", "2"]


@pytest.mark.parametrize("left", [0, 3, 200, 0.5, -1])
def test_a_truncated_part_is_told_once_and_left_out(open_shelf, filled, caplog, left):
    data = filled.read_bytes()
    shelf = open_shelf()
    shelf.put("other", some(9))
    shelf.flush()
    filled.write_bytes(data[: int(left * len(data)) if left == 0.5 else left])
    again = open_shelf()
    again.refresh()
    assert caplog.text.count(str(filled)) == 1
    assert list(again) == ["other"]
    assert shelf.get("view 1") is shelf.get("view 2") is None
    assert caplog.text.count(str(filled)) == 2
    again.put("view 1", some(1))
    assert_equal(again.get("view 1"), some(1))


def test_a_damaged_byte_is_never_a_wrong_number(open_shelf, filled):
    data, rng = filled.read_bytes(), random.Random(0)
    for _ in range(150):
        place = rng.randrange(len(data))
        changed = bytearray(data)
        changed[place] ^= 1 << rng.randrange(8)
        filled.write_bytes(changed)
        shelf = open_shelf()
        for i in range(5):
            if (found := shelf.get(f"view {i}")) is not None:
                assert_equal(found, some(i))


def row(**cells):
    columns = {"key": ["view"], "boxes": [[0, 0, 1, 1]], "scores": [[0.5]], "labels": [["cup"]]}
    floats = pa.list_(pa.float32())
    types = {"key": pa.string(), "boxes": floats, "scores": floats, "labels": pa.list_(pa.string())}
    types |= {name: cell.type for name, cell in cells.items() if isinstance(cell, pa.Array)}
    return pa.table(columns | cells, schema=pa.schema(list(types.items())))


@pytest.mark.parametrize(
    "table",
    [
        row(scores=pa.array([b"cos\nsystem\n(S'true'\ntR."])),
        row(boxes=[[0, 0, 1]]),
        row(labels=[["cup", "cup"]]),
        row(labels=[[None]]),
        row(scores=[None]),
        row(scores=[[None]]),
        row(key=[None]),
        row().drop_columns(["labels"]),
        row().append_column("more", [["x"]]),
        pa.table({"key": ["view"]}),
    ],
)
def test_a_part_of_other_columns_or_shapes_is_told_in_one_line(open_shelf, caplog, table):
    folder = open_shelf().folder
    pq.write_table(table, folder / "part-1.parquet")
    shelf = open_shelf()
    assert shelf.get("view") is None
    (record,) = caplog.records
    assert str(folder / "part-1.parquet") in record.getMessage()
    assert "\n" not in record.getMessage()
    assert len(shelf) == 0


def test_a_part_written_elsewhere_is_read_if_it_fits(open_shelf):
    pq.write_table(row(), open_shelf().folder / "part-1.parquet")
    assert open_shelf().get("view").labels == ("cup",)


@pytest.mark.usefixtures("filled")
def test_a_group_that_claims_too_much_is_not_read(open_shelf, caplog, monkeypatch):
    monkeypatch.setattr(evidence_parts, "MAX_GROUP", 10)
    assert len(open_shelf()) == 0
    assert "at most 10 bytes" in caplog.text


def test_a_thing_that_cannot_be_one_is_no_fault_of_the_folder(open_shelf):
    shelf = open_shelf()
    shelf.put("view", Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32)))
    with pytest.raises(ValueError, match="expected an array of shape"):
        shelf.get("view")


def test_what_was_held_back_is_written_even_if_a_run_fails(tmp_path):
    store = ParquetEvidence(tmp_path)
    store.detections.put("view", some(0))
    with pytest.raises(ZeroDivisionError), store:
        _ = 1 / 0
    assert_equal(ParquetEvidence(tmp_path).detections.get("view"), some(0))
