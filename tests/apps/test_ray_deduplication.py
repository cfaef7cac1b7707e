"""Deduplication on a cluster of one CPU: file for file what this process finds."""

from __future__ import annotations

import json
import pickle
import shutil
import sys

import cv2
import numpy as np
import pyarrow as pa
import pytest

from spotdiff.apps.deduplication import DedupRules, deduplicate
from spotdiff.apps.ray_deduplication import Hashing, HashWorker, deduplicating
from spotdiff.apps.ray_engine import RayEngine
from spotdiff.apps.ray_worker import Book
from spotdiff.data.collections import Collection, NamedRow
from spotdiff.ops.hamming import components
from spotdiff.stages.deduplication import Sameness
from spotdiff.types import ImageRow
from tests.fakes import noise, write_image

SETTINGS = RayEngine(workers=1, cpus_per_worker=0.5, gpus_per_worker=0, rows_per_task=4)
WORDS = ("engine=ray", "ray.workers=1", "ray.cpus_per_worker=0.5", "ray.rows_per_task=4")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Pictures, copies, near ones, mirrored ones, flat ones, a torn one."""
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(3):
        write_image(folder / f"{seed}.png", noise(seed, 120, 160))
        picture = cv2.imread(str(folder / f"{seed}.png"))
        small = cv2.resize(picture, (80, 60), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{seed}-near.jpg"), small)
        cv2.imwrite(str(folder / f"{seed}-turned.png"), picture[:, ::-1])
        shutil.copy(folder / f"{seed}.png", folder / f"{seed}-copy.png")
    for name, level in (("black", 0), ("white", 255), ("white-copy", 255)):
        write_image(folder / f"{name}.png", np.full((40, 60, 3), level, np.uint8))
    (folder / "torn.png").write_bytes((folder / "0.png").read_bytes()[:99])
    return folder


@pytest.fixture(scope="module")
def table(photos):
    """Rows of one, several and no images, with texts, of files that are missing, of bytes."""
    names = sorted(path.name for path in photos.iterdir())
    rows = [{"images": [name], "text": "ab"[number % 2]} for number, name in enumerate(names)]
    rows += [{"images": [f"{a}.png", f"{b}"], "text": "a"} for a in "012" for b in names[:4]]
    rows += [{"images": [f"{a}-copy.png", f"{b}"], "text": "a"} for a in "01" for b in names[:4]]
    rows += [{"text": "a"}, {"text": "a "}, {"images": ["gone.png"]}, {"images": ["0.png"] * 2}]
    rows += [{"image_bytes": ["AAAA"], "text": "a"}, {"images": 5}]
    path = photos / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    "words",
    [
        ["max_distance=6", "consider_text=true", "keep=largest", "mirrored=true"],
        ["compat=data-juicer", "keep=sharpest", "against=older"],
    ],
    ids=["near", "operator"],
)
def test_every_file_is_that_of_the_local_engine(running, table, photos, program, tmp_path, words):
    del running
    shutil.copytree(photos, tmp_path / "older", ignore=lambda _, names: set(names) - {"1.png"})
    words = [f"images={table}", "show_num=9", *words]
    bad = program("deduplicate", *words, "out=local", "cache=null")
    assert bad == program("deduplicate", *words, "out=ray", *WORDS)
    names = sorted(path.name for path in (tmp_path / "local").iterdir())
    assert names == ["groups.parquet", "kept.jsonl", "traced.jsonl"]
    for name in names:
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()


def test_columns_and_groups_are_those_of_this_process(running, table):
    del running
    rules = DedupRules(consider_text=True)
    local = deduplicate(table, rules, workers=1)
    with deduplicating(rules, None, SETTINGS) as engine:
        hashed = engine.hashes(Collection((table,)))
        sameness = Sameness(12, ordered=False, flat_alike=True)
        found = components(engine.links(hashed, sameness), len(hashed))
    for name in ("counts", "known", "areas", "sharpness", "names", "bits", "mirrored", "flat"):
        assert np.array_equal(getattr(hashed, name), getattr(local.hashed, name)), name
    assert np.array_equal(hashed.texts, local.hashed.texts)
    assert np.array_equal(hashed.colours, local.hashed.colours)
    assert hashed.problems == local.hashed.problems
    assert found.tolist() == sameness.groups(local.hashed).tolist()


def test_a_row_that_killed_its_worker_twice_is_told_and_the_others_are_hashed(photos, tmp_path):
    rows = [NamedRow(i, ImageRow(str(i), (photos / f"{i}.png",))) for i in range(3)]
    task = pa.table({"number": [10], "rows": [pickle.dumps(rows)]})
    book = Book()
    worker = HashWorker(Hashing(DedupRules(), None, str(tmp_path), 1), book)
    (whole,) = worker(task)["hashes"]
    book.begin(10)  # and the worker died
    for _ in range(2):
        assert book.begin(10).total()
        book.enter(10, 11)  # and died again
    (alone,) = worker(task)["hashes"]
    whole, alone = (pickle.loads(cell.as_py()) for cell in (whole, alone))
    assert alone.known.tolist() == [True, False, True]
    assert alone.bits.tolist() == whole.bits[[0, 2]].tolist()
    assert alone.problems[0].startswith("1: its worker died 2 times while it hashed this row")
    assert not book.begin(10)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "spotdiff\[ray\]"'):
        deduplicate([ImageRow("a")], ray=SETTINGS)
