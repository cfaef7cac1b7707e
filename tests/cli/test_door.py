"""A wrong word ends in one line that names the nearest right one."""

import os
import sys

import pytest
from omegaconf import DictConfig

from spotdiff.cli.door import enter
from tests.fakes import _untouched_process


@pytest.fixture
def through(tmp_path, monkeypatch):
    """Runs a function as the program of a configuration; gives the exit code."""
    monkeypatch.chdir(tmp_path)

    def run(program, *arguments: str, config: str = "predict") -> int:
        with _untouched_process():
            try:
                enter(program, config, arguments)
            except SystemExit as ending:
                return int(ending.code or 0)
        raise AssertionError("the door stayed open")

    return run


def _nothing(cfg: DictConfig) -> None:
    del cfg


def _one_line(capsys: pytest.CaptureFixture) -> str:
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert "Traceback" not in error
    return error


@pytest.mark.parametrize(
    ("config", "wrong", "sentence"),
    [
        (
            "train",
            "optimizer.lrr=1",
            "train: There is no key 'optimizer.lrr'. Did you mean 'optimizer.lr'?",
        ),
        ("train", "sed=1", "train: There is no key 'sed'. Did you mean 'seed'?"),
        ("train", "trainer.max_epoch=1", "Did you mean 'trainer.max_epochs'?"),
        ("predict", "befor=a.jpg", "predict: There is no key 'befor'. Did you mean 'before'?"),
        ("predict", "zzzz=1", "predict: There is no key 'zzzz'."),
        ("train", "experiment=siames", "There is no experiment 'siames'. Did you mean 'siamese'?"),
        ("train", "model=smal", "There is no model 'smal'. Did you mean 'small'?"),
        ("train", "modell=small", "Did you mean 'model'?"),
        ("train", "~callbacks.progres", "callbacks.progres"),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(through, capsys, config, wrong, sentence):
    assert through(_nothing, wrong, config=config) == 64
    assert sentence in _one_line(capsys)


def test_an_option_that_is_like_no_other_gets_the_list(through, capsys):
    assert through(_nothing, "model=zzz", config="train") == 64
    assert "Choose from: siamese, small, tiny." in _one_line(capsys)


def test_a_value_that_only_the_user_knows_is_asked_for(through, capsys):
    assert through(lambda cfg: cfg.data.root, config="train") == 64
    assert "add data.root=… to the command" in _one_line(capsys)


@pytest.mark.parametrize(
    ("config", "wrong", "told"),
    [
        ("deduplicate", "max_distance=abc", "Expected max_distance to be a number, got 'abc'."),
        ("predict", "ray.workers=[2]", "Expected ray.workers to be a number, got [2]."),
        ("predict", "batch_size=true", "Expected batch_size to be a number, got True."),
        ("predict", "heatmaps=ja", "Expected heatmaps to be true or false, got 'ja'."),
    ],
)
def test_a_value_of_another_sort_is_one_sentence(through, capsys, config, wrong, told):
    given = ("images=x",) if config == "deduplicate" else ()
    assert through(_nothing, *given, wrong, config=config) == 64
    assert _one_line(capsys) == f"{config}: {told}"


def test_a_key_may_be_null_or_of_the_other_sort_of_number(through):
    assert through(_nothing, "batch_size=null", "min_area=2.5", "max_side=0") == 0


def test_a_word_that_is_no_override_is_one_line(through, capsys):
    assert through(_nothing, "before=a=b") == 64
    assert "predict: " in _one_line(capsys)


@pytest.mark.parametrize(
    "error", [ValueError("Expected this, got that."), FileNotFoundError("No a.jpg.")]
)
def test_an_error_of_ours_is_one_line(through, capsys, error):
    def program(cfg: DictConfig) -> None:
        from spotdiff.apps.places import existing

        if isinstance(error, ValueError):
            cfg.tile = "auto"
            from spotdiff.labels import parse_cell

            parse_cell(3.0)
        existing("nowhere/a.jpg", "a photograph")

    assert through(program) == 64
    _one_line(capsys)


def test_an_error_from_elsewhere_keeps_its_traceback(through):
    def program(cfg: DictConfig) -> None:
        del cfg
        int("x")

    with pytest.raises(ValueError, match="invalid literal"):
        through(program)


def test_an_exit_code_is_passed_on(through):
    assert through(lambda _: 7) == 7
    assert through(lambda _: 0.25) == 0
    assert through(lambda _: None) == 0


def test_a_traceback_is_there_for_who_wants_it(through, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(Exception, match="optimizer"):
        through(_nothing, "optimizer.lrr=1", config="train")


def test_the_process_is_left_as_it_was(through):
    before = dict(os.environ), list(sys.argv)
    through(_nothing)
    assert (dict(os.environ), list(sys.argv)) == before


def test_an_extra_that_is_not_installed_is_one_line(through, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    def program(_: DictConfig) -> None:
        from spotdiff.apps.ray_cluster import imported

        imported(alone=True)

    assert through(program) == 64
    assert 'pip install "spotdiff[ray]"' in _one_line(capsys)


def test_null_for_a_group_is_one_sentence(program, capsys):
    assert program("predict", "trainer=null") == 64
    assert "got null: ~GROUP leaves a group out." in _one_line(capsys)
