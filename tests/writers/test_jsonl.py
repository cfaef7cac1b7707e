import subprocess
import sys
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.types import ModelInfo
from spotdiff.writers.jsonl import JsonlWriter, Records, compact, finished, merge, read_records


def write_all(path, results):
    with JsonlWriter(path) as writer:
        for result in results:
            assert writer.write(result) is result


def ids(path):
    return [result.pair_id for result in read_records(path)]


def test_records_have_their_golden_file(tmp_path, results, golden):
    write_all(tmp_path / "predictions.jsonl", results)
    golden(tmp_path / "predictions.jsonl", "predictions.jsonl")


def test_what_is_written_is_read_back_in_order(tmp_path, results):
    write_all(tmp_path / "new" / "folder" / "p.jsonl", results)
    read = list(read_records(tmp_path / "new" / "folder" / "p.jsonl"))
    assert read == [result.light() for result in results]


@given(st.lists(st.text(st.characters(exclude_categories=())), unique=True, max_size=5))
def test_any_pair_id_survives_the_file(tmp_path_factory, answer, pair_ids):
    path = tmp_path_factory.mktemp("any") / "p.jsonl"
    write_all(path, [answer(pair_id) for pair_id in pair_ids])
    assert ids(path) == pair_ids


def test_a_killed_run_keeps_every_record_that_was_written(tmp_path):
    path = tmp_path / "p.jsonl"
    program = (
        "import os, sys, pathlib\n"
        "from spotdiff.types import PairResult, ViewInfo\n"
        "from spotdiff.writers.jsonl import JsonlWriter\n"
        "with JsonlWriter(pathlib.Path(sys.argv[1])) as writer:\n"
        "    for i in range(3):\n"
        "        writer.write(PairResult(str(i), ViewInfo('b'), ViewInfo('a')))\n"
        "    os._exit(9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == 9
    assert ids(path) == ["0", "1", "2"]


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_a_torn_last_line_is_cut_off_and_the_run_goes_on(tmp_path, kept, answer):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1"), answer("2")])
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:kept])
    assert ids(path) == ["1"]
    write_all(path, [answer("3")])
    assert ids(path) == ["1", "3"]
    assert path.read_bytes().startswith(first)


def test_a_whole_last_line_that_lacks_its_newline_is_kept(tmp_path, answer):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1")])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert ids(path) == ["1"]
    write_all(path, [answer("2")])
    assert ids(path) == ["1", "2"]


def test_an_empty_file_is_an_empty_run(tmp_path):
    path = tmp_path / "p.jsonl"
    path.touch()
    write_all(path, [])
    assert ids(path) == []
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    "bad", ["not json", "[]", "3", "null", '{"pair_id": 3}', '{"pair_id": "x"}']
)
def test_a_line_that_is_no_record_is_named(tmp_path, bad, answer, model):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1")])
    with path.open("a") as file:
        file.write(bad + "\n")
    write_all(path, [answer("2")])
    with pytest.raises(ValueError, match=r"p\.jsonl line 2: expected a prediction record"):
        ids(path)
    with pytest.raises(ValueError, match=r"p\.jsonl line 2: expected a prediction record"):
        finished(path, model.sha256)


def test_a_score_that_is_no_number_is_refused_with_its_pair(tmp_path, answer):
    bad = replace(answer("street/9"), change_score=float("nan"))
    with (
        JsonlWriter(tmp_path / "p.jsonl") as writer,
        pytest.raises(ValueError, match=r"street/9.*finite"),
    ):
        writer.write(bad)
    assert (tmp_path / "p.jsonl").read_bytes() == b""


def test_a_closed_writer_says_how_to_open_it(tmp_path, answer):
    with pytest.raises(ValueError, match=r"with JsonlWriter"):
        JsonlWriter(tmp_path / "p.jsonl").write(answer("1"))


def test_the_last_record_of_a_pair_holds_in_the_place_of_its_first(tmp_path, answer, failure):
    path = tmp_path / "p.jsonl"
    write_all(path, [failure("1"), answer("2"), answer("1")])
    read = list(read_records(path))
    assert [(result.pair_id, result.status) for result in read] == [("1", "ok"), ("2", "ok")]


def test_finished_pairs_are_answers_of_the_same_model(tmp_path, answer, failure, model):
    path = tmp_path / "p.jsonl"
    other = replace(answer("3"), model=ModelInfo("base", "d" * 64))
    unhashed = replace(answer("4"), before=replace(answer("4").before, sha256=None))
    write_all(path, [answer("1"), failure("2"), other, unhashed, answer("5"), failure("5")])
    assert finished(path, model.sha256) == {"1": ("a" * 64, "b" * 64)}
    assert finished(path, "d" * 64) == {"3": ("a" * 64, "b" * 64)}


def test_nothing_is_finished_before_the_first_run(tmp_path, model):
    assert finished(tmp_path / "absent.jsonl", model.sha256) == {}


def test_compacting_leaves_the_last_record_of_each_pair_and_nothing_else(tmp_path, answer, failure):
    path = tmp_path / "p.jsonl"
    write_all(path, [failure("1"), answer("2"), answer("1")])
    lines = path.read_bytes().splitlines()
    path.write_bytes(path.read_bytes() + b'{"pair_id": "torn')
    compact(path)
    assert path.read_bytes().splitlines() == [lines[2], lines[1]]
    assert list(tmp_path.iterdir()) == [path]
    once = path.read_bytes()
    compact(path)
    assert path.read_bytes() == once


def test_files_of_several_ranks_merge_into_one_with_one_record_a_pair(tmp_path, answer, failure):
    target, rank0, rank1 = (tmp_path / name for name in ("p.jsonl", "0.jsonl", "1.jsonl"))
    write_all(target, [failure("1"), answer("0")])
    write_all(rank0, [answer("1"), answer("3")])
    write_all(rank1, [answer("2"), answer("1")])
    merge([target, rank0, rank1], target)
    assert ids(target) == ["1", "0", "3", "2"]
    assert all(result.status == "ok" for result in read_records(target))
    assert len(target.read_bytes().splitlines()) == 4


def test_reading_holds_one_record_at_a_time(tmp_path, failure):
    path = tmp_path / "p.jsonl"
    write_all(path, (failure(str(index), "x" * 10_000) for index in range(500)))
    tracemalloc.start()
    assert sum(1 for _ in read_records(path)) == 500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # the file has five


def test_records_are_found_by_their_pair_in_any_order(tmp_path, results):
    path = tmp_path / "p.jsonl"
    write_all(path, results)
    with Records(path) as found:
        for result in results[::-1]:
            assert found[result.pair_id] == result.light()


def test_the_record_that_is_found_is_the_last_one_and_a_torn_line_is_none(
    tmp_path, answer, failure
):
    path = tmp_path / "p.jsonl"
    write_all(path, [failure("1"), answer("2"), answer("1")])
    path.write_bytes(path.read_bytes() + b'{"pair_id": "2", "stat')
    with Records(path) as found:
        assert found["1"].status == "ok"
        assert found["2"].status == "ok"


def test_a_pair_without_a_record_is_named_with_the_file(tmp_path, answer):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1")])
    with Records(path) as found, pytest.raises(ValueError, match=r"p\.jsonl: .* pair 'x'"):
        found["x"]


def test_closed_records_say_how_to_open_them(tmp_path, answer):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1")])
    with Records(path) as found:
        assert found["1"].pair_id == "1"
    with pytest.raises(ValueError, match=r"with Records"):
        found["1"]


def test_a_line_that_is_no_record_is_named_when_records_are_opened(tmp_path, answer):
    path = tmp_path / "p.jsonl"
    write_all(path, [answer("1")])
    path.write_bytes(path.read_bytes() + b"not json\n")
    with pytest.raises(ValueError, match=r"p\.jsonl line 2: expected a prediction record"):
        Records(path)
