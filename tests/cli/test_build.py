"""The program that builds data sets: recipes, steps alone, one sentence for what is wrong."""

from __future__ import annotations

import json
import shutil

import pytest

from spotdiff.building.sample_rows import read_samples
from spotdiff.data.demo import demo_pair
from spotdiff.data.export import write_drawn
from spotdiff.writers.files import alone
from tests.fakes import noise, write_image


@pytest.fixture
def shipped(tmp_path, tiny_checkpoint, monkeypatch):
    """A tiny model for the one that ships, which finds something in any two pictures."""
    path = tmp_path / "checkpoints" / "spotdiff-small.ckpt"
    path.parent.mkdir()
    shutil.copy(tiny_checkpoint, path)
    monkeypatch.setattr("spotdiff.apps.own_experts.shipped_checkpoint", lambda: path)
    return path


@pytest.fixture
def table(tmp_path):
    """Two pairs, one beside itself, one without its file."""
    for name in ("a", "b", "c", "d"):
        write_image(tmp_path / f"{name}.png", noise(ord(name)))
    rows = [
        {"id": "ab", "before": "a.png", "after": "b.png"},
        {"id": "aa", "before": "a.png", "after": "a.png"},
        {"id": "lost", "before": "a.png", "after": "lost.png"},
        {"id": "cd", "before": "c.png", "after": "d.png"},
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path.name


def _become(folder):
    rows = read_samples(folder / "rows.jsonl")
    return {row.id: row.verdict and (row.verdict.kind, row.verdict.step) for row in rows}


WIDE = (
    "steps.areas.pipeline.comparer.rules.min_similarity=-1",
    "steps.areas.pipeline.comparer.rules.max_similarity=1",
    "steps.areas.pipeline.comparer.rules.max_region_similarity=1",
    "steps.areas.pipeline.comparer.rules.min_area=0",
    "steps.area.min=0",
)


@pytest.mark.usefixtures("shipped")
def test_pairs_become_rows_with_captions_and_a_second_run_asks_nothing(
    program, table, tmp_path, capsys
):
    command = ("recipe=pairs", f"in={table}", "out=o", *WIDE)
    assert program("build", *command) == 1  # the file that is lost
    out = tmp_path / "o"
    assert _become(out) == {
        "ab": None,
        "aa": ("rejected", "areas"),
        "lost": ("error", "read"),
        "cd": None,
    }
    kept = list(read_samples(out / "kept.jsonl"))
    assert [row.id for row in kept] == ["ab", "cd"]
    for row in kept:
        assert row.caption
        assert 1 <= len(row.changes) <= 5
        assert all(change.caption for change in row.changes)
    (rejected,) = read_samples(out / "trace" / "areas.jsonl")
    assert rejected.verdict.reason == "the views are equal"
    told = capsys.readouterr().err
    assert "4 rows: 2 kept, 1 rejected, 1 error." in told
    assert ": no such file: " in told
    before = (out / "rows.jsonl").read_bytes()
    assert program("build", *command) == 1
    assert (out / "rows.jsonl").read_bytes() == before
    assert program("build", *command, "steps.area.max=0.5") == 64


@pytest.mark.usefixtures("shipped")
def test_a_step_alone_goes_on_with_what_another_kept(program, table, tmp_path):
    assert program("build", "recipe=pair_similarity", f"in={table}", "out=o", "limit=3") == 1
    assert _become(tmp_path / "o")["aa"] == ("rejected", "pair_similarity")
    command = ("recipe=step", "+step@steps.size=area", "in=o/rows.jsonl", "out=p")
    assert program("build", *command, "steps.size.missing=keep") == 1
    found = _become(tmp_path / "p")
    assert found["aa"] == ("rejected", "pair_similarity")
    assert len(found) == 3
    funnel = json.loads((tmp_path / "p" / "funnel.json").read_text())
    assert [step["step"] for step in funnel["steps"]] == ["pair_similarity", "read", "size"]


@pytest.mark.usefixtures("shipped")
def test_equal_models_of_several_steps_are_loaded_once():
    from hydra import compose, initialize_config_dir

    from spotdiff.cli.recipes import chain_of, plain_steps
    from tests.test_conf import CONF

    words = [f"+step@steps.{name}={name}" for name in ("pair_similarity", "areas", "captions")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("build", ["recipe=step", *words, "in=x"])
    chain = chain_of(plain_steps(cfg), "cpu")
    first, areas = chain.steps[:2]
    assert first.similarity is areas.pipeline.comparer.similarity
    assert chain.names == ("pair_similarity", "areas", "captions")


@pytest.mark.usefixtures("shipped")
def test_a_dry_run_says_what_would_be_done_and_does_nothing(program, table, tmp_path, capsys):
    assert program("build", "recipe=pairs", f"in={table}", "out=o", "dry_run=true") == 1
    told = capsys.readouterr().err
    assert "4 rows, of which 1 cannot be read: nothing was done" in told
    assert ": no such file: " in told
    assert "2. area: min=0.0025, max=1.0" in told
    assert not (tmp_path / "o").exists()


def test_a_second_run_does_not_write_to_the_folder_of_one_at_work(program, table, tmp_path, capsys):
    with alone(tmp_path / "o"):
        assert program("build", "recipe=pairs", f"in={table}", "out=o") == 64
    assert "one is at work there" in capsys.readouterr().err
    assert list((tmp_path / "o").iterdir()) == []


def test_truth_of_a_set_goes_through_filters_of_boxes(program, tmp_path):
    from spotdiff.data.cutouts import PhotoLibrary
    from spotdiff.data.synthetic import SyntheticPairs

    pairs = SyntheticPairs(PhotoLibrary.procedural(), (64, 64), unchanged_rate=0.0)
    write_drawn(pairs, range(3), tmp_path / "set", format="manifest")
    truth = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").open()]
    assert program("build", "recipe=most_different", "in=set", "out=o") == 0
    rows = read_samples(tmp_path / "o" / "kept.jsonl")
    found = {row.id: len(row.changes) for row in rows if row.verdict is None}
    assert found == {row["pair_id"]: len(row["changes"]) for row in truth if row["changes"]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("recipe=pears", "in=x"), "There is no recipe 'pears'. Did you mean 'pairs'?"),
        (("in=lost.jsonl",), "Expected rows for in, but lost.jsonl does not exist."),
        ((), "Expected a value for in, got none: add in=…"),
        (("recipe=step", "in=demo"), "Expected at least one step, got none"),
        (("ask=why", "in=demo"), "Expected ask to be one of difference, presence, got 'why'."),
        (("limit=abc", "in=demo"), "Expected limit to be at least 1, got abc."),
        (("in=demo", "engine=lightning"), "Expected engine to be one of local, ray"),
        (("in=demo", "limit=0"), "Expected limit to be at least 1, got 0."),
        (("in=demo", "lmit=3"), "There is no key 'lmit'. Did you mean 'limit'?"),
        (("recipe=area", "in=demo", "+steps.area.most=1"), "steps.area: spotdiff.building"),
        (("recipe=area", "in=demo", "+steps.other.most=1"), "Expected steps.other to have a"),
        (("recipe=naturalness", "in=demo"), "Expected a value for steps.naturalness.chat.name"),
    ],
)
def test_what_is_wrong_is_one_sentence(program, tmp_path, capsys, words, sentence):
    demo_pair(tmp_path / "demo")
    assert program("build", *words) == 64
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
