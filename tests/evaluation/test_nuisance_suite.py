"""False alarms of two methods of which one minds light."""

import numpy as np
import pytest

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photographs import bundled_photographs
from spotdiff.data.photos import Photo
from spotdiff.evaluation.methods import HEATS, Method, method
from spotdiff.evaluation.nuisance_suite import NuisanceSuite
from spotdiff.evaluation.nuisances import NuisancePairs
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.types import ChangeMap, Thresholds
from tests.fakes import ByDifference


class BlindToLight:
    """Sees differences after both views are brought to one mean."""

    def __call__(self, pairs):
        return [self._map(pair) for pair in pairs]

    def _map(self, pair):
        before, after = (view.astype(np.float32).mean(axis=2) for view in (pair.before, pair.after))
        step = np.abs((after - after.mean()) - (before - before.mean())) / 255
        heat = np.stack([0 * step, 0 * step, step])
        none = np.zeros((0, 1, 1), np.float32)
        return ChangeMap(heat, heat.max(axis=(1, 2)), np.zeros((3, 0), np.float32), none, none)


@pytest.fixture(scope="module")
def report():
    library = PhotoLibrary([Photo(path) for path in bundled_photographs()[:3]])
    pairs = NuisancePairs(library, max_side=96)
    suite = NuisanceSuite("nuisance", pairs, ("exposure",), (2,), (), (), seeds=2)
    decision = HeatmapDecision(Thresholds(min_heat=0.05, min_score=0.05))
    ours = Method("reports", ByDifference(), HEATS, decision, 0.05)
    steps = []
    found = suite([method("blind", BlindToLight()), ours], lambda: steps.append(1))
    assert len(steps) == 3 * 3 * 2
    return found


def test_every_pair_is_answered_by_every_method(report):
    assert report.pairs == 2 * 3 * 3 * 2
    assert report.problems == ()
    assert list(report.values) == ["blind", "reports"]
    score = report.values["blind"]["pair score"]
    assert list(score) == ["nothing", "exposure", "shift 2 px", "all"]
    assert [len(seeds) for seeds in score.values()] == [2] * 4


def test_equal_views_are_no_alarm_and_light_is_one_for_those_who_mind(report):
    for name in ("blind", "reports"):
        assert report.values[name]["pair score"]["nothing"] == [0, 0]
    reported = report.values["reports"]["any reported box"]
    assert reported["nothing"] == [0, 0]
    assert max(reported["shift 2 px"]) > 0
    assert "any reported box" not in report.values["blind"]
    assert min(report.values["reports"]["any reported box, changed pairs"]["all"]) > 0.5


def test_the_tables_have_a_row_for_every_nuisance_and_name_seeds(report):
    titles = [table.title for table in report.tables]
    assert titles == [
        "Unchanged pairs: pair score",
        "Unchanged pairs: any box",
        "Unchanged pairs: any reported box",
    ]
    table = report.tables[2]
    assert table.columns == ("nuisance", "blind", "reports")
    assert [row[0] for row in table.rows] == ["nothing", "exposure", "shift 2 px", "all"]
    assert table.rows[0][1:] == ("–", "0.0 ± 0.0 %")
    assert "3 photographs, 2 seeds" in table.note


def test_a_photograph_that_cannot_be_decoded_is_a_problem(tmp_path):
    (tmp_path / "torn.jpg").write_bytes(b"no picture")
    library = PhotoLibrary([Photo(tmp_path / "torn.jpg")])
    suite = NuisanceSuite("n", NuisancePairs(library, max_side=64), (), (), (), (), seeds=1)
    found = suite([method("blind", BlindToLight())], lambda: None)
    assert (found.pairs, found.values, found.tables) == (0, {}, ())
    assert "torn.jpg" in found.problems[0]
