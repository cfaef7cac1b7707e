"""Heat without kinds as a change map."""

import numpy as np
import pytest

from spotdiff.experts.untyped import check_frame, rule_info, untyped_map
from spotdiff.ops.statements import change_score
from spotdiff.types import ChangeKind, Pair
from tests.fakes import noise, noisy_pair


def test_the_change_score_of_a_map_is_its_hottest_pixel():
    heat = np.zeros((6, 8), np.float32)
    heat[2, 3] = 0.75
    said = untyped_map(heat)
    assert said.gates.tolist() == [0, 0, 0.75]
    assert change_score(said.gates) == 0.75
    np.testing.assert_array_equal(said.heat[list(ChangeKind).index(ChangeKind.CHANGED)], heat)


def test_views_of_one_size_pass_and_others_are_named():
    check_frame(noisy_pair(0))
    with pytest.raises(ValueError, match="'odd' in one frame"):
        check_frame(Pair("odd", noise(0), noise(1, 32)))


def test_a_rule_is_hashed_by_what_it_says_of_itself():
    assert rule_info((1, 2)).name == "(1, 2)"
    assert rule_info((1, 2)) == rule_info((1, 2))
    assert rule_info((1, 2)).sha256 != rule_info((1, 3)).sha256
