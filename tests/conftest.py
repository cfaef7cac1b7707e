"""Shared fixtures: where the real data lies, and small pairs to work on."""

from __future__ import annotations

import os
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
