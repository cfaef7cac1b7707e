"""Shared fixtures: where the real data lies, small pairs to work on, one tiny model."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spotdiff.types import Pair

ROOT = Path(__file__).resolve().parents[1]


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
