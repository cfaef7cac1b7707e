"""The published experts in the stage that asks them: real classes, few random weights."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from spotdiff.experts.blip import BlipCaptioner, BlipMatcher
from spotdiff.experts.clip import Clip
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.stages.proposals import PerView
from spotdiff.stages.similarity import Similarity
from spotdiff.training.frozen import FrozenExperts
from spotdiff.types import ModelInfo, NoAreas, Pair
from tests.experts.tiny_fastsam import write_tiny_fastsam
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)
CAPTIONS = ("a red car on a street", "a dog and a traffic light on a street")
# Random weights call everything alike: the limits are set where they part what there is.
RULES = AreaRules(
    min_similarity=-1, max_similarity=1, max_region_similarity=0.9999, match="itm", min_match=0.3
)


@pytest.fixture(scope="module")
def stage(clip_parts, matcher_parts, captioner_parts, tmp_path_factory) -> DifferenceAreas:
    if find_spec("ultralytics") is None:
        pytest.skip("the extra fastsam is not installed")
    from spotdiff.experts.fastsam import FastSam

    weights = write_tiny_fastsam(tmp_path_factory.mktemp("fastsam"))
    return DifferenceAreas(
        RULES,
        PerView(FastSam.from_pretrained(weights, image_size=96, max_regions=12)),
        Similarity(Clip(*clip_parts, INFO)),
        BlipMatcher(*matcher_parts, INFO, score="itm"),
        HanTaTagger.from_pretrained(),
        BlipCaptioner(*captioner_parts, INFO, max_new_tokens=4),
    )


def pair(seed: int, captions=CAPTIONS, height: int = 80, width: int = 96) -> Pair:
    before, after = noise(seed, height, width), noise(seed, height, width)
    after[20:60, 30:70] = noise(seed + 50, 40, 40)
    return Pair(f"pair-{seed}", before, after, captions=captions)


def test_what_is_found_lies_in_the_picture_apart_and_in_order(stage):
    for answer in stage([pair(seed) for seed in range(3)]):
        assert answer.areas.funnel.kept == len(answer.changes)
        assert len(answer.changes) <= 10
        scores = [change.score for change in answer.changes]
        assert scores == sorted(scores, reverse=True)
        boxes = np.array([c.box_before or c.box_after for c in answer.changes], np.float32)
        boxes = boxes.reshape(-1, 4)
        assert (boxes >= 0).all()
        assert (boxes[:, 2:] <= (96, 80)).all()
        overlaps = RULES.overlap(boxes, boxes)
        assert not overlaps[~np.eye(len(boxes), dtype=bool)].any()
    assert {c.label for c in answer.changes} <= {"car", "dog", "traffic light"}


def test_an_answer_is_the_same_alone_and_in_any_company(stage):
    pairs = [pair(0), pair(1, height=64, width=130), pair(2), replace(pair(0), pair_id="again")]
    together = stage(pairs)
    assert any(answer.changes for answer in together)
    assert together[3].changes == together[0].changes
    for one, answer in zip(pairs[::-1], together[::-1], strict=True):
        (alone,) = stage([one])
        assert [c.kind for c in alone.changes] == [c.kind for c in answer.changes]
        for own, other in zip(alone.changes, answer.changes, strict=True):
            assert (own.box_before, own.box_after) == (other.box_before, other.box_after)
            assert own.score == pytest.approx(other.score, abs=1e-5)


def test_every_region_passes_each_vision_model_once_a_view(stage):
    passed = {"clip": 0, "blip": 0}

    def counting(name):
        return lambda *call: passed.update({name: passed[name] + len(call[-1].last_hidden_state)})

    clip, blip = stage.similarity.embedder.model, stage.matcher.model
    handles = [
        clip.vision_model.register_forward_hook(counting("clip")),
        blip.vision_model.register_forward_hook(counting("blip")),
    ]
    (answer,) = stage([pair(4)])
    for handle in handles:
        handle.remove()
    funnel = answer.areas.funnel
    assert 0 < passed["clip"] <= 2 + 2 * funnel.regions
    assert passed["blip"] == 2 * funnel.asked
    assert funnel.asked <= funnel.different


def test_captions_decide_whether_there_is_something_to_look_for(stage):
    same, long, none = stage(
        [
            pair(5, ("a car", "The cars")),
            pair(6, ("a car " + "in a very long street " * 60, "a dog")),
            pair(7, None),
        ]
    )
    assert same.areas.reason == NoAreas.NO_NOUNS
    assert long.areas.reason in (None, NoAreas.NO_MATCH)
    assert none.areas.captions is not None  # the captioner spoke


def test_equal_views_are_no_reason_to_ask_anybody(stage):
    view = noise(9)
    (answer,) = stage([Pair("same", view, view.copy(), captions=CAPTIONS)])
    # the limits of this test let equal views in; their regions are equal too
    assert answer.changes == ()
    assert answer.areas.reason in (NoAreas.IDENTICAL, NoAreas.NO_DIFFERENCE, NoAreas.NO_REGIONS)


def test_a_module_carries_all_networks_and_trains_none(stage):
    experts = FrozenExperts(stage.experts)
    assert set(experts.keys()) == {"proposer", "similarity", "matcher", "image_captioner"}
    assert list(torch.nn.ModuleList([experts]).parameters()) == []
