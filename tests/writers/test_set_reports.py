"""Reports as JSON and CSV: they follow the schema, and come back as they were."""

import csv
import json

import jsonschema
import pytest

from spotdiff.types import Histogram, Hypothesis, ImageSets, Ranked, SetItem, SetReport
from spotdiff.writers.set_reports import (
    COLUMNS,
    read_reports,
    report_schema,
    write_hypotheses,
    write_reports,
)


def ranked(text="dark <b>pictures</b>", q=0.001, **more):
    return Ranked(
        Hypothesis(text, ("attributes", "words"), "-brightness"),
        "attributes",
        auroc=0.9,
        low=0.8,
        high=0.95,
        means=(-0.1, -0.5),
        effect=1.5,
        p=q / 2,
        q=q,
        best_first=(1, 0),
        best_second=(0,),
        unanswered=2,
        shares=(0.9, 0.2),
        histogram=Histogram(-1.0, 0.0, (0, 2), (1, 0)),
        **more,
    )


def report(*texts):
    first = (
        SetItem("a<script>.png", (1.0, 2.0, 3.0, 4.5)),
        SetItem("b.png", None, "prompt", "says", "s"),
    )
    sets = ImageSets(("<night>", "day"), first, (SetItem("c.png"),), "it is dark", "easy")
    plain = Ranked(Hypothesis("night"), "clip", 0.5, 0.4, 0.6, (0.0, 0.0), 0.0, 0.5, 0.5)
    return SetReport(
        sets,
        tuple(ranked(text) for text in texts) or (ranked(),),
        (plain,),
        (1, 1),
        (1, 1),
        ("x.png: <no> such file",),
        (("ranker", "attributes", ""), ("embedder", "clip", "0" * 64)),
        (("car", 3), ("dog", 1)),
    )


def test_reports_come_back_as_they_were(tmp_path):
    told = [report(), report("one", "two")]
    write_reports(told, tmp_path / "report.json")
    assert read_reports(tmp_path / "report.json") == told
    jsonschema.validate(json.loads((tmp_path / "report.json").read_text()), report_schema())


def test_no_reports_are_reports_too(tmp_path):
    write_reports([], tmp_path / "report.json")
    assert read_reports(tmp_path / "report.json") == []


def test_another_file_is_one_sentence(tmp_path):
    path = tmp_path / "report.json"
    for text in ("{", "[]", '{"reports": [{"sets": {}}]}'):
        path.write_text(text)
        with pytest.raises(ValueError, match="expected reports about sets"):
            read_reports(path)


def test_hypotheses_are_rows(tmp_path):
    write_hypotheses([report("one", "two"), report("three")], tmp_path / "hypotheses.csv")
    rows = list(csv.DictReader((tmp_path / "hypotheses.csv").open(newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["rank"], row["hypothesis"]) for row in rows] == [
        ("1", "one"),
        ("2", "two"),
        ("1", "three"),
    ]
    assert float(rows[0]["auroc"]) == 0.9
    assert rows[0]["proposers"] == "attributes words"
