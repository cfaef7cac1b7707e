"""The verbs: what `spotdiff` without a program says."""

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
