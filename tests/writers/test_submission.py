import csv
from dataclasses import replace

import pytest

from spotdiff.types import LabelSets
from spotdiff.writers.jsonl import JsonlWriter
from spotdiff.writers.submission import write_submission
from spotdiff.writers.submission_check import HEADER, check_submission


def recorded(folder, results):
    with JsonlWriter(folder / "p.jsonl") as writer:
        for result in results:
            writer.write(result)
    return folder / "p.jsonl", folder / "submission.csv"


def submitted(folder, results, *rest):
    write_submission(*recorded(folder, results), *rest)
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


def test_rows_have_the_order_of_the_pairs_table_and_leave_other_records_out(tmp_path, answer):
    rows = submitted(tmp_path, [answer("2"), answer("9"), answer("1")], ["1", "2"])
    assert [row[0] for row in rows[1:]] == ["1", "2"]


def test_a_pair_without_a_record_is_refused(tmp_path, answer):
    with pytest.raises(ValueError, match="expected a record of pair '2'"):
        submitted(tmp_path, [answer("1")], ["1", "2"])


def test_those_that_failed_are_told(tmp_path, answer, failure):
    paths = recorded(tmp_path, [failure("1"), answer("2"), failure("3")])
    assert write_submission(*paths) == ("1", "3")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("car", "none"), "'none' without other words for added_objs of pair '1', got 'car none'"),
        (("car", "trcuk"), r"known labels .* got 'trcuk' \(did you mean 'truck'\?\)"),
    ],
)
def test_a_table_that_would_not_pass_is_not_written(tmp_path, answer, words, said):
    submitted(tmp_path, [answer("1")])
    old = (tmp_path / "submission.csv").read_text()
    with pytest.raises(ValueError, match=said):
        submitted(tmp_path, [answer("1", labels=LabelSets(words))], None, {"car", "truck"})
    assert (tmp_path / "submission.csv").read_text() == old


def test_what_is_written_passes_the_check(tmp_path, results):
    submitted(tmp_path, results)
    ids = ["street/1", "street/2, west", "street/3"]
    check_submission(tmp_path / "submission.csv", ids, {"bag", "traffic cone", "box", "cone"})
