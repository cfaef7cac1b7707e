"""What the user sees while pairs are answered."""

from dataclasses import replace

from spotdiff.cli import progress as shown
from spotdiff.cli.progress import progress, table_of
from spotdiff.types import Change, ChangeKind, PairResult, ViewInfo

RESULT = PairResult(
    "street",
    ViewInfo("b"),
    ViewInfo("a"),
    change_score=0.75,
    changes=(
        Change(ChangeKind.ADDED, 0.9, "cone", None, (1.4, 2.6, 30, 40)),
        Change(ChangeKind.REMOVED, 0.4, None, (5, 6, 7, 8), None),
    ),
)


def test_results_pass_unchanged_and_one_by_one():
    drawn = []

    def results():
        for i in range(3):
            drawn.append(i)
            yield replace(RESULT, pair_id=str(i))

    with progress(results()) as passing:
        first = next(passing)
        assert first.pair_id == "0"
        assert drawn == [0]
        assert [r.pair_id for r in passing] == ["1", "2"]


def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(shown, "SECONDS_BETWEEN_LINES", 0.0)
    with progress(iter([RESULT] * 2)) as passing:
        list(passing)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == ["1 pair", "2 pairs"]


def test_a_table_has_a_row_a_change():
    table = table_of(RESULT)
    assert "street: probability of a change 0.75" in table
    rows = [line.split() for line in table.splitlines()]
    added = next(row for row in rows if "added" in row)
    assert added[1:8] == ["added", "│", "cone", "│", "0.90", "│", "│"]
    assert added[8:12] == ["1", "3", "30", "40"]
    assert any("removed" in row and "0.40" in row for row in rows)
    assert max(len(line) for line in table.splitlines()) <= 100


def test_an_error_has_its_reason_instead_of_a_table():
    broken = replace(RESULT, status="error", reason="a.jpg: the image is damaged")
    assert table_of(broken) == "street: a.jpg: the image is damaged"


def test_what_changed_stands_under_the_table_as_it_was_said():
    told = replace(RESULT, caption="A [red] cone was added; " + "and more, " * 12)
    lines = table_of(told).splitlines()
    (start,) = [i for i, line in enumerate(lines) if line.startswith("A [red] cone was added")]
    assert start > max(i for i, line in enumerate(lines) if "removed" in line)
    assert max(len(line) for line in lines) <= 100
