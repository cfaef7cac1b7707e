"""`spotdiff models`: the table, and what the exit code says."""

import hashlib
from pathlib import Path

import pytest

from spotdiff.cli.models import _size
from spotdiff.experts.catalogue import Weight, catalogue, place

BYTES = b"weights"


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A machine where only the checkpoint is, and a small file in the catalogue."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path / "files"))
    sha256 = hashlib.sha256(BYTES).hexdigest()
    small = Weight("net.pt", 7, "MIT", "ISC", "x=y", sha256, "http://127.0.0.1:9/net.pt")
    monkeypatch.setitem(catalogue(), "net.pt", small)
    (tmp_path / "files").mkdir()
    return tmp_path


def _put(content: bytes) -> None:
    place(catalogue()["net.pt"]).write_bytes(content)


def _rows(text: str) -> dict[str, list[str]]:
    """The words of every line that begins with the name of weights, by that name."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return {words[0]: words[1:] for words in reversed(lines) if words[0] in catalogue()}


def test_the_table_names_size_licences_user_and_whether_it_is_here(program, machine, capsys):
    assert program("models") == 0
    out = capsys.readouterr().out
    rows = _rows(out)
    assert set(rows) == set(catalogue())
    assert rows["FastSAM-x.pt"] == ["145", "MB", "AGPL-3.0", "AGPL-3.0", "proposer=fastsam", "no"]
    assert rows["openai/clip-vit-base-patch32"][2:] == [
        "Apache-2.0",
        "MIT",
        "similarity=clip",
        "no",
    ]
    assert rows["spotdiff-small.ckpt"][-1] == "yes"
    assert str(machine / "hub") in out
    assert str(machine / "files") in out


def test_the_table_fits_a_hundred_columns(program, machine, capsys):
    program("models")
    program("models", "verify")
    lines = [line for line in capsys.readouterr().out.splitlines() if str(machine) not in line]
    assert max(len(line) for line in lines if "/checkpoints/" not in line) <= 100


def test_where_weights_lie_is_told(program, machine, capsys):
    _put(BYTES)
    program("models")
    assert f"net.pt: {machine / 'files' / 'net.pt'}" in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_verifying_everything_takes_no_offence_at_what_is_absent(program, capsys):
    assert program("models", "verify") == 0
    rows = _rows(capsys.readouterr().out)
    assert rows["spotdiff-small.ckpt"][0] == "good"
    assert rows["net.pt"][0] == "absent"


@pytest.mark.usefixtures("machine")
def test_the_exit_code_counts_what_is_bad(program, capsys):
    _put(b"damaged")
    assert program("models", "verify") == 1
    assert _rows(capsys.readouterr().out)["net.pt"][0] == "bad"
    _put(BYTES)
    assert program("models", "verify", "net.pt") == 0
    assert set(_rows(capsys.readouterr().out)) == {"net.pt"}


@pytest.mark.usefixtures("machine")
def test_weights_that_are_named_must_be_here(program):
    assert program("models", "verify", "net.pt") == 1


@pytest.mark.usefixtures("machine")
def test_what_is_here_is_not_fetched_again(program, capsys):
    _put(BYTES)
    assert program("models", "fetch", "net.pt") == 0
    assert "net.pt (ISC): " in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_a_failed_network_is_one_line(program, capsys):
    assert program("models", "fetch", "net.pt") == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert error.startswith("models: Expected net.pt from http://127.0.0.1:9/net.pt, but it cannot")


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("fetsch", "net.pt"), "got 'fetsch'. Did you mean 'fetch'?"),
        (("fetch",), "Expected the name of weights: spotdiff models fetch NAME"),
        (("fetch", "nett.pt"), "Did you mean 'net.pt'?"),
        (("verify", "sam2-hiera-tiny"), "Did you mean 'facebook/sam2.1-hiera-tiny'?"),
        (("acton=list",), "There is no key 'acton'. Did you mean 'action'?"),
    ],
)
def test_a_wrong_word_is_one_line_with_the_nearest_right_one(program, capsys, words, sentence):
    assert program("models", *words) == 64
    assert sentence in capsys.readouterr().err


@pytest.mark.usefixtures("machine")
def test_words_and_keys_mean_the_same(program, capsys):
    _put(BYTES)
    assert program("models", "verify", "net.pt") == program(
        "models", "action=verify", "name=net.pt"
    )
    first, second = capsys.readouterr().out.strip().split("\n\n")[0:1] * 2
    assert first == second


@pytest.mark.parametrize(
    ("size", "text"), [(None, "unknown"), (23_851_578, "24 MB"), (1_780_000_000, "1.78 GB")]
)
def test_sizes_are_decimal(size, text):
    assert _size(size) == text
