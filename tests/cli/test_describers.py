"""Who is asked: a model that several name is one, and one that there is not is a sentence."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from spotdiff.cli.describers import describer_of
from spotdiff.stages.set_rounds import Rounds
from tests.test_conf import CONF


def test_models_of_the_run_are_shared(tmp_path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("describe", ["a=x", "b=y"])
    OmegaConf.set_struct(cfg, False)
    cfg.cache, cfg.device = str(tmp_path), "cpu"
    cfg.chat_model = {"_target_": "tests.cli.test_describers.Model"}
    wanted = {"_target_": "spotdiff.stages.set_rounds.Rounds", "rounds": "${rounds}"}
    cfg.proposers = {name: wanted | {"proposer": "${chat_model}"} for name in ("one", "other")}
    Model.made = 0
    one, other = describer_of(cfg).proposers
    assert Model.made == 1
    assert isinstance(one, Rounds)
    assert one.proposer is other.proposer
    assert one.rounds == cfg.rounds
    assert one.proposer.place == "cpu"
    cfg.chat_model = None
    with pytest.raises(
        ValueError, match="Expected chat_model for Rounds, there is none: add chat_model="
    ):
        describer_of(cfg)


class Model:
    """Something that takes long to load."""

    made = 0
    name = "model"

    def __init__(self) -> None:
        Model.made += 1
        self.place = None

    def to(self, place):
        self.place = str(place)
