"""A pipeline in one call, from a checkpoint."""

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

import spotdiff
from spotdiff.training.checkpoint import CheckpointError, read
from tests.conftest import ROOT
from tests.fakes import VOCABULARY, noise


def test_a_checkpoint_gives_a_pipeline_that_writes_its_words(tiny_checkpoint):
    pipeline = spotdiff.load(tiny_checkpoint, device="cpu")
    result = pipeline.compare(noise(0), noise(1))
    assert result.model == read(tiny_checkpoint).info
    assert result.changes
    assert {change.label for change in result.changes} <= {*VOCABULARY.words, None}


def test_thresholds_are_those_of_the_checkpoint_unless_given(tiny_checkpoint):
    loaded = read(tiny_checkpoint)
    assert spotdiff.load(loaded, device="cpu").comparer.decision.thresholds == loaded.thresholds
    strict = spotdiff.load(loaded, device="cpu", min_heat=0.9).comparer.decision.thresholds
    assert strict.min_heat == 0.9
    assert strict.min_score == loaded.thresholds.min_score


def test_zero_is_a_threshold_and_not_a_missing_one(tiny_checkpoint):
    loaded = spotdiff.load(tiny_checkpoint, device="cpu", min_heat=0.0)
    assert loaded.comparer.decision.thresholds.min_heat == 0


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "bad.ckpt").write_text("hello")
    with pytest.raises(CheckpointError, match=r"bad\.ckpt"):
        spotdiff.load(tmp_path / "bad.ckpt")


@pytest.mark.parametrize("name", ["shift", "ecc", "homography"])
def test_a_named_alignment_is_that_of_the_configuration(name, tiny_checkpoint):
    made = spotdiff.load(tiny_checkpoint, device="cpu", alignment=name).alignment
    configured = instantiate(OmegaConf.load(ROOT / f"conf/alignment/{name}.yaml"))
    assert type(made.estimator) is type(configured.estimator)
    assert vars(made.estimator) == vars(configured.estimator)
    theirs = {**vars(configured), "estimator": made.estimator}
    assert vars(made) == theirs


def test_a_shift_is_looked_for_and_an_unknown_alignment_refused(tiny_checkpoint):
    assert spotdiff.load(tiny_checkpoint, device="cpu").alignment.estimator.method == "shift"
    assert spotdiff.load(tiny_checkpoint, device="cpu", alignment=None).alignment is None
    with pytest.raises(ValueError, match="one of shift, ecc, homography, got 'flow'"):
        spotdiff.load(tiny_checkpoint, device="cpu", alignment="flow")


def test_what_changed_is_said_unless_nobody_is_to_say_it(tiny_checkpoint):
    result = spotdiff.load(tiny_checkpoint, device="cpu").compare(noise(0), noise(1))
    assert result.captioner.name == "template"
    assert result.caption.endswith(".")
    assert all(change.caption.endswith(".") for change in result.changes)
    silent = spotdiff.load(tiny_checkpoint, device="cpu", captioner=None)
    result = silent.compare(noise(0), noise(1))
    assert (result.caption, result.captioner) == (None, None)
    assert {change.caption for change in result.changes} == {None}
    with pytest.raises(ValueError, match="captioner to be template, a captioner or None"):
        spotdiff.load(tiny_checkpoint, device="cpu", captioner="poet")


def test_the_captioner_of_that_name_is_that_of_the_configuration(tiny_checkpoint):
    made = spotdiff.load(tiny_checkpoint, device="cpu").captioner
    configured = instantiate(OmegaConf.load(ROOT / "conf/captioner/template.yaml"))
    assert vars(made) == vars(configured)
