"""BLIP against the model called on one region and one text at a time, and as a captioner."""

import numpy as np
import pytest
import torch

from spotdiff.contracts import ImageCaptioner, RegionTextScorer
from spotdiff.experts.blip import BlipCaptioner, BlipMatcher
from spotdiff.types import ModelInfo
from tests.experts.conftest import LIMIT
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)
BOXES = np.float32([[0, 0, 32, 32], [40, 8, 90, 60], [3, 3, 4, 64], [5, 5, 90, 8]])
NONE = np.zeros((0, 4), np.float32)
TEXTS = ("car", "a red car", "street", "two men on a wall", "x")
SCORES = pytest.mark.parametrize("score", ["itm", "itc"])


@pytest.fixture(scope="module")
def matchers(matcher_parts) -> dict[str, BlipMatcher]:
    return {
        score: BlipMatcher(*matcher_parts, INFO, score=score, batch_size=3)
        for score in ("itm", "itc")
    }


@pytest.fixture
def calls(matcher_parts):
    """How many rows each call of the vision encoder and of the text encoder got."""
    counted = {"vision_model": [], "text_encoder": []}
    handles = [
        getattr(matcher_parts.model, name).register_forward_hook(
            lambda _part, _args, given, _out, name=name: counted[name].append(
                len(next(iter(given.values())))
            ),
            with_kwargs=True,
        )
        for name in counted
    ]
    yield counted
    for handle in handles:
        handle.remove()


def _theirs(parts, score: str, crop: np.ndarray, text: str) -> float:
    """What transformers says of one region and one text."""
    pixels = parts.processor.image_processor(
        images=[crop], input_data_format="channels_last", return_tensors="pt"
    )
    tokens = parts.processor.tokenizer(
        [text], return_tensors="pt", truncation=True, max_length=LIMIT, return_token_type_ids=False
    )
    with torch.inference_mode():
        found = parts.model(**pixels, **tokens, use_itm_head=score == "itm").itm_score
    return float(found.softmax(dim=-1)[0, 1] if score == "itm" else found[0, 0])


@SCORES
def test_a_score_is_that_of_the_model_called_on_one_region_and_one_text(
    matchers, matcher_parts, score
):
    images = [noise(0), noise(1, 70, 99), noise(2)]
    texts = [TEXTS, TEXTS[1:3], ("car " * 300, "red")]
    boxes = [BOXES, BOXES[:3], BOXES[1:2]]
    found = matchers[score](images, boxes, texts)
    for image, own, words, scores in zip(images, boxes, texts, found, strict=True):
        wanted = [
            [_theirs(matcher_parts, score, image[y0:y1, x0:x1], text) for text in words]
            for x0, y0, x1, y1 in own.astype(int)
        ]
        assert scores.dtype == np.float32
        np.testing.assert_allclose(scores, wanted, atol=2e-5)


@SCORES
def test_scores_tell_regions_and_texts_apart(matchers, score):
    (scores,) = matchers[score]([noise(0)], [BOXES], [TEXTS])
    assert len(np.unique(scores.round(4))) > 10
    low = 0 if score == "itm" else -1
    assert ((scores >= low) & (scores <= 1)).all()


@SCORES
def test_an_image_has_the_same_scores_in_any_company_and_order(matchers, score):
    images = [noise(seed, *size) for seed, size in enumerate([(64, 96), (70, 99), (64, 96)])]
    texts = [TEXTS, ("car", "a longer text than all the others"), ("street",)]
    together = matchers[score](images, [BOXES] * 3, texts)
    backwards = matchers[score](images[::-1], [BOXES] * 3, texts[::-1])[::-1]
    for image, words, scores, again in zip(images, texts, together, backwards, strict=True):
        (alone,) = matchers[score]([image], [BOXES], [words])
        np.testing.assert_allclose(scores, alone, atol=1e-5)
        np.testing.assert_allclose(scores, again, atol=1e-5)


def test_a_region_is_seen_once_and_its_texts_are_matched_in_one_call(matchers, calls):
    matchers["itm"]([noise(0), noise(1)], [BOXES, BOXES[:3]], [TEXTS, TEXTS[:2]])
    # 4 + 3 regions in batches of 3
    assert calls == {"vision_model": [3, 3, 1], "text_encoder": [3, 3, 1]}


def test_many_texts_are_matched_in_pieces_and_the_region_is_still_seen_once(
    matchers, matcher_parts, calls, monkeypatch
):
    (whole,) = matchers["itm"]([noise(0)], [BOXES[:2]], [TEXTS])
    calls["vision_model"].clear()
    calls["text_encoder"].clear()
    # tokens with both ends: car 3, a red car 5, street 3, two men on a wall 15, x 3
    assert [len(matcher_parts.processor.tokenizer(text).input_ids) for text in TEXTS] == [
        3, 5, 3, 15, 3
    ]  # fmt: skip
    monkeypatch.setattr("spotdiff.experts.blip._TOKENS_AT_ONCE", 11)
    (pieces,) = matchers["itm"]([noise(0)], [BOXES[:2]], [TEXTS])
    assert calls == {"vision_model": [2], "text_encoder": [2, 2, 2]}
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_a_text_is_embedded_once_for_all_images(matchers, calls):
    matchers["itc"]([noise(0), noise(1)], [BOXES, BOXES], [("car", "x"), ("x", "car", "car")])
    assert calls == {"vision_model": [3, 3, 2], "text_encoder": [2]}


@SCORES
def test_a_text_that_stands_twice_has_the_same_score_twice(matchers, score):
    (scores,) = matchers[score]([noise(0)], [BOXES], [("car", "x", "car")])
    (once,) = matchers[score]([noise(0)], [BOXES], [("car", "x")])
    np.testing.assert_allclose(scores, once[:, [0, 1, 0]], atol=1e-6)


@SCORES
def test_no_regions_and_no_texts_are_no_scores_and_no_call(matchers, score, calls):
    found = matchers[score]([noise(0), noise(1)], [NONE, BOXES], [TEXTS, ()])
    assert [scores.shape for scores in found] == [(0, 5), (4, 0)]
    assert matchers[score]([], [], []) == []
    assert calls == {"vision_model": [], "text_encoder": []}


@SCORES
def test_images_with_nothing_to_ask_about_leave_the_others_in_their_place(matchers, score):
    images = [noise(0), noise(1), noise(2)]
    found = matchers[score](images, [NONE, BOXES, BOXES], [TEXTS, TEXTS, ()])
    (alone,) = matchers[score]([images[1]], [BOXES], [TEXTS])
    np.testing.assert_allclose(found[1], alone, atol=1e-5)


@SCORES
def test_half_precision_gives_nearly_the_same_scores(matchers, matcher_parts, score):
    half = BlipMatcher(*matcher_parts, INFO, score=score, half=True)
    (rough,), (fine,) = (m([noise(0)], [BOXES], [TEXTS]) for m in (half, matchers[score]))
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, fine, atol=0.1)
    assert (rough != fine).any()


def test_scores_that_are_no_numbers_are_refused(matcher_parts, monkeypatch):
    matcher = BlipMatcher(*matcher_parts, INFO, score="itm")
    monkeypatch.setattr(matcher.model.itm_head, "forward", lambda x: x[:, :2] * np.nan)
    with pytest.raises(ValueError, match=r"Expected finite scores of tiny, got nan: .*half=false"):
        matcher([noise(0)], [BOXES], [TEXTS])


def test_an_unknown_score_is_refused(matcher_parts):
    with pytest.raises(ValueError, match="Expected score to be itm or itc, got 'itx'"):
        BlipMatcher(*matcher_parts, INFO, score="itx")


def test_as_many_boxes_and_texts_as_images_are_asked_for(matchers):
    with pytest.raises(ValueError, match="zip"):
        matchers["itm"]([noise(0)], [BOXES], [TEXTS, TEXTS])


def test_a_matcher_is_loaded_from_a_folder(matcher_folder, matchers):
    loaded: RegionTextScorer = BlipMatcher.from_pretrained(matcher_folder, score="itc")
    assert loaded.info.name == "tiny-blip"
    assert len(loaded.info.sha256) == 64
    np.testing.assert_allclose(
        loaded([noise(0)], [BOXES], [TEXTS])[0],
        matchers["itc"]([noise(0)], [BOXES], [TEXTS])[0],
        atol=1e-6,
    )


def _their_caption(parts, image: np.ndarray, **options) -> str:
    pixels = parts.processor.image_processor(
        images=[image], input_data_format="channels_last", return_tensors="pt"
    )
    tokens = parts.model.generate(**pixels, **options)
    return parts.processor.tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


@pytest.mark.parametrize("beams", [1, 3])
def test_a_caption_is_that_of_the_model_called_on_one_image(captioner_parts, beams):
    captioner = BlipCaptioner(
        *captioner_parts, INFO, max_new_tokens=7, num_beams=beams, batch_size=2
    )
    images = [noise(seed, 20 + 9 * seed, 60) for seed in range(5)]
    options = {"max_new_tokens": 7, "num_beams": beams}
    wanted = [_their_caption(captioner_parts, image, **options) for image in images]
    assert captioner(images) == wanted
    assert all(wanted)
    assert len(set(wanted)) > 1


def test_no_images_have_no_captions(captioner_parts):
    assert BlipCaptioner(*captioner_parts, INFO)([]) == []


def test_a_captioner_is_loaded_from_a_folder(captioner_folder, captioner_parts):
    loaded: ImageCaptioner = BlipCaptioner.from_pretrained(captioner_folder, max_new_tokens=5)
    assert loaded.info.name == "tiny-blip-captions"
    images = [noise(0), noise(1)]
    assert loaded(images) == BlipCaptioner(*captioner_parts, INFO, max_new_tokens=5)(images)


def test_captions_in_half_precision_are_sentences(captioner_parts):
    captioner = BlipCaptioner(*captioner_parts, INFO, max_new_tokens=5, half=True)
    assert all(isinstance(sentence, str) and sentence for sentence in captioner([noise(0)]))
