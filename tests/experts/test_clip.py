"""Regions and texts as CLIP and SigLIP see them."""

import numpy as np
import pytest
import torch

from spotdiff.contracts import RegionEmbedder
from spotdiff.experts.clip import Clip
from spotdiff.types import ModelInfo
from tests.experts.conftest import LIMIT
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)
BOXES = np.float32([[0, 0, 32, 32], [40, 8, 90, 60], [3, 3, 4, 64], [5, 5, 90, 8]])
NONE = np.zeros((0, 4), np.float32)


@pytest.fixture(scope="module")
def clip(clip_parts) -> Clip:
    return Clip(*clip_parts, INFO, batch_size=3)


@pytest.fixture(scope="module", params=["clip", "siglip"])
def either(request) -> Clip:
    return Clip(*request.getfixturevalue(f"{request.param}_parts"), INFO, batch_size=3)


@pytest.fixture
def calls(clip):
    """How many regions, or texts, each call of a part of the model got."""
    counted = []
    parts = (clip.model.vision_model, clip.model.text_model)
    handles = [
        part.register_forward_hook(
            lambda _part, _args, given, _out: counted.append(len(next(iter(given.values())))),
            with_kwargs=True,
        )
        for part in parts
    ]
    yield counted
    for handle in handles:
        handle.remove()


def _theirs(parts, crop: np.ndarray) -> np.ndarray:
    """What transformers says of one region."""
    prepare = getattr(parts.processor, "image_processor", parts.processor)
    pixels = prepare(
        images=[crop], input_data_format="channels_last", return_tensors="pt"
    ).pixel_values
    with torch.inference_mode():
        vector = parts.model.get_image_features(pixel_values=pixels).pooler_output[0]
    return (vector / vector.norm()).numpy()


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_region_has_the_vector_that_its_crop_has_alone(kind, request):
    parts = request.getfixturevalue(f"{kind}_parts")
    images = [noise(0), noise(1, 70, 99)]
    found = Clip(*parts, INFO, batch_size=3)(images, [BOXES, BOXES])
    for image, vectors in zip(images, found, strict=True):
        assert vectors.dtype == np.float32
        for vector, (x0, y0, x1, y1) in zip(vectors, BOXES.astype(int), strict=True):
            np.testing.assert_allclose(vector, _theirs(parts, image[y0:y1, x0:x1]), atol=1e-5)
            np.testing.assert_allclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_without_boxes_there_is_one_row_for_the_whole_of_every_image(clip):
    images = [noise(0), noise(1, 50, 70)]
    whole = [np.float32([[0, 0, 96, 64]]), np.float32([[0, 0, 70, 50]])]
    for row, same in zip(clip(images), clip(images, whole), strict=True):
        assert row.shape == (1, 16)
        np.testing.assert_array_equal(row, same)


def test_an_image_has_the_same_vectors_in_any_company_and_order(clip):
    images = [noise(seed, *size) for seed, size in enumerate([(64, 96), (64, 96), (70, 99)])]
    together = clip(images, [BOXES, BOXES[:1], BOXES])
    backwards = clip(images[::-1], [BOXES, BOXES[:1], BOXES])[::-1]
    for image, vectors, again in zip(images, together, backwards, strict=True):
        (alone,) = clip([image], [BOXES[: len(vectors)]])
        np.testing.assert_allclose(vectors, alone, atol=1e-5)
        np.testing.assert_allclose(vectors, again, atol=1e-5)


def test_different_regions_have_different_vectors(clip):
    first, second = clip([noise(0), noise(1)], [BOXES, BOXES])
    assert ((first * second).sum(axis=1) < 0.999).all()


def test_batches_run_over_all_regions_of_all_images(clip, calls):
    clip([noise(0), noise(1), noise(2)], [BOXES, NONE, BOXES[:3]])
    assert calls == [3, 3, 1]


def test_no_regions_are_no_vectors_and_no_call(either, clip, calls):
    width = either([noise(0)])[0].shape[1]
    calls.clear()
    for vectors in (*either([noise(0)] * 2, [NONE, NONE]), clip.text_embeddings([])):
        assert vectors.shape[0] == 0
    assert either([noise(0)], [NONE])[0].shape == (0, width)
    assert either([]) == []
    assert calls == []


def test_a_text_has_the_vector_that_it_has_alone(clip, clip_parts):
    texts = ["a red car", "street", "", "two men on a wall"]
    vectors = clip.text_embeddings(texts)
    for text, vector in zip(texts, vectors, strict=True):
        tokens = clip_parts.processor.tokenizer([text], return_tensors="pt", truncation=True)
        with torch.inference_mode():
            alone = clip_parts.model.get_text_features(**tokens).pooler_output[0]
        np.testing.assert_allclose(vector, alone / alone.norm(), atol=1e-5)


def test_a_text_that_stands_twice_is_encoded_once(clip, calls):
    vectors = clip.text_embeddings(["car", "red", "car", "car"])
    assert calls == [2]
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert (vectors[0] != vectors[1]).any()


def test_a_text_of_300_words_is_read_as_far_as_the_model_can(clip):
    long = "car " * 300
    assert LIMIT < 300
    vectors = clip.text_embeddings([long, "car " * 299])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.isfinite(vectors).all()


def test_siglip_reads_texts_with_the_padding_that_it_learnt_with(siglip_parts, monkeypatch):
    asked = []

    class Tokenizer:
        model_max_length = 10**9

        def __call__(self, texts, **options):
            from transformers import BatchEncoding

            asked.append(options)
            ids = torch.ones(len(texts), options["max_length"], dtype=torch.long)
            ids[:, 1:] = 2
            return BatchEncoding({"input_ids": ids, "attention_mask": ids % 2})

    siglip = Clip(*siglip_parts, INFO)
    monkeypatch.setattr(siglip, "tokenizer", Tokenizer())
    (vector,) = siglip.text_embeddings(["car"])
    ids = torch.tensor([[1] + [2] * (LIMIT - 1)])
    with torch.inference_mode():
        attended = siglip_parts.model.get_text_features(input_ids=ids).pooler_output[0]
    np.testing.assert_allclose(vector, attended / attended.norm(), atol=1e-6)
    assert (asked[0]["padding"], asked[0]["max_length"]) == ("max_length", LIMIT)


def test_without_a_tokenizer_texts_are_refused(siglip_parts):
    with pytest.raises(ValueError, match=r"Expected tiny with a tokenizer, .*texts=true"):
        Clip(*siglip_parts, INFO).text_embeddings(["car"])


def test_half_precision_gives_nearly_the_same_unit_vectors(clip_parts, clip):
    (full,) = clip([noise(0)], [BOXES])
    (half,) = Clip(*clip_parts, INFO, half=True)([noise(0)], [BOXES])
    assert half.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1, atol=1e-5)
    assert ((full * half).sum(axis=1) > 0.99).all()
    assert (full != half).any()


def test_a_folder_is_loaded_with_its_settings(clip_folder, siglip_folder, clip):
    for folder in (clip_folder, siglip_folder):
        loaded: RegionEmbedder = Clip.from_pretrained(folder)
        assert loaded.info.name == folder.name
        assert len(loaded([noise(0)], [BOXES])[0]) == 4
    loaded = Clip.from_pretrained(clip_folder, texts=True, batch_size=2, half=True)
    assert (loaded.batch_size, loaded.half_precision) == (2, True)
    assert loaded.text_embeddings(["car"]).shape == (1, 16)
    again = Clip.from_pretrained(clip_folder)
    np.testing.assert_allclose(again([noise(0)])[0], clip([noise(0)])[0], atol=1e-6)


def test_a_model_without_embeddings_is_refused(clip_parts):
    with pytest.raises(ValueError, match="Expected CLIP or SigLIP, got Linear"):
        Clip(torch.nn.Linear(1, 1), clip_parts.processor, INFO)
