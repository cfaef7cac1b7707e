"""Addresses: manifests and photographs behind them, and one sentence where there is nothing."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import pickle
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from upath import UPath

from spotdiff.data.images import ImageError, file_sha256, is_file, read_hashed
from spotdiff.data.remote import RemoteError, beside, is_remote, located, reaching
from spotdiff.data.sources import SourceError, open_source
from spotdiff.data.tables import checked
from spotdiff.pipeline import PairPipeline
from spotdiff.types import Answer, RowProblem


def _png(value: int) -> bytes:
    return cv2.imencode(".png", np.full((8, 12, 3), value, np.uint8))[1].tobytes()


@pytest.fixture
def bucket():
    """An empty folder that lies in the memory of this process."""
    folder = UPath("memory://bucket/set")
    folder.mkdir(parents=True)
    yield folder
    folder.parent.fs.rm("/bucket", recursive=True)


@pytest.fixture
def photographs(bucket):
    """Two photographs beside the folder of the manifest, two inside it."""
    for number, place in enumerate(("../x.png", "../y.png", "a.png", "b.png")):
        beside(bucket, place).write_bytes(_png(number))
    return bucket


class Half:
    """Finds everything to be half changed."""

    experts: dict[str, object] = {}  # noqa: RUF012 - there are none

    def __call__(self, pairs):
        return [Answer(change_score=0.5) for _ in pairs]


def test_a_manifest_behind_an_address_names_files_beside_it_above_it_and_anywhere(photographs):
    table = photographs / "pairs.jsonl"
    cells = [("a.png", "b.png"), ("../x.png", "sub/../b.png"), ("a.png", "memory://bucket/y.png")]
    lines = [
        json.dumps({"pair_id": str(i), "before": b, "after": a}) for i, (b, a) in enumerate(cells)
    ]
    table.write_text("\n".join(lines))
    rows = checked(open_source("memory://bucket/set/pairs.jsonl"))
    assert [(str(row.before), str(row.after)) for row in rows] == [
        ("memory://bucket/set/a.png", "memory://bucket/set/b.png"),
        ("memory://bucket/x.png", "memory://bucket/set/b.png"),
        ("memory://bucket/set/a.png", "memory://bucket/y.png"),
    ]
    assert [read_hashed(row.after).image[0, 0, 0] for row in rows] == [3, 3, 1]


def test_records_keep_the_address_and_the_hash_of_what_lies_there(photographs):
    (photographs / "pairs.csv").write_text("pair_id,before,after\none,a.png,b.png\n")
    (result,) = PairPipeline(Half()).stream(open_source(photographs / "pairs.csv"))
    assert result.status == "ok"
    assert result.before.path == "memory://bucket/set/a.png"
    assert result.before.sha256 == sha256(_png(2)).hexdigest()
    known = {"one": (result.before.sha256, result.after.sha256)}
    rows = open_source(photographs / "pairs.csv")
    assert list(PairPipeline(Half()).stream(rows, finished=known)) == []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_form_of_table_can_lie_behind_an_address(photographs, suffix):
    table = photographs / f"pairs{suffix}"
    cells = {"pair_id": "one", "before": "a.png", "after": "b.png"}
    if suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        stream = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist([cells]), stream)
        table.write_bytes(stream.getvalue())
    elif suffix == ".csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerows([cells.keys(), cells.values()])
        table.write_text(text.getvalue())
    else:
        table.write_text(json.dumps(cells))
    for path in (table, photographs):  # by itself, and as the one table of its folder
        assert [row.pair_id for row in checked(open_source(path))] == ["one"]


def test_siblings_and_trees_are_found_in_folders_behind_addresses(bucket):
    for name in ("s_1.png", "s_2.png", "deep/t_1.png", "deep/t_2.png", ".hidden/u_1.png"):
        (bucket / name).write_bytes(_png(0))
    assert [row.pair_id for row in checked(open_source(str(bucket)))] == ["s", "deep/t"]
    tree = bucket / "tree"
    for name in ("before/deep/v.png", "after/deep/v.jpg", "after/w.png"):
        (tree / name).write_bytes(_png(0))
    for rows in (open_source(tree), open_source(tree / "before", after=str(tree / "after"))):
        pair, problem = rows
        assert (pair.pair_id, str(pair.after)) == ("deep/v", f"{tree}/after/deep/v.jpg")
        assert isinstance(problem, RowProblem)
        assert problem.reason == f"no partner w.* in {tree}/before"


def test_a_file_address_gives_the_pairs_of_the_folder_itself(tmp_path):
    for name in ("a_1.png", "a_2.png"):
        (tmp_path / name).write_bytes(_png(0))
    (remote,) = open_source(f"file://{tmp_path}")
    (local,) = open_source(tmp_path)
    assert remote.pair_id == local.pair_id == "a"
    assert str(remote.before) == f"file://{local.before}"
    assert file_sha256(remote.before) == file_sha256(local.before)


def test_a_missing_photograph_is_an_error_of_its_pair(photographs):
    (photographs / "pairs.csv").write_text("pair_id,before,after\none,a.png,no.png\n")
    (result,) = PairPipeline(Half()).stream(open_source(photographs / "pairs.csv"))
    assert result.reason == "memory://bucket/set/no.png: cannot be read: no such file"
    assert not is_file(photographs / "no.png")


def test_a_missing_manifest_is_told_with_its_address():
    with pytest.raises(SourceError, match=r"^memory://void/p\.csv: there is nothing at this addr"):
        open_source("memory://void/p.csv")


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed")
def test_a_missing_package_is_named_with_its_command():
    expected = r"^s3://b/p\.csv: cannot be reached: its file system needs .*: pip install s3fs$"
    with pytest.raises(SourceError, match=expected):
        open_source("s3://b/p.csv")
    with pytest.raises(ImageError, match=r"^s3://b/a\.png: cannot be read: .*pip install s3fs$"):
        read_hashed(located("s3://b/a.png"))


def test_an_unknown_scheme_is_a_problem_of_its_row_or_of_the_source(photographs):
    with pytest.raises(SourceError, match=r"got foo://b/p\.csv: Unsupported filesystem"):
        open_source("foo://b/p.csv")
    (photographs / "pairs.csv").write_text("before,after\na.png,foo://b/a.png\n")
    (problem,) = open_source(photographs / "pairs.csv")
    assert isinstance(problem, RowProblem)
    assert problem.reason.startswith("after: expected a path or an address, got foo://b/a.png")


def test_whatever_the_other_side_raises_becomes_one_sentence():
    with (
        pytest.raises(RemoteError, match=r"^RuntimeError: no credentials$"),
        reaching(UPath("memory://a")),
    ):
        raise RuntimeError("no credentials\nlook here")
    with pytest.raises(RuntimeError, match="of this machine"), reaching(Path("a")):
        raise RuntimeError("of this machine")


def test_rows_with_addresses_can_be_sent_to_other_processes(photographs):
    (photographs / "pairs.csv").write_text("before,after\na.png,s3://b/a.png\n")
    (row,) = open_source(photographs / "pairs.csv")
    again = pickle.loads(pickle.dumps(row))
    assert again == row
    assert str(again.after) == "s3://b/a.png"


def test_paths_of_this_machine_stay_what_they_are(tmp_path):
    assert located(str(tmp_path)) == tmp_path
    assert not is_remote(located("a/b.png"))
    assert located("~/a.png") == Path.home() / "a.png"
    absolute = beside(UPath("memory://bucket/set"), str(tmp_path / "a.png"))
    assert absolute == tmp_path / "a.png"
    assert not is_remote(absolute)
