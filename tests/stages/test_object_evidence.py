"""What the real change model and its encoders say of pairs, by objects."""

import numpy as np
import pytest

from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.experts.siamese import SiameseEmbedder
from spotdiff.labels import Vocabulary
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.detection import Detection
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.stages.object_evidence import Witness
from spotdiff.stages.objects import ObjectComparer
from spotdiff.types import HEAT_LEVELS, LabelSets, ModelInfo, Pair
from tests.fakes import noise
from tests.object_parts import COLOURS, Blocks, street

LABELS = tuple(COLOURS)
WIDE, HIGH = 320, 180


@pytest.fixture
def comparer(tiny_net) -> ObjectComparer:
    witness = Witness(
        RecentEvidence(),
        Detection({"blocks": Blocks()}, Vocabulary(LABELS, LABELS)),
        Appearance(SiameseEmbedder(tiny_net, ModelInfo("tiny", "tiny")), (0.5, 0.95)),
        SiameseLocalizer(tiny_net),
        "tiny",
    )
    return ObjectComparer(witness, ObjectDecision())


def scene(*blocks):
    """A street on ground that is not the same everywhere, of 320 by 180 pixels."""
    ground = street(*blocks, size=(HIGH, WIDE))
    grey = (ground == 90).all(axis=-1)
    ground[grey] = noise(5, HIGH, WIDE)[grey] // 4 + 60
    return ground


def test_a_map_has_the_height_and_the_width_of_its_pair(comparer):
    before, after = scene(), scene(("car", (200, 100, 240, 140)))
    (answer,) = comparer([Pair("wide", before, after)])
    assert answer.change_map.heat.shape == (3, HIGH, WIDE)
    assert [one.box_after for one in answer.changes] == [(200, 100, 240, 140)]
    assert answer.labels == LabelSets(added=("car",))


def test_equal_views_hold_three_empty_sets_and_no_heat(comparer):
    view = scene(("car", (200, 100, 240, 140)), ("cone", (20, 20, 60, 60)))
    (answer,) = comparer([Pair("same", view, view.copy())])
    assert answer.labels == LabelSets((), (), ())
    assert (answer.changes, answer.change_score) == ((), 0.0)
    assert answer.change_map.heat.max() == 0


@pytest.mark.parametrize("height", [1, 3])
def test_boxes_of_few_rows_have_looks_and_heat(comparer, height):
    """As high as the crops that a detector may ask for: one pixel, and three."""
    strip = ("cone", (100, 90, 180, 90 + height))
    pair = Pair("strip", scene(strip), scene(strip, ("car", (20, 20, 60, 60))))
    (gathered,) = comparer.witness([pair])
    before = gathered.evidence.before
    assert before.detections.boxes.tolist() == [[100, 90, 180, 90 + height]]
    np.testing.assert_allclose(gathered.evidence.cosines[0].max(), 1, atol=2e-2)  # itself
    assert before.shares.shape == (1, len(HEAT_LEVELS))
    assert np.isfinite(before.heat).all()
    assert comparer([pair])[0].labels == LabelSets(added=("car",))


def test_shares_fall_with_their_levels(comparer):
    pair = Pair("pair", scene(("car", (20, 20, 60, 60))), scene(("cone", (200, 90, 280, 150))))
    (gathered,) = comparer.witness([pair])
    for view in (gathered.evidence.before, gathered.evidence.after):
        assert (np.diff(view.shares, axis=1) <= 0).all()
        assert view.heat.shape == (1, 3)
        assert 0 <= view.heat.min() <= view.heat.max() <= 1


def test_the_whole_pair_is_what_the_change_model_says(comparer, tiny_net):
    pair = Pair("pair", scene(), scene(("car", (200, 100, 240, 140))))
    (gathered,) = comparer.witness([pair])
    (change_map,) = SiameseLocalizer(tiny_net)([pair])
    whole = gathered.evidence.whole
    np.testing.assert_allclose(whole.gates, change_map.gates, atol=1e-5)
    np.testing.assert_allclose(whole.label_scores, change_map.label_scores, atol=1e-5)
    assert whole.words == change_map.vocabulary
