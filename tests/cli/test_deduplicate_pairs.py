"""The deduplication program with pairs: a record a pair, and a table that can be read again."""

import json
import re

import numpy as np
import pytest

from spotdiff.data.sources import open_source
from spotdiff.types import PairRow, RowProblem
from tests.fakes import noise, write_image


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def table(tmp_path):
    """Six pairs with words: a repeat, one swapped, one mirrored, one of two equal views, a torn."""
    scenes = {name: noise(seed, 120, 160) for seed, name in enumerate("abcd", 1)}
    for name, scene in scenes.items():
        write_image(tmp_path / "data" / f"{name}.png", scene)
        write_image(tmp_path / "data" / f"{name}-.png", np.ascontiguousarray(scene[:, ::-1]))
    (tmp_path / "data" / "torn.png").write_bytes(b"torn")
    views = [("a", "b"), ("a", "b"), ("b", "a"), ("a-", "b-"), ("c", "c"), ("torn", "d")]
    rows = [
        {"pair_id": f"p{i}", "before": f"{b}.png", "after": f"{a}.png", "labels": {"added": ["x"]}}
        for i, (b, a) in enumerate(views)
    ]
    path = tmp_path / "data" / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


WORDS = ("images=data/pairs.jsonl", "pairs=true", "out=run")


def test_every_pair_has_a_record_and_what_stays_can_be_read_again(program, table, tmp_path, capsys):
    assert program("deduplicate", *WORDS, "max_distance=2") == 1
    records = lines(tmp_path / "run" / "pairs.jsonl")
    assert [one["relation"] for one in records] == [
        *(None, "same", "swapped", "mirrored", "unchanged", None)
    ]
    assert [one["earlier"] for one in records] == [None, "p0", "p0", "p0", None, None]
    assert [one["stays"] for one in records] == [True, False, False, False, True, True]
    assert records[2]["distances"] == [0, 0]
    assert records[4] == {
        **{"pair_id": "p4", "where": "pairs.jsonl row 5", "relation": "unchanged"},
        **{"earlier": None, "earlier_where": None, "distances": None, "apart": 0},
        **{"unchanged": True, "stays": True, "problem": None},
    }
    assert "torn.png: expected an image" in records[5]["problem"]
    kept = list(open_source(tmp_path / "run" / "kept.jsonl"))
    asked = [row for row in open_source(table) if row.pair_id in ("p0", "p4", "p5")]
    assert [(r.pair_id, r.before, r.labels) for r in kept] == [
        (r.pair_id, r.before, r.labels) for r in asked
    ]
    told = capsys.readouterr().err
    assert "6 pairs: 3 stay; 1 are the same as an earlier one, 1 that one swapped, 1 mirr" in told
    assert "in 1 more both views look the same, which stay; 1 could not be read and stay" in told


@pytest.mark.usefixtures("table")
def test_unchanged_pairs_go_on_request(program, tmp_path):
    assert program("deduplicate", *WORDS, "keep_unchanged=false") == 1
    assert [one["stays"] for one in lines(tmp_path / "run" / "pairs.jsonl")][4] is False


@pytest.mark.usefixtures("table")
def test_what_another_collection_has_does_not_stay(program, tmp_path):
    assert program("deduplicate", *WORDS, "against=data/pairs.jsonl") == 1
    records = lines(tmp_path / "run" / "pairs.jsonl")
    assert [one["stays"] for one in records] == [False] * 5 + [True]
    assert records[0]["earlier"] == "p0"


@pytest.mark.usefixtures("table")
def test_the_contact_sheet_shows_both_views(program, tmp_path):
    assert program("deduplicate", *WORDS, "max_distance=2", "contact_sheet=true") == 1
    page = (tmp_path / "run" / "contact_sheet.html").read_text("utf-8")
    rows = re.findall(r'<div class="(row[^"]*)"><div class="told">([^<]*)', page)
    assert rows[0] == ("row stays", "p0: stays")
    assert [told.split(",")[0] for _, told in rows] == [
        *("p0: stays", "p1: same", "p2: swapped", "p3: mirrored", "p4: unchanged")
    ]
    assert page.count("data:image/jpeg") == 10
    assert "torn.png: expected an image" in page


def test_a_folder_with_a_view_that_is_missing_keeps_it(program, table, tmp_path):
    for view, name in (("before", "1"), ("after", "1"), ("before", "2")):
        write_image(tmp_path / "folder" / view / f"{name}.png", noise(5, 120, 160))
    assert program("deduplicate", "images=folder", "pairs=true", "out=run") == 1
    one, other = open_source(tmp_path / "run" / "kept.jsonl")
    assert isinstance(one, PairRow)
    assert isinstance(other, RowProblem)
    assert table.is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["images=nowhere"], "there is no 'nowhere' in"),
        (["images=void"], "expected a table with the columns before and after"),
        (["images=data/none.jsonl"], "expected"),
        (["images=data/a.png"], "is one photograph"),
        (["consider_text=true"], "consider_text=True has no meaning for pairs=true; leave it out."),
        (["compat=data-juicer"], "compat=data-juicer has no meaning for pairs=true"),
        (["action=move"], "action=move has no meaning for pairs=true"),
        (["engine=ray"], "engine=ray has no meaning for pairs=true"),
        (["max_difference=-1"], "max_difference to be a number of levels from 0 to 255"),
        (["keep=largest"], "keep=largest has no meaning for pairs=true"),
        (["pairs=maybe"], "Expected pairs to be true or false, got 'maybe'"),
        (["contact_sheet=maybe"], "Expected contact_sheet to be true or false, got 'maybe'"),
        (["keep_unchanged=maybe"], "Expected keep_unchanged to be true or false, got 'maybe'"),
        (["max_distance=2.5"], "from 0 to 64, got 2.5"),
        (["max_distance=many"], "Expected max_distance to be a number, got 'many'"),
        (["max_difference=many"], "Expected max_difference to be a number, got 'many'"),
        (["workers=0"], "Expected workers to be 1 or more, got 0"),
        (["max_distance=70"], "from 0 to 64, got 70"),
        (["method=md5"], "Expected method to be one of phash"),
        (["contact_sheet_groups=0"], "contact_sheet_groups to be a number of groups"),
        (["keep_unchangd=false"], "There is no key 'keep_unchangd'. Did you mean 'keep_unchanged'"),
    ],
)
@pytest.mark.usefixtures("table")
def test_what_cannot_be_is_one_sentence(program, words, message, tmp_path, capsys):
    (tmp_path / "void").mkdir()
    (tmp_path / "data" / "none.jsonl").touch()
    given = [*WORDS, *words] if "images=" not in words[0] else [*words, *WORDS[1:]]
    assert program("deduplicate", *given) == 64
    told = capsys.readouterr().err
    assert message in told
    assert len(told.strip().splitlines()) == 1
