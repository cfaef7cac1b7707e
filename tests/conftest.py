"""What tests share: their order, where the real data lies, small pairs, one tiny model."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from spotdiff.types import Pair

# How fast this machine is just now is no property of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parents[1]
# What takes longest comes first, so that two workers end together.
LONG = (
    "tests/apps/test_ray_",
    "tests/experts/",
    "tests/test_readme.py",
    "tests/cli/",
    "tests/test_conf.py",
)
TOGETHER = LONG[:2]  # one worker starts Ray, and one imports transformers and diffusers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files keep their order but for those that take longest."""

    def place(item: pytest.Item) -> int:
        starts = (place for place, start in enumerate(LONG) if item.nodeid.startswith(start))
        return next(starts, len(LONG))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `--dist loadfile`: a file goes to one worker, and so do files that belong together."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((start for start in TOGETHER if file.startswith(start)), file)

    config.option.loadscopereorder = False  # the order is that of the items
    return Together(config, log)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, or a skip that names it."""
    folder = Path(os.environ.get("SPOTDIFF_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data sets are absent: {folder} (set SPOTDIFF_DATA)")
    return folder


@pytest.fixture
def tiny_pair() -> Pair:
    """A grey square of noise, with a white block added in the after view."""
    before = np.random.default_rng(0).integers(80, 120, (64, 96, 3)).astype(np.uint8)
    after = before.copy()
    after[20:40, 30:60] = 255
    return Pair("tiny", before, after)


@pytest.fixture(scope="session")
def tiny_net():
    """A network of random weights in evaluation mode; leave it as it is."""
    from tests.fakes import tiny_network

    return tiny_network()


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_net, tmp_path_factory) -> Path:
    """The same network as an exported checkpoint; it finds something in any two pictures."""
    from spotdiff.training.checkpoint import Checkpoint, export
    from spotdiff.types import ModelInfo, Thresholds
    from tests.fakes import RECIPE, VOCABULARY

    path = tmp_path_factory.mktemp("checkpoints") / "tiny.ckpt"
    thresholds = Thresholds(min_heat=0.02, min_score=0.02, min_label=0.0)
    state = tiny_net.state_dict()
    export(Checkpoint(RECIPE, VOCABULARY, thresholds, state, ModelInfo("tiny", "")), path)
    return path


@pytest.fixture
def program(tmp_path):
    """Runs a verb in an empty folder, in this process; gives its exit code."""
    from tests.fakes import run_program

    return partial(run_program, tmp_path)
