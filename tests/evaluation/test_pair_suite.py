"""Several methods on the same pairs."""

import numpy as np
import pytest

from spotdiff.data.images import ImageError
from spotdiff.evaluation.methods import HEATS, Method, method
from spotdiff.evaluation.pair_suite import PairSuite
from spotdiff.stages.decision import HeatmapDecision
from spotdiff.types import ChangeKind, Pair, Thresholds, TrueChange, Truth
from tests.fakes import ByDifference

ADDED, REMOVED, CHANGED = ChangeKind
BOX = (6, 4, 26, 20)


class Drawn:
    """A white block came, a white block went, nothing happened, and a file that is no picture."""

    problems = ("row 9: no such file",)

    def __len__(self):
        return 4

    def pair(self, index):
        dark = np.full((32, 48, 3), 20, np.uint8)
        block, mask = dark.copy(), np.zeros((32, 48), np.uint8)
        block[4:20, 6:26] = 250
        mask[4:20, 6:26] = 1
        if index == 0:
            truth = Truth(None, (TrueChange(ADDED, "block", None, BOX),), mask)
            return Pair("came", dark, block, truth)
        if index == 1:
            truth = Truth(None, (TrueChange(REMOVED, "block", BOX, None),), 2 * mask)
            return Pair("went", block, dark, truth)
        if index == 2:
            return Pair("calm", dark, dark, Truth(None, (), 0 * mask))
        raise ImageError("torn.png: no picture")


def measured(suite):
    decision = HeatmapDecision(Thresholds(), min_area=4)
    ours = Method("ours", ByDifference(("block",)), HEATS, decision, 0.5)
    steps = []
    report = suite([method("difference", ByDifference()), ours], lambda: steps.append(1))
    assert len(steps) == report.pairs == 3
    return report


@pytest.fixture(scope="module")
def report():
    return measured(PairSuite("drawn", Drawn()))


def test_right_answers_are_right_by_every_measure(report):
    ours = report.values["ours"]
    for name in ("ap50", "centre_ap", "voc_ap50", "deeppcb_ap", "deeppcb_f"):
        assert report.values["difference"]["best_points"][name]["value"] == pytest.approx(1)
        assert ours["best_points"][name]["value"] == pytest.approx(1)
        assert ours["boxes"][name] == pytest.approx(1)
    assert ours["boxes"]["voc_ap50_by_view"] == 1
    assert ours["pixels"]["f1"] == ours["pixels"]["average_precision"] == 1
    assert ours["pairs"]["auroc"] == 1
    assert ours["kinds"]["right"] == 1
    assert ours["swap"] == {
        "pairs": 3, "changes": 2, "same_changes": 1, "largest_heat_difference": 0,
    }  # fmt: skip


def test_labels_are_measured_of_what_is_reported(report):
    assert report.values["ours"]["labels"]["map50"] == pytest.approx(1)
    assert report.values["ours"]["labels"]["image_f1"] == 1
    assert "labels" not in report.values["difference"]


def test_a_method_without_thresholds_reports_nothing_and_has_its_best_point(report):
    other = report.values["difference"]
    assert "boxes" not in other
    assert set(other["best_points"]["ap50"]) == {"value", "min_heat", "min_area", "interval"}
    assert other["sizes_at_best_ap50"]["recall_16_to_32"] == 1


def test_what_cannot_be_read_is_a_problem_and_no_pair(report):
    assert report.problems == ("row 9: no such file", "torn.png: no picture")


def test_there_is_a_table_for_every_truth_and_a_row_for_what_is_reported(report):
    tables = {table.title: table for table in report.tables}
    assert list(tables) == [
        "Boxes", "Recall by size", "Pixels", "Whole pairs", "Kinds", "Labels", "Exchanged views",
    ]  # fmt: skip
    rows = ["difference", "ours", "ours, as reported"]
    assert [row[0] for row in tables["Boxes"].rows] == rows
    assert [row[0] for row in tables["Pixels"].rows] == rows
    for table in tables.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}
    assert "in favour of the method" in tables["Boxes"].note
    assert "px added" not in tables["Boxes"].note


def test_settings_of_a_suite():
    suite = PairSuite("drawn", Drawn(), margin=2, areas=(4,), swap_stride=0, tells_pairs=False)
    report = measured(suite)
    ours = report.values["ours"]
    assert ours["swap"] == {}
    assert "pairs" not in ours
    assert ours["best_points"]["ap50"]["min_area"] == 4
    assert "2 px added" in report.tables[0].note
    assert "Exchanged views" not in [table.title for table in report.tables]
