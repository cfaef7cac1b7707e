"""Every configuration composes, and every target takes the arguments that it is given."""

import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

CONF = Path(__file__).resolve().parents[1] / "conf"
DATA = ("labels", "broader", "concepts", "swaps", "weights")  # not programs
PROGRAMS = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem not in DATA)
DRAWING = (
    "synthesizer",
    "inpainter",
    "things",
)  # no program has them among its defaults, only steps of build
GROUPS = sorted(
    path.name
    for path in CONF.iterdir()
    if path.is_dir() and path.name not in ("editor", "hydra", "library", *DRAWING)
)
OPTIONS = [
    f"{group}={path.stem}" for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))
]
# What prediction alone knows: the rules and experts of difference areas, and their experiments.
OF_PREDICT = (
    "alignment",
    "captioner",
    "areas",
    "localizer",
    "proposer",
    "similarity",
    "matcher",
    "tagger",
    "image_captioner",
    "objects",
    "embedder",
    "detector",
    "experiment=areas",
    "experiment=objects",
)
OF_EVALUATE = [option for option in OPTIONS if option.startswith("suite")]
OF_BUILD = [option for option in OPTIONS if option.startswith(("recipe", "step"))]
OF_DESCRIBE = [o for o in OPTIONS if o.startswith(("set_", "image_text", "chat_model"))]
OF_OTHERS = [*OF_EVALUATE, *OF_BUILD, *OF_DESCRIBE]
OF_TRAIN = [o for o in OPTIONS if not o.startswith(OF_PREDICT) and o not in OF_OTHERS]


@cache
def _composed(program: str, *overrides: str) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(program, list(overrides), return_hydra_config="sweep" in str(overrides))


def _targets(node: object, place: str = "") -> Iterator[tuple[str, dict]]:
    """Every mapping with a `_target_`, with the place where it lies."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield place, node
        for key, child in node.items():
            yield from _targets(child, f"{place}.{key}")
    if isinstance(node, list):
        for child in node:
            yield from _targets(child, place)


def _check_targets(config: DictConfig) -> int:
    plain = OmegaConf.to_container(config, resolve=False)
    plain.pop("hydra", None)
    found = list(_targets(plain))
    for place, node in found:
        arguments = {k: v for k, v in node.items() if not (k.startswith("_") and k.endswith("_"))}
        target = get_object(node["_target_"])
        try:
            inspect.signature(target).bind(**arguments)
        except TypeError as error:
            pytest.fail(f"{place}: {node['_target_']} {error}")
    return len(found)


def test_there_is_a_program_for_every_verb():
    from spotdiff.cli import VERBS

    assert set(VERBS) == set(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_composes(program):
    _check_targets(_composed(program))


@pytest.mark.parametrize("option", [o for o in OF_TRAIN if o != "sweep=optuna"])
def test_every_option_composes_and_its_targets_take_their_arguments(option):
    config = _composed("train", option)
    assert _check_targets(config) >= 5


@pytest.mark.parametrize("option", OF_EVALUATE)
def test_every_suite_composes_and_its_targets_take_their_arguments(option):
    assert _check_targets(_composed("evaluate", option)) >= 4


@pytest.mark.parametrize("option", OF_DESCRIBE)
def test_every_option_of_two_sets_composes_and_its_targets_take_their_arguments(option):
    for role in ("proposer", "ranker"):
        option = option.replace(f"set_{role}=", f"+set_{role}@{role}s.one=")
    assert _check_targets(_composed("describe", option)) >= 3


@pytest.mark.parametrize("option", OF_BUILD)
def test_every_recipe_and_every_step_composes_and_its_targets_take_their_arguments(option):
    words = [option.replace("step=", "+step@steps.one=")]
    config = _composed("build", *words, *(["recipe=step"] if "recipe" not in option else []))
    steps = config.get("steps") or {}
    assert _check_targets(config) >= len(steps)
    assert all("_target_" in step for step in steps.values())
    assert bool(steps) == (option not in ("recipe=step", "recipe=export"))


@pytest.mark.parametrize("editor", sorted(path.stem for path in (CONF / "editor").iterdir()))
def test_every_editor_of_captions_composes_and_takes_its_arguments(editor):
    words = ("recipe=edit", f"editor@steps.edit.editor={editor}")
    assert _check_targets(_composed("build", *words)) >= 3


@pytest.mark.parametrize("option", [o for o in OPTIONS if o not in (*OF_TRAIN, *OF_OTHERS)])
def test_every_option_of_difference_areas_composes_and_fits_its_target(option):
    # detectors are a mapping, each under a name of its own
    option = option.replace("detector=", "+detector@detectors.one=")
    config = _composed("predict", "experiment=areas", *([] if "experiment" in option else [option]))
    if "experiment" in option:
        config = _composed("predict", option)
    assert _check_targets(config) >= 5


@pytest.mark.parametrize(
    "option", [f"{group}/{path.name}" for group in DRAWING for path in (CONF / group).iterdir()]
)
def test_what_draws_pictures_takes_the_arguments_that_it_is_given(option):
    assert _check_targets(OmegaConf.load(CONF / option)) >= 1


@pytest.mark.parametrize("rules", ["paper", "recipe", "operator"])
def test_the_rules_say_which_score_of_the_matcher_they_mean(rules):
    config = _composed("predict", "experiment=areas_published", f"areas={rules}")
    assert config.matcher.score == {"paper": "itc"}.get(rules, "itm")


def test_the_experiment_of_difference_areas_names_nothing_that_must_be_fetched():
    config = _composed("predict", "experiment=areas")
    assert config.proposer._target_ == "spotdiff.apps.own_experts.heatmap_proposer"
    assert config.similarity.embedder._target_ == "spotdiff.apps.own_experts.siamese_embedder"
    assert not config.matcher
    assert not config.image_captioner


def test_the_optuna_sweep_names_a_study_that_can_go_on():
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    config = _composed("train", "experiment=smoke", "sweep=optuna")
    sweeper = config.hydra.sweeper
    assert sweeper.direction == "maximize"
    assert OmegaConf.to_container(sweeper, resolve=False)["storage"].startswith("sqlite:///")
    assert set(sweeper.params) <= {"optimizer.lr", "optimizer.weight_decay"}


@pytest.mark.parametrize("name", [o for o in OF_TRAIN if o.startswith("experiment=")])
def test_every_experiment_says_what_it_is_for_and_monitors_one_metric(name):
    config = _composed("train", name)
    text = (CONF / "experiment" / f"{name.split('=')[1]}.yaml").read_text()
    assert text.splitlines()[0] == "# @package _global_"
    assert text.splitlines()[1].startswith("# ")
    assert config.monitor.startswith("val/")


def test_prediction_works_with_the_trainers_of_training():
    config = _composed("predict", "trainer=ddp")
    assert config.trainer.devices == "auto"
    _check_targets(config)


def test_no_list_holds_what_should_be_overridden_by_name():
    config = OmegaConf.to_container(_composed("train", "data=procedural"), resolve=False)
    for group in ("callbacks", "logger"):
        assert isinstance(config[group], dict)
    for part in ("train", "val"):
        assert isinstance(config["data"]["module"][part], dict)


def test_the_bundled_synonyms_can_be_read():
    from spotdiff.labels import Synonyms

    synonyms = Synonyms.from_file(CONF / "labels.yaml")
    assert synonyms.fold(["traffic", "cone", "man"]) == ("cone", "person")
