"""A checkpoint needs no configuration and cannot run code."""

import pickle
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotdiff.training import checkpoint
from spotdiff.training.checkpoint import (
    KEY,
    CheckpointError,
    averaged,
    build,
    describe,
    export,
    read,
)
from spotdiff.types import Combination, ObjectRules, Thresholds, Tuned, WitnessWeights
from tests.fakes import RECIPE, VOCABULARY, noise

HERE = Path(__file__)


def _views(*seeds: int) -> list[torch.Tensor]:
    return [torch.from_numpy(noise(s, 64, 64)).permute(2, 0, 1)[None] for s in seeds]


@pytest.fixture
def content(tiny_checkpoint) -> dict:
    """A good checkpoint as its plain values, to be spoiled."""
    return torch.load(tiny_checkpoint, weights_only=True)


@pytest.fixture
def spoiled(tmp_path):
    """Writes values as a checkpoint and reads it."""

    def attempt(values: object) -> checkpoint.Checkpoint:
        path = tmp_path / "spoiled.ckpt"
        torch.save(values, path)
        return read(path)

    return attempt


def _one_line(caught: pytest.ExceptionInfo) -> str:
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


def test_an_exported_checkpoint_gives_the_same_network_up_to_half_precision(
    tiny_net, tiny_checkpoint
):
    loaded = read(tiny_checkpoint)
    net = loaded.network()
    assert not net.training
    before, after = _views(0, 1)
    with torch.inference_mode():
        expected, found = tiny_net(before, after), net(before, after)
    difference = (expected.kinds.sigmoid() - found.kinds.sigmoid()).abs()
    assert difference.max() < 0.01
    for mine, theirs in zip(net.parameters(), tiny_net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs.half().float(), rtol=0, atol=0)


def test_it_brings_vocabulary_thresholds_and_name(tiny_checkpoint):
    loaded = read(tiny_checkpoint)
    assert loaded.vocabulary == VOCABULARY
    assert loaded.thresholds == Thresholds(min_heat=0.02, min_score=0.02, min_label=0.0)
    assert loaded.info.name == "tiny"
    assert len(loaded.info.sha256) == 64
    assert loaded.network().vocabulary == VOCABULARY.labels


def test_exporting_an_exported_one_changes_no_value(tiny_checkpoint, tmp_path):
    first = read(tiny_checkpoint)
    export(first, tmp_path / "again.ckpt")
    second = read(tmp_path / "again.ckpt")
    for name, value in first.state.items():
        torch.testing.assert_close(second.state[name], value, rtol=0, atol=0)
    assert second.recipe == first.recipe
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.ckpt"]


def test_the_mean_of_several_has_the_mean_of_their_weights(tiny_checkpoint):
    one = read(tiny_checkpoint)
    other = replace(
        one, state={k: v + 1 if v.is_floating_point() else v for k, v in one.state.items()}
    )
    mean = averaged([one, other])
    for key, value in mean.state.items():
        step = 0.5 if value.is_floating_point() else 0
        torch.testing.assert_close(value.float(), one.state[key].float() + step, atol=1e-3, rtol=0)
    assert (mean.recipe, mean.thresholds) == (other.recipe, other.thresholds)
    same = averaged([one])
    assert all(
        torch.equal(same.state[key], value.to(same.state[key])) for key, value in one.state.items()
    )


def test_networks_that_differ_are_not_averaged(tiny_checkpoint):
    one = read(tiny_checkpoint)
    with pytest.raises(ValueError, match="differ"):
        averaged([one, replace(one, recipe={**one.recipe, "width": 1})])
    with pytest.raises(ValueError, match="none"):
        averaged([])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.ckpt does not exist"):
        read(tmp_path / "nothing.ckpt")


class Innocent:
    """What a pickle would call."""

    def __reduce__(self):
        return (Path.touch, (HERE.with_name("pwned"),))


def test_a_pickled_object_is_refused_and_not_called(spoiled, content):
    with pytest.raises(CheckpointError, match="plain values and tensors") as caught:
        spoiled({**content, "extra": Innocent()})
    _one_line(caught)
    assert not HERE.with_name("pwned").exists()


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_plain_pickle_is_refused(tmp_path, protocol):
    path = tmp_path / "plain.ckpt"
    path.write_bytes(pickle.dumps({KEY: Innocent()}, protocol))
    with pytest.raises(CheckpointError) as caught:
        read(path)
    _one_line(caught)
    assert not HERE.with_name("pwned").exists()


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_file_is_one_sentence(tmp_path, data):
    path = tmp_path / "small.ckpt"
    torch.save({KEY: {"recipe": {}}, "state_dict": {"a": torch.ones(3)}}, path)
    content = bytearray(path.read_bytes())
    content = content[: data.draw(st.integers(0, len(content)))]
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read(path)
    assert "small.ckpt" in _one_line(caught)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "torch.hub.load",
        "builtins.eval",
        "timm.create_model",
        "torch.nn.Linear",
        "spotdiff.training.checkpoint.read",
        "spotdiff.models.encoder.timm.create_model",
        "spotdiff.models.weights.socket.getaddrinfo",
        "spotdiff.models.localizer.SiameseLocalizer",
        "spotdiff.models.siamese.nn",
        "spotdiff.models.nowhere.Net",
        "spotdiff.models.",
        "",
    ],
)
@pytest.mark.parametrize("place", ["outside", "inside"])
def test_a_recipe_may_name_nothing_but_our_network_modules(spoiled, content, target, place):
    spoilt = deepcopy(content)
    recipe = spoilt[KEY]["recipe"]
    if place == "outside":
        recipe["_target_"] = target
    else:
        recipe["encoder"] = {"_target_": target}
    with pytest.raises(CheckpointError, match="may only name network modules") as caught:
        spoiled(spoilt).network()
    _one_line(caught)


def test_a_recipe_of_another_module_of_ours_is_no_network(spoiled, content):
    content[KEY]["recipe"] = {"_target_": "spotdiff.models.pooling.GatePool"}
    with pytest.raises(CheckpointError, match="for a SiameseChangeNet in spoiled, got GatePool"):
        spoiled(content).network()


def test_an_argument_that_this_version_does_not_know_is_named(spoiled, content):
    content[KEY]["recipe"]["depth"] = 3
    with pytest.raises(CheckpointError, match=r"SiameseChangeNet does not fit.*depth"):
        spoiled(content).network()


@pytest.mark.parametrize("values", [{"name": "nosuch"}, {"taps": [99]}, {"taps": 3}])
def test_a_recipe_that_cannot_be_built_is_one_sentence(spoiled, content, values):
    content[KEY]["recipe"]["encoder"].update(values)
    with pytest.raises(CheckpointError, match="spoiled cannot be built") as caught:
        spoiled(content).network()
    _one_line(caught)


@pytest.mark.parametrize("key", [KEY, "state_dict"])
def test_a_missing_entry_is_named(spoiled, content, key):
    del content[key]
    with pytest.raises(CheckpointError, match=key) as caught:
        spoiled(content)
    _one_line(caught)


@pytest.mark.parametrize("key", ["recipe", "vocabulary", "thresholds"])
@pytest.mark.parametrize("value", [None, 3, ["x"], {"odd": 1}])
def test_an_entry_of_another_shape_is_one_sentence(spoiled, content, key, value):
    content[KEY][key] = value
    with pytest.raises(CheckpointError) as caught:
        spoiled(content).network()
    _one_line(caught)


@pytest.mark.parametrize("values", [None, [1], {"weights": 1}, torch.ones(2)])
def test_values_that_are_no_checkpoint_of_ours_are_refused(spoiled, values):
    with pytest.raises(CheckpointError, match=r"written by train\.py"):
        spoiled(values)


def test_weights_that_do_not_fit_the_recipe_are_one_sentence(spoiled, content):
    content["state_dict"].popitem()
    with pytest.raises(CheckpointError, match="weights of spoiled do not fit") as caught:
        spoiled(content).network()
    _one_line(caught)


def test_build_leaves_plain_arguments_alone():
    net = build(RECIPE)
    assert net.vocabulary == VOCABULARY.labels
    assert net.levels[1].correlation is not None
    assert net.levels[0].correlation is None


def test_a_description_survives_weights_only_loading(tmp_path):
    torch.save(describe(RECIPE, VOCABULARY, Thresholds()), tmp_path / "d")
    assert torch.load(tmp_path / "d", weights_only=True)["recipe"] == RECIPE


def test_a_checkpoint_carries_what_was_tuned_of_objects(tiny_checkpoint, tmp_path):
    weights = WitnessWeights(np.ones((2, 6)), np.zeros((2, 5)))
    joined = Combination(("car", "man"), np.array([[0.5, -1.0], [0.25, 0.0]]), {"both": weights})
    tuned = Tuned(ObjectRules(alpha=0.3, min_score=0.35), joined, ("car",), ("car",))
    path = tmp_path / "tuned.ckpt"
    export(replace(read(tiny_checkpoint), tuned=tuned), path)
    found = read(path)
    assert found.tuned.plain() == tuned.plain()
    assert found.tuned.rules == tuned.rules
    export(found, tmp_path / "again.ckpt")
    assert read(tmp_path / "again.ckpt").tuned.plain() == tuned.plain()


def test_one_that_was_never_tuned_has_none(tiny_checkpoint, spoiled, content):
    assert read(tiny_checkpoint).tuned is None
    content[KEY]["tuned"] = None
    assert spoiled(content).tuned is None


@pytest.mark.parametrize(
    ("tuned", "said"),
    [
        (
            {"rules": {"alpha": 7}, "combination": None},
            "Expected alpha to be a number from 0 to 1, got 7",
        ),
        ({"rules": {}}, "as tune writes them"),
        ([1], "as tune writes them"),
    ],
)
def test_damaged_tuning_is_one_sentence(spoiled, content, tuned, said):
    content[KEY]["tuned"] = tuned
    with pytest.raises(CheckpointError, match=r"spoiled\.ckpt") as caught:
        spoiled(content)
    assert said in _one_line(caught)
