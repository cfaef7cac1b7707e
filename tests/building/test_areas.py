"""What differs in samples: boxes in each view's own pixels, or the reason why there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.building.areas import Areas
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Answer, ModelInfo, Sample
from tests.building.filter_parts import verdicts
from tests.fakes import write_image
from tests.stages.area_parts import ByColour, ByGrey, EveryWord, Listed, grey_for, similarity_of

BOX = (4, 4, 12, 12)


@pytest.fixture
def pair(tmp_path):
    """A grey place in which a square of another grey comes, at twice the size before."""
    before, after = np.full((64, 64, 3), 60, np.uint8), np.full((32, 32, 3), 60, np.uint8)
    after[4:12, 4:12] = 60 + grey_for(0.2)
    paths = [
        str(write_image(tmp_path / f"{name}.png", image))
        for name, image in (("before", before), ("after", after))
    ]
    return Sample("p", *paths, caption_before="a place", caption_after="a red place")


def _areas(**rules):
    regions = {"p": ([], [BOX]), "q": ([(8, 8, 24, 24)], [])}  # in the frame of after
    rules = {"min_similarity": 0.5, "max_similarity": 0.9999, **rules}
    stage = DifferenceAreas(AreaRules(**rules), Listed(regions), Similarity(ByGrey()))
    return Areas(PairPipeline(stage, ModelInfo("areas", "1")))


def test_changes_lie_in_the_pixels_of_their_views(pair):
    (found,) = _areas()([pair])
    (change,) = found.changes
    assert change.box_after == pytest.approx(BOX, abs=0.01)
    assert found.made["areas"]["found"] == 1
    assert found.made["areas"]["model"] == {"name": "areas", "sha256": "1"}
    assert 0.9 < found.made["areas"]["similarity"] < 0.9999
    swapped = Sample("q", pair.after, pair.before)
    (found,) = _areas()([swapped])
    assert found.changes[0].box_before == pytest.approx(BOX, abs=0.01)


def test_a_row_without_areas_is_rejected_with_the_reason(pair):
    (found,) = _areas(max_similarity=0.9, min_similarity=0.5)([pair])
    step = 64 * grey_for(0.2) / 32**2
    assert found.verdict.reason == "the views are too alike"
    assert found.verdict.score == pytest.approx(similarity_of(step), abs=1e-3)
    (found,) = _areas()([Sample("p", pair.before, pair.before)])
    assert found.verdict.reason == "the views are equal"
    (found,) = _areas(max_region_similarity=0.1)([pair])
    assert found.verdict.reason == "every region looks alike in both views"


def test_captions_say_what_is_looked_for(pair):
    stage = DifferenceAreas(
        AreaRules(min_similarity=0.5, max_similarity=0.9999, min_match=0.9),
        Listed({"p": ([], [BOX])}),
        Similarity(ByGrey()),
        ByColour(),
        EveryWord(),
    )
    (found,) = Areas(PairPipeline(stage))([pair])
    assert found.verdict.reason == "no region shows what the captions differ in"
    assert found.made["areas"]["captions"] == ["a place", "a red place"]


def test_rows_without_views_and_pictures_that_cannot_be_read(pair, tmp_path):
    rows = [Sample("one", pair.before), Sample("lost", str(tmp_path / "no.png"), pair.after), pair]
    found = _areas()(rows)
    assert verdicts(found) == ["rejected", "error", None]
    assert "no.png" in found[1].verdict.reason


def test_any_comparer_will_do_and_nothing_is_said_as_such(pair):
    class Silent:
        experts = {}  # noqa: RUF012 - there are none

        def __call__(self, pairs):
            return [Answer() for _ in pairs]

    step = Areas(PairPipeline(Silent()))
    (found,) = step([pair])
    assert (found.verdict.kind, found.verdict.reason) == ("rejected", "nothing differs")
    assert step.settings["model"] is None
    rules = _areas().settings
    assert rules["rules"]["min_similarity"] == 0.5
    assert set(rules["experts"]) == {"proposer", "similarity"}
