"""The program: files, table, exit codes, sentences; a second run looks at nothing."""

import json

import jsonschema
import pytest

from spotdiff.cli.describe import table_of
from spotdiff.writers.set_reports import read_reports, report_schema
from tests.fakes import noise, write_image


@pytest.fixture
def sets(tmp_path):
    """Six dark and six bright pictures, in two folders and in a table."""
    rows = ["path,group_name,subset,difference"]
    for i in range(6):
        write_image(tmp_path / "night" / f"{i}.png", noise(i) // 4)
        write_image(tmp_path / "day" / f"{i}.png", noise(10 + i) // 2 + 120)
        rows += [f"night/{i}.png,night,1,dark", f"day/{i}.png,day,{i % 2},"]
    (tmp_path / "sets.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_table_gives_all_files_and_a_second_run_looks_at_nothing(program, sets, monkeypatch):
    words = ["data=sets.csv", "a=night", "b=day", "hypotheses=4"]
    assert program("describe", *words, "out=run") == 0
    told = json.loads((sets / "run" / "report.json").read_text())
    jsonschema.validate(told, report_schema())
    (report,) = read_reports(sets / "run" / "report.json")
    assert report.sets.difference == "dark"
    assert report.ranked[0].auroc == 1.0
    assert len(report.ranked) <= 4
    page = (sets / "run" / "report.html").read_text()
    assert page.count("data:image/jpeg") == sum(
        len(one.best_first) + len(one.best_second) for one in report.ranked
    )
    assert len((sets / "run" / "hypotheses.csv").read_text().splitlines()) == 1 + len(report.ranked)

    def nobody(*_):
        raise AssertionError("measured once more")

    monkeypatch.setattr("spotdiff.data.album.measured", nobody)
    assert program("describe", *words, "out=again") == 0
    for name in ("report.json", "report.html", "hypotheses.csv"):
        assert (sets / "again" / name).read_bytes() == (sets / "run" / name).read_bytes()


def test_the_table_says_the_best_and_what_holds(program, sets):
    program("describe", "data=sets.csv", "a=night", "b=day", "subset=1", "out=run", "page=false")
    (report,) = read_reports(sets / "run" / "report.json")
    assert (len(report.sets.first), len(report.sets.second)) == (6, 3)
    told = table_of(report)
    assert "night, compared with day (ranked on 3 and" in told
    assert report.ranked[0].hypothesis.text in told
    assert f"of {len(report.ranked)} hypotheses hold" in told
    assert not (sets / "run" / "report.html").exists()


def test_two_folders_and_hypotheses_of_ones_own(program, sets):
    words = ["a=night", "b=day", "out=run", "~proposers.attributes", "page=false"]
    words += [
        "+set_proposer@proposers.mine=given",
        "proposers.mine.texts=[a dog,the dogs,at night]",
    ]
    assert program("describe", *words, "+set_ranker@rankers.nobody=none") == 0
    (report,) = read_reports(sets / "run" / "report.json")
    assert [(one.hypothesis.text, one.ranker) for one in report.ranked] == [
        ("a dog", "null"),
        ("at night", "null"),
    ]
    assert [one.hypothesis.text for one in report.reference] == ["day", "night"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data=sets.csv", "a=nigth", "b=day"], "there is no group 'nigth'"),
        (["data=sets.csv", "a=night"], "Expected two sets"),
        (["a=night", "b=dya"], "Did you mean day?"),
        (["a=night", "b=day", "subset=1"], "Expected a table for subset=1"),
        (["a=night", "b=day", "level=2"], "Expected level to be between 0 and 1"),
        (["a=night", "b=day", "purity=2"], "Expected purity to be a share"),
        (["a=night", "b=day", "~rankers.attributes"], "Expected a ranker at least"),
        (["a=night", "from=x.jsonl"], "Expected from=PREDICTIONS alone"),
        (["from=x.jsonl"], "Expected a file of predictions for from"),
        (["a=night", "b=empty"], "Expected pictures in"),
        (["a=night", "b=day", "hypothesis=3"], "Did you mean 'hypotheses'?"),
    ],
)
@pytest.mark.usefixtures("sets")
def test_what_is_wrong_is_one_sentence(program, tmp_path, capsys, words, sentence):
    (tmp_path / "empty").mkdir()
    assert program("describe", *words, "out=run") == 64
    lines = capsys.readouterr().err.splitlines()
    assert sentence in lines[-1]
    assert lines[-1].startswith("describe: ")
