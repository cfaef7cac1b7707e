import csv
from dataclasses import replace

import pytest

from spotdiff.types import LabelSets
from spotdiff.writers.jsonl import JsonlWriter
from spotdiff.writers.submission import HEADER, write_submission


def submitted(folder, results):
    with JsonlWriter(folder / "p.jsonl") as writer:
        for result in results:
            writer.write(result)
    write_submission(folder / "p.jsonl", folder / "submission.csv")
    with (folder / "submission.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_the_submission_has_its_golden_file(tmp_path, results, golden):
    submitted(tmp_path, results)
    golden(tmp_path / "submission.csv", "submission.csv")


def test_words_are_sorted_unique_and_joined_by_spaces(tmp_path, answer):
    labels = LabelSets(added=("person", "car", "person"), changed=("traffic cone", "sign"))
    rows = submitted(tmp_path, [answer("7", labels=labels)])
    assert rows == [list(HEADER), ["7", "car person", "none", "sign traffic cone"]]


def test_a_pair_that_failed_keeps_its_row(tmp_path, answer, failure):
    rows = submitted(tmp_path, [failure("1"), answer("2")])
    assert rows[1:] == [["1", "none", "none", "none"], ["2", "none", "none", "none"]]


def test_a_pair_mended_by_a_second_run_has_one_row_with_its_answer(tmp_path, answer, failure):
    submitted(tmp_path, [failure("1"), answer("2")])
    rows = submitted(tmp_path, [answer("1", labels=LabelSets(removed=("car",)))])
    assert rows[1:] == [["1", "none", "car", "none"], ["2", "none", "none", "none"]]


def test_a_pair_id_with_a_comma_stays_one_cell(tmp_path, answer):
    assert submitted(tmp_path, [answer('a,"b"')])[1][0] == 'a,"b"'


def test_an_answer_without_label_sets_is_refused_and_the_old_table_stays(tmp_path, answer):
    submitted(tmp_path, [answer("1")])
    old = (tmp_path / "submission.csv").read_text()
    with pytest.raises(ValueError, match="label sets for pair '3'"):
        submitted(tmp_path, [replace(answer("3"), labels=None)])
    assert (tmp_path / "submission.csv").read_text() == old
