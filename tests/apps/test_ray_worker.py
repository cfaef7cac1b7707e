"""The worker by itself, without Ray: what it answers, and how it finds the rows that kill it."""

from __future__ import annotations

import json
from functools import partial

import pytest

from spotdiff.apps.ray_rows import CarriedError, Task, from_table, read_tasks, task_of
from spotdiff.apps.ray_worker import MAX_BUILDS, Book, Worker, WorkerSettings
from spotdiff.types import ModelInfo
from tests.apps import ray_parts


@pytest.fixture
def settings(tmp_path):
    return WorkerSettings(str(tmp_path), threads=1, gpus=1, batch_size=2, readers=1, workers=2)


def _table(rows, finished=None, number=0):
    (table,) = read_tasks(lambda: rows, finished or {}, len(rows), ".")
    assert task_of(table) == Task(number, tuple(rows), finished or {})
    return table


def _reasons(worker, rows, finished=None):
    results = from_table(worker(_table(rows, finished)))
    return {result.pair_id: result.reason for result in results}


class Broken:
    """A writer that cannot write one of the pairs."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def write(self, result):
        if result.pair_id == "1":
            raise OSError(28, "No space left on device")
        return result


def test_the_book_tells_how_often_a_task_was_lost_and_in_which_row():
    book = Book()
    assert book.begin(8) == {}
    assert book.begin(8) == {None: 1}  # in the batches
    book.enter(8, 9)
    assert book.begin(8) == {None: 1, 9: 1}
    book.enter(8, 9)
    book.enter(8, 10)  # so row 9 went well
    assert book.begin(8) == {None: 1, 9: 1, 10: 1}
    assert book.begin(0) == {}
    book.end(8)
    assert book.begin(8) == {}


def test_tasks_are_cut_from_a_source_as_they_are_asked_for(tmp_path):
    opened = []

    def source():
        for row in ray_parts.numbered(tmp_path, 100):
            opened.append(row.pair_id)
            yield row

    known = {"1": ("a", "b"), "4": ("c", "d")}
    tables = read_tasks(source, known, 3, str(tmp_path))
    first, second = task_of(next(tables)), task_of(next(tables))
    assert [row.pair_id for row in first.rows] == ["0", "1", "2"]
    assert first.finished == {"1": ("a", "b")}
    assert second.number == 3
    assert len(opened) == 6


def test_a_row_that_raises_and_one_without_a_number_are_errors_among_answers(tmp_path, settings):
    build = partial(ray_parts.moody, tmp_path, raising=("2",), boundless=("4",))
    worker = Worker(build, tuple, settings, Book())
    reasons = _reasons(worker, ray_parts.numbered(tmp_path, 6))
    assert list(reasons) == ["0", "1", "2", "3", "4", "5"]
    assert reasons["2"] == "answering the pair raised TypeError: cannot answer 2"
    assert reasons["4"].startswith("answering the pair raised ValueError: ")
    assert [reasons[name] for name in "0135"] == [None] * 4


def test_rows_that_were_answered_earlier_are_passed_over_in_both_ways(tmp_path, settings):
    rows = ray_parts.numbered(tmp_path, 4)
    build = partial(ray_parts.moody, tmp_path, raising=("3",))
    worker = Worker(build, tuple, settings, Book())
    (whole,) = from_table(worker(_table(rows[:1])))
    known = dict.fromkeys(("1", "2"), (whole.before.sha256, whole.after.sha256))
    assert list(_reasons(worker, rows, known)) == ["0", "3"]


def test_a_row_in_which_workers_died_alone_is_told_and_its_neighbours_are_answered(
    tmp_path, settings
):
    book = Book()
    book.begin(0)  # dies in the batches, and then twice in row 1 alone
    for _ in range(2):
        book.begin(0)
        book.enter(0, 1)
    worker = Worker(partial(ray_parts.moody, tmp_path, deadly=("1",)), tuple, settings, book)
    reasons = _reasons(worker, ray_parts.numbered(tmp_path, 3))
    assert reasons["1"].startswith("its worker died 2 times while it answered this pair alone")
    assert (reasons["0"], reasons["2"]) == (None, None)


def test_what_a_writer_raises_is_an_error_of_its_pair(tmp_path, settings):
    worker = Worker(partial(ray_parts.moody, tmp_path), lambda: [Broken()], settings, Book())
    reasons = _reasons(worker, ray_parts.numbered(tmp_path, 3))
    assert "No space left on device" in reasons["1"]
    assert (reasons["0"], reasons["2"]) == (None, None)


def test_records_are_the_lines_of_a_file_of_predictions(tmp_path, settings):
    worker = Worker(partial(ray_parts.moody, tmp_path), tuple, settings, Book())
    table = worker(_table(ray_parts.numbered(tmp_path, 2)))
    first, _ = (json.loads(text) for text in table["records"][0].as_py())
    assert (first["pair_id"], first["status"], first["change_score"]) == ("0", "ok", 0.5)
    assert next(from_table(table)).model == ModelInfo("moody", "0")


def test_what_building_the_pipeline_raised_is_raised_by_the_first_answer(tmp_path, settings):
    worker = Worker(ray_parts.failing, tuple, settings, Book())
    with pytest.raises(CarriedError) as caught:
        worker(_table(ray_parts.numbered(tmp_path, 1)))
    assert isinstance(caught.value.error, FileNotFoundError)


def test_building_that_kills_every_process_comes_to_an_end(tmp_path, settings):
    book = Book()
    for _ in range(MAX_BUILDS + settings.workers):
        book.begin(-1)
    worker = Worker(partial(ray_parts.moody, tmp_path), tuple, settings, book)
    with pytest.raises(CarriedError, match="7 processes died"):
        worker(_table(ray_parts.numbered(tmp_path, 1)))
