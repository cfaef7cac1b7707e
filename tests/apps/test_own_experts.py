"""Experts made of a checkpoint of our own."""

import numpy as np
import pytest

from spotdiff.apps.own_experts import heatmap_proposer, siamese_embedder
from spotdiff.training.checkpoint import CheckpointError, read
from tests.fakes import noise, noisy_pair

MAKERS = pytest.mark.parametrize("make", [heatmap_proposer, siamese_embedder])


@MAKERS
def test_a_path_and_an_opened_checkpoint_give_the_same_expert(make, tiny_checkpoint):
    opened = read(tiny_checkpoint)
    experts = [make(tiny_checkpoint), make(str(tiny_checkpoint)), make(opened)]
    assert {expert.info for expert in experts} == {opened.info}
    assert len(opened.info.sha256) == 64


@MAKERS
def test_it_is_frozen_from_the_start(make, tiny_checkpoint):
    expert = make(tiny_checkpoint)
    parameters = list(expert.parameters())
    assert parameters
    assert not any(parameter.requires_grad for parameter in parameters)
    assert not any(module.training for module in expert.children())


@MAKERS
def test_a_checkpoint_that_is_not_there_is_named(make, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"checkpoint for ckpt, but .*gone\.ckpt"):
        make(tmp_path / "gone.ckpt")


@MAKERS
def test_what_is_no_checkpoint_is_refused(make, tmp_path):
    (tmp_path / "bad.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"bad\.ckpt"):
        make(tmp_path / "bad.ckpt")


def test_the_proposer_takes_the_heat_of_the_checkpoint_unless_told_otherwise(tiny_checkpoint):
    assert heatmap_proposer(tiny_checkpoint).min_heat == 0.02
    assert heatmap_proposer(tiny_checkpoint, min_heat=0.0).min_heat == 0.0
    assert heatmap_proposer(tiny_checkpoint, min_heat=0.7).min_heat == 0.7


def test_the_proposer_keeps_its_settings(tiny_checkpoint):
    pair = noisy_pair(0)
    ((before, after),) = heatmap_proposer(tiny_checkpoint)([pair])
    assert len(before) + len(after) > 0
    large = heatmap_proposer(tiny_checkpoint, min_area=64 * 96 + 1)([pair])
    assert [len(some) for some in large[0]] == [0, 0]
    with pytest.raises(ValueError, match="max_side to be a multiple of 32"):
        heatmap_proposer(tiny_checkpoint, max_side=100)
    with pytest.raises(ValueError, match="tile to be one of auto, off"):
        heatmap_proposer(tiny_checkpoint, tile="sometimes")


def test_the_embedder_describes_regions_by_unit_vectors(tiny_checkpoint):
    boxes = np.float32([[0, 0, 32, 32], [5, 5, 6, 60]])
    (vectors,) = siamese_embedder(tiny_checkpoint)([noise(0)], [boxes])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
