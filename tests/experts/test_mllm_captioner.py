"""Captions of changes by real models of random weights: LLaVA or Qwen2-VL, BLIP and CLIP."""

from copy import deepcopy

import numpy as np
import pytest

from spotdiff.contracts import TextEmbedder
from spotdiff.experts.blip import BlipMatcher
from spotdiff.experts.clip import Clip
from spotdiff.experts.generation import Generation
from spotdiff.experts.mllm import ChatVlm
from spotdiff.stages.caption_checks import CaptionChecks
from spotdiff.stages.caption_rules import CaptionRules
from spotdiff.stages.difference_captioner import MllmCaptioner
from spotdiff.types import Answer, Change, ChangeKind, ModelInfo
from tests.fakes import noisy_pair
from tests.tiny_chat import tiny_llava, tiny_qwen2_vl

INFO = ModelInfo("tiny", "0" * 64)
BOXES = [(10.0, 8.0, 40.0, 30.0), (50.0, 30.0, 90.0, 60.0), (0.0, 0.0, 96.0, 64.0)]
CHANGES = [
    Change(ChangeKind.ADDED, 0.9, box_after=BOXES[0]),
    Change(ChangeKind.REMOVED, 0.8, box_before=BOXES[1]),
    Change(ChangeKind.CHANGED, 0.7, box_before=BOXES[0], box_after=BOXES[1]),
    Change(ChangeKind.CHANGED, 0.6, box_before=BOXES[2], box_after=BOXES[2]),
]


@pytest.fixture
def captioner(request, matcher_parts, clip_parts):
    model = ChatVlm(*deepcopy(request.param()), INFO, Generation(max_new_tokens=8), batch_size=3)
    embedder: TextEmbedder = Clip(*clip_parts, INFO)
    # in the middle of what models without sense say, so that some pass and some do not
    rules = CaptionRules(min_match=0.2, max_similarity=0.95, max_area=0.5)
    return MllmCaptioner(model, CaptionChecks(rules, BlipMatcher(*matcher_parts, INFO), embedder))


@pytest.mark.parametrize("captioner", [tiny_llava, tiny_qwen2_vl], indirect=True)
def test_real_models_caption_what_passes_and_say_why_the_rest_does_not(captioner):
    pairs = [noisy_pair(seed) for seed in range(3)]
    answers = [Answer(tuple(CHANGES)), Answer(), Answer(tuple(CHANGES[:2]))]
    told = captioner(pairs, answers)
    assert told == [
        captioner([pair], [answer])[0] for pair, answer in zip(pairs, answers, strict=True)
    ]
    changes = [change for answer in told for change in answer.changes]
    assert len(changes) == 6
    assert all(bool(change.caption) is (change.caption_reason is None) for change in changes)
    assert "more than 0.5000" in changes[3].caption_reason
    described = [change for change in changes if change is not changes[3]]
    assert all(all(change.region_captions) for change in described)
    assert 0 < sum(change.caption is not None for change in described) < len(described)


def test_the_scores_of_a_reason_are_those_of_the_models(matcher_parts, clip_parts):
    pair, box = noisy_pair(), BOXES[0]
    matcher, clip = BlipMatcher(*matcher_parts, INFO), Clip(*clip_parts, INFO)
    views, texts = [pair.before, pair.after], ("a red car", "a street " * 40)
    scores = matcher(views, [np.float32([box])] * 2, [(text,) for text in texts])
    vectors = clip.text_embeddings(texts)
    strict = CaptionRules(min_match=1.0)
    (reason,) = CaptionChecks(strict, matcher)([tuple(views)], [(box, box)], [texts])
    assert reason.endswith(f"in before does not fit it: itm {scores[0][0, 0]:.4f}, below 1.0000")
    near = CaptionRules(min_similarity=-1.0, max_similarity=-1.0)
    (reason,) = CaptionChecks(near, None, clip)([tuple(views)], [(box, box)], [texts])
    assert f"cosine {vectors[0] @ vectors[1]:.4f}, above" in reason
