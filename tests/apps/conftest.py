"""One cluster for all tests that need one."""

from __future__ import annotations

import pytest

from spotdiff.apps.ray_cluster import cluster, imported
from tests.conftest import ROOT


@pytest.fixture(scope="package")
def running():
    """A cluster of one CPU on this machine."""
    try:
        ray = imported(alone=True)
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))  # workers import what these tests send to them
        with cluster(ray, None, cpus=1):
            yield
