"""Prediction on a cluster of two workers: the answers of the local engine, whatever happens."""

from __future__ import annotations

import json
import socket
import sys
from functools import partial
from types import SimpleNamespace

import cv2
import pytest

from spotdiff.apps.loading import load
from spotdiff.apps.ray_cluster import cluster, gpus_of_each, plain_errors
from spotdiff.apps.ray_engine import RayEngine, predict_with_ray
from spotdiff.data.sources import open_source
from spotdiff.data.tables import TableError
from spotdiff.writers.heatmap import HeatmapWriter
from spotdiff.writers.records import to_record
from tests.apps import ray_parts
from tests.fakes import noise, write_image

SETTINGS = RayEngine(workers=2, cpus_per_worker=0.5, batch_size=2, rows_per_task=4)


@pytest.fixture
def manifest(tmp_path):
    """Eleven rows: unequal sizes, a missing, a damaged and an unnamed file, an unknown column."""
    lines = []
    for number in range(11):
        cells = {
            "pair_id": f"pair{number}",
            "before": f"{number}_b.png",
            "after": f"{number}_a.png",
        }
        height = 40 if number == 3 else 64
        write_image(tmp_path / cells["before"], noise(2 * number, height))
        write_image(tmp_path / cells["after"], noise(2 * number + 1))
        lines.append(cells)
    (tmp_path / "5_a.png").unlink()
    damaged = tmp_path / "6_b.png"
    damaged.write_bytes(damaged.read_bytes()[:200])
    lines[7]["after"] = ""
    lines[8]["colour"] = "red"
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return f"file://{path}"


def _lines(results):
    return [json.dumps(to_record(result)) for result in results]


def _heatmaps(folder):
    return [HeatmapWriter(folder / "heatmaps")]


def test_two_workers_write_what_the_local_engine_writes(
    running, manifest, tiny_checkpoint, tmp_path
):
    del running
    build, source = partial(load, tiny_checkpoint, device="cpu"), partial(open_source, manifest)
    local = build()
    (earlier,) = [r for r in local.stream(source()) if r.pair_id == "pair9"]
    known = {"pair9": (earlier.before.sha256, earlier.after.sha256), "pair1": ("other", "hashes")}
    (writer,) = _heatmaps(tmp_path / "local")
    with writer:
        expected = _lines(map(writer.write, local.stream(source(), 2, 2, known)))
    writers = partial(_heatmaps, tmp_path / "ray")
    results = list(predict_with_ray(source, build, known, writers, settings=SETTINGS))
    assert _lines(results) == expected
    assert [r.pair_id for r in results if r.status == "error"] == ["pair5", "pair6", "pair7", ""]
    assert sum(len(r.changes) for r in results) > 0
    names = sorted(path.name for path in (tmp_path / "local" / "heatmaps").iterdir())
    assert len(names) == 7
    for name in names:
        drawn, same = (cv2.imread(str(tmp_path / e / "heatmaps" / name)) for e in ("local", "ray"))
        assert (drawn == same).all()


def test_workers_that_die_lose_nothing_and_rows_that_kill_them_are_told(running, tmp_path):
    del running
    moods = {"deadly_once": ("1", "10"), "deadly": ("6",), "raising": ("3",), "boundless": ("8",)}
    build = partial(ray_parts.moody, tmp_path, **moods)
    rows = ray_parts.numbered(tmp_path, 12)
    results = list(predict_with_ray(lambda: rows, build, {}, settings=SETTINGS))
    assert [result.pair_id for result in results] == [str(number) for number in range(12)]
    reasons = {r.pair_id: r.reason for r in results if r.status == "error"}
    assert list(reasons) == ["3", "6", "8"]
    assert reasons["3"] == "answering the pair raised TypeError: cannot answer 3"
    assert reasons["6"].startswith("its worker died 2 times while it answered this pair alone")
    visits = {name: len((tmp_path / name).read_text()) for name in ("1", "6", "10")}
    assert visits == {"1": 2, "6": 3, "10": 2}


def test_an_error_of_the_source_arrives_as_it_was_raised(running, tmp_path):
    del running
    build = partial(ray_parts.moody, tmp_path)
    with pytest.raises(TableError, match="2 problems") as caught:
        list(predict_with_ray(ray_parts.broken_table, build, {}, settings=SETTINGS))
    assert [problem.reason for problem in caught.value.problems] == ["problem 1", "problem 2"]
    assert str(caught.value).endswith("problem 2")  # nothing of Ray's in it


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "spotdiff\[ray\]"'):
        next(predict_with_ray(list, ray_parts.failing, {}, settings=SETTINGS))


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"cpus_per_worker": -1}, {"rows_per_task": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RayEngine(**wrong)


def test_a_task_holds_whole_batches_and_at_least_eight_rows():
    sizes = [RayEngine(batch_size=size).task_size for size in (1, 3, 16)]
    assert sizes == [8, 12, 64]


class Cluster:
    """What stands for Ray in a process that is on no cluster, or on one of some GPUs."""

    def __init__(self, gpus=0):
        self.gpus = gpus

    def is_initialized(self):
        return False

    def cluster_resources(self):
        return {"CPU": 8.0, "GPU": self.gpus} if self.gpus else {"CPU": 8.0}


def test_gpus_are_shared_out_so_that_every_worker_finds_its_part():
    shares = [gpus_of_each(Cluster(gpus), 3, None, alone=True) for gpus in (0, 1, 2, 3, 8)]
    assert shares == [0, 1 / 3, 1 / 2, 1, 1]
    assert gpus_of_each(Cluster(2), 2, 0.25, alone=True) == 0.25
    with pytest.raises(ValueError, match="3 workers ask for 3 GPUs, and this machine has 2"):
        gpus_of_each(Cluster(2), 3, 1, alone=True)


def test_a_cluster_that_may_grow_is_waited_for(caplog):
    assert gpus_of_each(Cluster(0), 2, 0.5, alone=False) == 0.5
    assert "2 workers ask for 1 GPUs, and the cluster has 0: waiting" in caplog.text


def test_a_cluster_that_is_not_there_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"  # nobody's when the block ends
    for name in (address, f"ray://{address}"):
        told = pytest.raises(ConnectionError, match=f"^Expected a Ray cluster at {name}: ")
        with told, cluster(Cluster(), name, cpus=1):
            pass


def test_what_ray_itself_raises_is_one_line_with_the_rest_as_a_note():
    errors = pytest.importorskip("ray.exceptions", reason="the extra ray is not installed")
    died = errors.ActorUnavailableError("the node went away\nand took its actors along", None)
    told = pytest.raises(RuntimeError, match=r"^Ray gave up: .*the node went away")
    with told as caught, plain_errors(SimpleNamespace(exceptions=errors)):
        raise died
    assert "took its actors along" in caught.value.__notes__[0]
