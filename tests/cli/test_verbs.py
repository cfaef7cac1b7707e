"""The verbs: what `spotdiff` without a program says."""

import re
import sys

import pytest

from spotdiff import __version__
from spotdiff.cli import VERBS, main


@pytest.fixture
def spotdiff(monkeypatch):
    def run(*arguments: str) -> None:
        monkeypatch.setattr("sys.argv", ["spotdiff", *arguments])
        main()

    return run


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_help_names_every_verb(spotdiff, capsys, words):
    spotdiff(*words)
    out = capsys.readouterr().out
    assert all(f"\n  {verb} " in out for verb in VERBS)
    assert out.startswith("spotdiff: ")


def test_the_version_is_told(spotdiff, capsys):
    spotdiff("--version")
    assert capsys.readouterr().out == f"spotdiff {__version__}\n"


def test_a_wrong_verb_gets_one_line_with_the_nearest_one(spotdiff, capsys):
    with pytest.raises(SystemExit) as ending:
        spotdiff("predcit", "before=a.jpg")
    assert ending.value.code == 64
    error = capsys.readouterr().err
    assert error == "spotdiff: there is no verb 'predcit'. Did you mean 'predict'?\n"


def test_a_verb_like_no_other_gets_the_list(spotdiff, capsys):
    with pytest.raises(SystemExit):
        spotdiff("zzz")
    assert "Choose from: train, predict" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_explains_its_keys(spotdiff, capsys, verb):
    spotdiff(verb, "--help")
    page = capsys.readouterr().out
    assert page.startswith(f"spotdiff {verb}\n\n  spotdiff {verb} ")
    assert re.search(r"^  \w+: .*# \w", page, re.MULTILINE)
    assert "\n  hydra:" not in page
    assert "defaults:" not in page
    assert "job_logging" not in page


def test_help_of_a_verb_lists_the_options_of_its_groups_alone(spotdiff, capsys):
    spotdiff("predict", "-h")
    page = capsys.readouterr().out
    assert "\n  proposer=null # heatmap | fastsam | sam2\n      fastsam, heatmap, sam2\n" in page
    assert "optimizer=" not in page
    assert "\n  ray: # of engine=ray\n    workers: 2\n" in page
    spotdiff("deduplicate", "--help")
    assert "Groups" not in capsys.readouterr().out


def test_options_of_a_group_are_listed_under_its_place(spotdiff, capsys):
    spotdiff("describe", "--help")
    listed = r"\n  set_ranker@rankers\.attributes=attributes #.*\n      attributes, chat_captions"
    assert re.search(listed, capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("inn=rows.csv",), "build: There is no key 'inn'. Did you mean 'in'?\n"),
        ((), "build: Expected a value for in, got none: add in=… to the command.\n"),
    ],
)
def test_a_wrong_command_is_answered_without_its_program(program, monkeypatch, capsys, words, told):
    monkeypatch.setitem(sys.modules, "spotdiff.cli.build", None)  # an import would fail
    assert program("build", *words) == 64
    assert capsys.readouterr().err == told
