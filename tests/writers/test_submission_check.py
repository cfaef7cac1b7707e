import pytest

from spotdiff.writers.submission_check import HEADER, check_submission, first_problem

IDS = [str(30000 + number) for number in range(1482)]
WORDS = {"car", "cone", "person", "traffic cone"}
EMPTY = ("none", "none", "none")


def table(**cells):
    """A row for every id, all `none` but for the rows that are given by `_ID`."""
    return [HEADER, *((name, *cells.get(f"_{name}", EMPTY)) for name in IDS)]


def test_a_table_of_all_pairs_passes():
    assert first_problem(table(_30007=("car person", "none", "traffic cone")), IDS, WORDS) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[1:], "expected the header img_id,added_objs"),
        (lambda _: [], "expected the header img_id,added_objs"),
        (lambda rows: rows[:-1], "each of 1,482 pairs, got 1,481 rows: pair '31481' has none."),
        (lambda rows: [*rows, rows[1]], "1,482 pairs, got 1,483 rows: pair '30000' has 2."),
        (lambda rows: [*rows, ("7", *EMPTY)], "row 1484: expected a pair of the pairs table"),
        (
            lambda rows: [rows[0], rows[2], rows[1], *rows[3:]],
            "row 2: expected pair '30000', since rows have the order of the pairs table",
        ),
        (lambda rows: [rows[0], ("30000", "none"), *rows[2:]], "row 2: expected 4 cells, got 2."),
    ],
)
def test_rows_are_those_of_the_pairs_table(change, said):
    assert said in first_problem(change(table()), IDS, WORDS)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", "got an empty cell"),
        (" ", "got an empty cell"),
        ("car none", "'none' without other words"),
        ("person car", "sorted, each once"),
        ("car car", "sorted, each once"),
        ("car  person", "one space between"),
        ("van", "expected known labels for removed_objs of pair '30001', got 'van'"),
        ("persn", "got 'persn' (did you mean 'person'?)"),
        ("traffic", "sorted, each once"),  # a part of a label is none
    ],
)
def test_cells_hold_sorted_known_labels_or_none(cell, said):
    told = first_problem(table(_30001=("none", cell, "none")), IDS, WORDS)
    assert told.startswith("row 3: expected ")
    assert said in told


def test_labels_of_several_words_are_read_as_the_vocabulary_has_them():
    cells = {"a b", "a", "b c"}  # sorted as labels: a, b c; taking `a b` first leaves `c`
    assert first_problem([HEADER, ("1", "a b c", "none", "none")], ["1"], cells) is None


def test_without_a_vocabulary_every_word_is_a_label():
    assert first_problem([HEADER, ("1", "van zebra", "none", "none")], ["1"]) is None
    assert "sorted" in first_problem([HEADER, ("1", "zebra van", "none", "none")], ["1"])


def test_a_file_is_named(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text(",".join(HEADER) + "\n1,none,none,\n")
    with pytest.raises(
        ValueError, match=r"s\.csv: row 2: .*changed_objs of pair '1', got an empty"
    ):
        check_submission(path, ["1"])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="CSV in UTF-8"):
        check_submission(path, ["1"])
