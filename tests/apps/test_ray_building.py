"""Building on workers: the rows of the local engine, whatever dies."""

from __future__ import annotations

import json
from functools import partial

import pytest

from spotdiff.apps.ray_building import ChainWorker, build_with_ray, read_tasks
from spotdiff.apps.ray_engine import RayEngine
from spotdiff.apps.ray_rows import CarriedError
from spotdiff.apps.ray_worker import Book, WorkerSettings
from spotdiff.building.chain import Chain, Started
from spotdiff.building.funnel import conclude
from spotdiff.building.journal import Journal
from spotdiff.building.runs import BuildFolder, run_here
from tests.building.chain_parts import Counting, numbered
from tests.photo_parts import library, write_coco

NAMES = ("first", "second")


def _chain(**settings):
    first = Counting("first", rejects=("1",), boxes=2)
    return Chain({"first": first, "second": Counting("second", raises=("4",), **settings)})


def _mistaken():
    return Chain({"first": Counting("first", rejects=None)})  # which nothing is in


@pytest.fixture
def settings(tmp_path):
    return WorkerSettings(str(tmp_path), threads=1, gpus=0, batch_size=2, readers=1, workers=2)


def _task(folder, count, known=None):
    (table,) = read_tasks(partial(numbered, count), folder, known or {}, count, str(folder.out))
    return table


def _rows(table):
    told = json.loads(table["records"][0].as_py()[0])
    return told, [json.loads(line) for line in table["records"][0].as_py()[1:]]


def test_a_worker_takes_a_task_through_the_chain_and_says_what_it_took(tmp_path, settings):
    folder = BuildFolder(tmp_path)
    worker = ChainWorker(_chain, folder, settings, Book())
    seconds, rows = _rows(worker(_task(folder, 6)))
    assert set(seconds) == set(NAMES)
    assert [row["sample"]["id"] for row in rows] == list("012345")
    assert [row["sample"]["status"] for row in rows] == [
        *("kept", "rejected", "kept", "kept", "error", "kept")
    ]
    assert rows[0]["boxes"] == [2, 2]
    assert (folder.journal / "task-000000000.jsonl").is_file()


def test_a_task_goes_on_from_its_journal_and_from_that_of_another_run(tmp_path, settings):
    folder = BuildFolder(tmp_path)
    first, second, third = numbered(3)
    with Journal(folder.journal / "task-000000000.jsonl") as journal:
        journal.known(Started(first, 2, (0, 0)))
    chain = _chain()
    worker = ChainWorker(lambda: chain, folder, settings, Book())
    known = {second.id: Started(second, 1, (0,))}
    worker(_task(folder, 3, known))
    assert [sorted(step.asked) for step in chain.steps] == [[third.id], [second.id, third.id]]


def test_a_row_in_which_workers_died_alone_is_an_error_and_its_neighbours_are_not(
    tmp_path, settings
):
    book, folder = Book(), BuildFolder(tmp_path)
    book.begin(0)  # dies in the batches, and then twice in row 2 alone
    for _ in range(2):
        book.begin(0)
        book.enter(0, 2)
    worker = ChainWorker(partial(_chain, deadly=("2",)), folder, settings, book)
    _, rows = _rows(worker(_task(folder, 4)))
    verdict = rows[2]["sample"]["verdict"]
    assert verdict["step"] == "first"
    assert verdict["reason"].startswith("its worker died 2 times while it had this row alone")
    assert [row["sample"]["status"] for row in rows] == ["kept", "rejected", "error", "kept"]


def test_what_cannot_be_built_and_mistakes_in_steps_are_carried(tmp_path, settings):
    folder = BuildFolder(tmp_path)
    with pytest.raises(CarriedError) as caught:
        ChainWorker(partial(_chain, absent=1), folder, settings, Book())(_task(folder, 1))
    assert "absent" in str(caught.value.error)
    with pytest.raises(CarriedError) as caught:
        ChainWorker(_mistaken, folder, settings, Book())(_task(folder, 1))
    assert isinstance(caught.value.error, TypeError)


def test_two_workers_write_what_this_process_writes(running, tmp_path):
    del running
    here, there = BuildFolder(tmp_path / "here"), BuildFolder(tmp_path / "there")
    told = []
    with Journal(there.journal / "killed.jsonl") as journal:
        journal.known(Started(numbered(3)[2], 2, (7, 7)))  # of a run that was killed
    engine = RayEngine(workers=2, cpus_per_worker=0.5, batch_size=2, rows_per_task=3)
    rows = partial(numbered, 9)
    build_with_ray(_chain, NAMES, rows, there, told.append, settings=engine)
    assert [sample.id for sample in told] == list("012345678")
    assert not there.journal.exists()
    run_here(_chain(), rows, here, 2, told.append)
    lines, expected = (f.rows.read_text().splitlines() for f in (there, here))
    different = [n for n, (a, b) in enumerate(zip(lines, expected, strict=True)) if a != b]
    assert different == [2]  # which came from a journal
    assert json.loads(lines[2])["boxes"] == {"first": 7, "second": 7}
    funnel = conclude(there, NAMES)
    assert (funnel.rows, funnel.kept, funnel.errors) == (9, 7, 1)
    assert set(json.loads(there.seconds.read_text())) == set(NAMES)


def test_a_recipe_gives_the_rows_and_pictures_of_the_local_engine(
    running, program, tiny_checkpoint, tmp_path
):
    del running
    table = write_coco(tmp_path / "photos", library(tmp_path / "photos").photos)
    rules = "steps.areas.pipeline.comparer.rules"
    wide = [f"{rules}.{pair}" for pair in ("min_similarity=-1", "max_similarity=1", "min_area=0")]
    wide += [f"{rules}.max_region_similarity=1", f"ckpt={tiny_checkpoint}", f"in={table}"]
    engines = {"here": (), "there": ("engine=ray", "ray.workers=1", "ray.cpus_per_worker=0.5")}
    found = []
    for out, engine in engines.items():
        command = ("recipe=img_diff", *wide, f"out={out}", "batch_size=2", *engine)
        assert program("build", *command) == 0
        rows = (tmp_path / out / "rows.jsonl").read_text().replace(f'"{out}/', '"out/')
        pictures = sorted((tmp_path / out / "pictures").iterdir())
        found.append((rows, {path.name: path.read_bytes() for path in pictures}))
    assert found[0] == found[1]
    assert found[0][0].count("was replaced by") + found[0][0].count("were replaced by") >= 3
