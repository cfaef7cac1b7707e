"""Objects as OWL-ViT and OWLv2 see them: real classes, few random weights."""

import itertools

import numpy as np
import pytest
import torch

from spotdiff.contracts import Detector
from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.owlvit import TEMPLATES, OwlViT
from spotdiff.types import ModelInfo
from tests.experts.conftest import _saved
from tests.experts.tiny_detectors import groundingdino_parts, owl_parts
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)
NAMES = ("red car", "tree", "dog", "traffic cone")
SIZES = [(64, 96), (180, 320), (97, 41), (64, 64)]
EVERYTHING = {"templates": ["{}"], "min_score": 0.0}


@pytest.fixture(scope="module", params=["OwlViT", "Owlv2"])
def parts(request):
    return owl_parts(request.param)


@pytest.fixture
def expert(parts) -> OwlViT:
    return OwlViT(*parts, INFO, batch_size=3, **EVERYTHING)


@pytest.fixture
def calls(parts):
    """How many texts and how many images each call of an encoder got."""
    counted = {"texts": [], "images": []}
    model = parts.model.base_model
    handles = [
        part.register_forward_hook(
            lambda _part, _args, given, _out, kind=kind: counted[kind].append(
                len(next(iter(given.values())))
            ),
            with_kwargs=True,
        )
        for kind, part in (("texts", model.text_model), ("images", model.vision_model))
    ]
    yield counted
    for handle in handles:
        handle.remove()


def _theirs(parts, image: np.ndarray, names) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """What the whole model and its processor say of one image, best first."""
    inputs = parts.processor(
        text=[list(names)],
        images=[image],
        input_data_format="channels_last",
        return_tensors="pt",
    )
    with torch.inference_mode():
        answer = parts.model(**inputs)
    (found,) = parts.processor.post_process_grounded_object_detection(
        answer, threshold=0.0, target_sizes=[image.shape[:2]], text_labels=[list(names)]
    )
    height, width = image.shape[:2]
    boxes = found["boxes"].numpy().clip(0, [width, height, width, height])
    scores = found["scores"].numpy()
    kept = [i for i in np.argsort(-scores) if (boxes[i, 2:] > boxes[i, :2]).all()]
    return boxes[kept], scores[kept], [found["text_labels"][i] for i in kept]


def _assert_same(found, other) -> None:
    np.testing.assert_allclose(found.boxes, other.boxes, atol=1e-3)
    np.testing.assert_allclose(found.scores, other.scores, atol=1e-5)
    assert found.labels == other.labels


@pytest.mark.parametrize("size", SIZES)
def test_with_one_template_the_objects_are_those_of_the_whole_model(expert, parts, size):
    image = noise(3, *size)
    (found,) = expert([image], NAMES)
    boxes, scores, labels = _theirs(parts, image, NAMES)
    assert len(found) == len(boxes) > 3
    np.testing.assert_allclose(found.scores, scores, atol=1e-5)
    np.testing.assert_allclose(found.boxes, boxes, atol=1e-3)
    assert list(found.labels) == labels


def test_a_name_is_the_mean_of_its_sentences(parts):
    expert = OwlViT(*parts, INFO, templates=["a {}", "the {} there"])
    tokens = parts.processor.tokenizer(
        ["a dog", "the dog there"], padding="max_length", return_tensors="pt"
    )
    with torch.inference_mode():
        vectors = parts.model.base_model.get_text_features(**tokens).pooler_output
        (query,) = expert._encoded(["dog"])
    mean = (vectors / vectors.norm(dim=1, keepdim=True)).mean(dim=0)
    np.testing.assert_allclose(query, mean / mean.norm(), atol=1e-5)


def test_a_vocabulary_is_encoded_once_and_an_image_passes_the_vision_encoder_alone(parts, calls):
    expert = OwlViT(*parts, INFO, batch_size=3)
    images = [noise(seed, *size) for seed, size in enumerate(SIZES)]
    expert(images, NAMES)
    expert(images[:1], (*NAMES[::-1], NAMES[0]))
    assert calls == {"texts": [len(NAMES) * len(TEMPLATES)], "images": [3, 1, 1]}
    expert(images[:1], ["dog", "dog"])
    assert calls["texts"][1:] == [len(TEMPLATES)]


def test_an_image_shows_the_same_alone_and_in_any_company(expert):
    images = [noise(seed, *size) for seed, size in enumerate([*SIZES, (64, 96)])]
    together = expert(images, NAMES)
    for image, found, again in zip(
        images, together, expert(images[::-1], NAMES)[::-1], strict=True
    ):
        _assert_same(found, expert([image], NAMES)[0])
        _assert_same(found, again)


def test_the_order_of_the_names_changes_nothing(expert):
    (found,) = expert([noise(5)], NAMES)
    assert len(set(found.labels)) > 1
    for names in itertools.permutations(NAMES):
        (other,) = expert([noise(5)], names)
        _assert_same(found, other)


def test_objects_lie_in_the_image_with_the_best_first_under_given_names(parts):
    keeper: Detector = OwlViT(*parts, INFO, templates=["{}"], min_score=0.5, max_objects=5)
    for found, size in zip(keeper([noise(1, *s) for s in SIZES], NAMES), SIZES, strict=True):
        assert 0 < len(found) <= 5
        assert found.boxes.dtype == found.scores.dtype == np.float32
        assert (found.boxes >= 0).all()
        assert (found.boxes[:, 2:] <= (size[1], size[0])).all()
        assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
        assert (np.diff(found.scores) <= 0).all()
        assert (found.scores >= 0.5).all()
        assert len(found.labels) == len(found)
        assert set(found.labels) <= set(NAMES)
    assert keeper.classes == ()


@pytest.mark.parametrize("size", [(1, 50), (3, 90), (3, 1), (200, 1)])
def test_images_of_a_few_rows_are_looked_at_too(expert, size):
    (found,) = expert([noise(2, *size)], NAMES)
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()


def test_without_names_or_images_there_are_no_objects_and_no_call(expert, calls):
    assert [len(found) for found in expert([noise(0), noise(1)], [])] == [0, 0]
    assert expert([], NAMES) == []
    assert calls["images"] == []


def test_a_name_of_300_words_is_read_as_far_as_the_model_can(expert):
    (found,) = expert([noise(0)], ["car " * 300])
    assert np.isfinite(found.scores).all()


def test_half_precision_sees_nearly_the_same(parts, expert):
    (full,) = expert([noise(0)], NAMES)
    (half,) = OwlViT(*parts, INFO, half=True, **EVERYTHING)([noise(0)], NAMES)
    assert half.scores.dtype == half.boxes.dtype == np.float32
    assert abs(full.scores.mean() - half.scores.mean()) < 0.05
    assert (full.scores[:5] != half.scores[:5]).any()


def test_the_identity_follows_the_settings_that_decide_an_answer(parts):
    same = OwlViT(*parts, INFO).info
    assert same == OwlViT(*parts, INFO, batch_size=1, templates=list(TEMPLATES)).info
    assert same.name == "tiny"
    settings = ({"half": True}, {"min_score": 0.5}, {"max_objects": 7}, {"templates": ["{}"]})
    assert len({OwlViT(*parts, INFO, **setting).info for setting in settings} | {same}) == 5


def test_a_folder_is_loaded_with_its_settings(parts, tmp_path, expert):
    folder = _saved(parts, tmp_path / "tiny-owl")
    loaded = OwlViT.from_pretrained(folder, batch_size=2, max_objects=200, **EVERYTHING)
    assert loaded.info.name == "tiny-owl"
    assert (loaded.batch_size, loaded.max_objects, loaded.templates) == (2, 200, ("{}",))
    _assert_same(loaded([noise(0)], NAMES)[0], expert([noise(0)], NAMES)[0])


def test_a_model_of_another_kind_is_refused(parts, clip_folder, tmp_path):
    dino = _saved(groundingdino_parts(), tmp_path / "tiny-dino")
    with pytest.raises(ValueError, match=r"Expected OWL-ViT or OWLv2, got GroundingDino"):
        OwlViT.from_pretrained(dino)
    with pytest.raises(ValueError, match=r"Expected OWL-ViT or OWLv2, got Linear \(tiny\)"):
        OwlViT(torch.nn.Linear(1, 1), parts.processor, INFO)
    with pytest.raises(ValueError, match="Expected AutoModelForZeroShotObjectDetection"):
        OwlViT.from_pretrained(clip_folder)


@pytest.mark.parametrize("templates", [[], ["a photo"], ["{}", "a photo"], "a {}"])
def test_a_template_needs_a_place_for_the_name(parts, templates):
    with pytest.raises(ValueError, match=r"Expected templates with \{\} where the name stands"):
        OwlViT(*parts, INFO, templates=templates)


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match="spotdiff models fetch google/owlv2-base-patch16-"):
        OwlViT.from_pretrained("google/owlv2-base-patch16-ensemble")
