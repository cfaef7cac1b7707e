"""Equal parts of a configuration are one object."""

from __future__ import annotations

import pytest
from hydra.errors import HydraException

from spotdiff.cli.sharing import Sharing, takes

RANGE = "spotdiff.building.ranges.Range"
AREA = {"_target_": "spotdiff.building.box_filters.Area", "min": 0.1}


def test_equal_ones_are_made_once_wherever_they_lie():
    sharing = Sharing()
    found = sharing.make(
        {"a": {"_target_": RANGE, "min": 1}, "b": [{"min": 1, "_target_": RANGE}]}, ""
    )
    assert found["a"] is found["b"][0]
    other = sharing.make({"_target_": RANGE, "min": 2}, "")
    assert other.min == 2
    assert sharing.made == (found["a"], other)


def test_a_group_that_was_left_out_keeps_the_default():
    found = Sharing().make({"_target_": RANGE, "min": 1, "max": {}}, "")
    assert found.max is None


def test_wrong_arguments_and_targets_name_their_place():
    with pytest.raises(ValueError, match=r"steps.x: .*Range does not take .*'most'"):
        Sharing().make({"_target_": RANGE, "most": 1}, "steps.x")
    with pytest.raises(HydraException, match=r"spotdiff\.absent"):
        Sharing().make({"_target_": "spotdiff.absent"}, "steps.x")


def test_arguments_of_targets():
    assert takes(AREA, "name")
    assert not takes({"_target_": RANGE}, "name")
    assert not takes({}, "name")
