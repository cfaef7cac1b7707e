"""Captions of samples: what is said stays with its change, what is rejected with its reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.building.captions import Captions
from spotdiff.types import Change, ChangeKind, ModelInfo, Sample
from tests.building.filter_parts import verdicts
from tests.fakes import write_image


class Saying:
    """Says where changes lie; of those that score low nothing."""

    info = ModelInfo("saying", "2")

    def __init__(self):
        self.pairs = []

    def __call__(self, pairs, answers):
        self.pairs.append(pairs)
        return [
            replace(answer, changes=tuple(map(self._say, answer.changes)), caption="all")
            for answer in answers
        ]

    def _say(self, change):
        if change.score < 0.5:
            return replace(change, caption_reason="both captions are alike")
        return replace(change, caption=f"at {change.box_before}", region_captions=("x", "y"))


@pytest.fixture
def row(tmp_path):
    """Before is twice as large as after."""
    paths = [
        str(write_image(tmp_path / f"{size}.png", np.zeros((size, size, 3), np.uint8)))
        for size in (32, 16)
    ]
    box = (4.0, 4.0, 8.0, 8.0)
    changes = tuple(Change(ChangeKind.REMOVED, score, "cup", box) for score in (0.9, 0.1))
    return Sample("r", *paths, caption_before="a cup", changes=changes)


def test_captions_are_said_in_one_frame_and_boxes_stay_where_they_are(row):
    captioner = Saying()
    (found,) = Captions(captioner)([row])
    first, second = found.changes
    assert first.caption == "at (2.0, 2.0, 4.0, 4.0)"
    assert first.box_before == (4.0, 4.0, 8.0, 8.0)
    assert first.region_captions == ("x", "y")
    assert (second.caption, second.caption_reason) == (None, "both captions are alike")
    assert found.caption == "all"
    assert found.made["captions"] == {"captioner": {"name": "saying", "sha256": "2"}}
    ((pair,),) = captioner.pairs
    assert pair.before.shape == pair.after.shape == (16, 16, 3)
    assert pair.captions == ("a cup", "")


def test_a_row_all_of_whose_captions_were_rejected_is_rejected(row, tmp_path):
    low = replace(row, id="low", changes=row.changes[1:])
    lost = replace(row, id="lost", after=str(tmp_path / "no.png"))
    none = replace(row, id="none", changes=())
    captioner = Saying()
    found = Captions(captioner)([low, lost, none, row])
    assert verdicts(found) == ["rejected", "error", "rejected", None]
    assert found[0].verdict.reason == "no change has a caption: both captions are alike"
    assert found[0].changes[0].caption_reason == "both captions are alike"
    assert found[2].verdict.reason == "there is no change"
    assert [len(pairs) for pairs in captioner.pairs] == [2]  # all samples in one call
