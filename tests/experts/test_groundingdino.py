"""Objects as Grounding DINO sees them: real classes, few random weights."""

import itertools

import numpy as np
import pytest
import torch

from spotdiff.contracts import Detector
from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.groundingdino import GroundingDino
from spotdiff.types import ModelInfo
from tests.experts.conftest import _saved
from tests.experts.tiny_detectors import MAX_TEXT, groundingdino_parts, owl_parts
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)
NAMES = ("red car", "tree", "dog", "street")
MANY = tuple(f"thing {letter}" for letter in "abcdefgh")  # 7 tokens each, with their full stop
SIZES = [(64, 96), (180, 320), (97, 41), (64, 64)]


@pytest.fixture(scope="module")
def parts():
    return groundingdino_parts()


@pytest.fixture
def expert() -> GroundingDino:
    return GroundingDino(*groundingdino_parts(), INFO, min_score=0.0, batch_size=2)


@pytest.fixture
def read(expert):
    """The tokens that each call of the text encoder got."""
    texts = []
    expert.model.model.text_backbone.encoder.register_forward_pre_hook(
        lambda _encoder, args: texts.append(args[0].tolist())
    )
    return texts


@pytest.fixture
def seen(expert):
    """The shape of the pixels of each call of the backbone."""
    shapes = []
    expert.model.model.backbone.register_forward_pre_hook(
        lambda _backbone, args: shapes.append(tuple(args[0].shape))
    )
    return shapes


def _theirs(parts, image: np.ndarray, names) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Corners, scores and labels of the plain model, by where names stand in the caption's text."""
    text = " . ".join(names) + " ."
    tokens = parts.processor.tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    offsets = tokens.pop("offset_mapping")[0]
    pixels = parts.processor.image_processor(
        images=[image], input_data_format="channels_last", return_tensors="pt"
    )
    with torch.inference_mode():
        answer = parts.model(**pixels, **tokens)
    chances = answer.logits[0].sigmoid()[:, : len(offsets)]
    fits = []
    for name in names:
        start = (". " + text).index(f". {name} .")
        inside = (offsets[:, 0] >= start) & (offsets[:, 1] <= start + len(name))
        inside &= offsets[:, 1] > offsets[:, 0]
        fits.append(chances[:, inside].mean(dim=1))
    best = torch.stack(fits, dim=1).max(dim=1)
    centre, size = answer.pred_boxes[0].split(2, dim=1)
    corners = torch.cat([centre - size / 2, centre + size / 2], dim=1)
    height, width = image.shape[:2]
    order = best.values.argsort(descending=True)
    boxes = (corners * torch.tensor([width, height, width, height]))[order].numpy()
    labels = [names[row] for row in best.indices[order].tolist()]
    return boxes.clip(0, [width, height, width, height]), best.values[order].numpy(), labels


def _assert_same(found, other) -> None:
    np.testing.assert_allclose(found.scores, other.scores, atol=1e-4)
    np.testing.assert_allclose(found.boxes, other.boxes, atol=2e-2)
    assert found.labels == other.labels


@pytest.mark.parametrize("size", SIZES)
def test_a_score_is_the_mean_over_the_tokens_of_a_name(expert, parts, size):
    image = noise(3, *size)
    (found,) = expert([image], NAMES)
    boxes, scores, labels = _theirs(parts, image, NAMES)
    assert len(set(labels)) > 1
    kept = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    np.testing.assert_allclose(found.scores, scores[kept], atol=1e-4)
    np.testing.assert_allclose(found.boxes, boxes[kept], atol=2e-2)
    assert list(found.labels) == [name for name, keep in zip(labels, kept, strict=True) if keep]


def test_a_caption_is_what_the_processor_makes_of_the_names(expert, read, parts):
    expert([noise(0)], NAMES)
    own = parts.processor(text=[sorted(NAMES)], images=[noise(0)], return_tensors="pt")
    assert read == [own.input_ids.tolist()]


@pytest.mark.parametrize(("sure", "score"), [((3, 4), 1.0), ((3,), 0.5), ((4,), 0.5)])
def test_a_cart_is_no_car(expert, read, sure, score):
    def only(_model, _args, answer):
        answer.logits = torch.full_like(answer.logits, -40)
        answer.logits[..., list(sure)] = 40
        return answer

    expert.model.register_forward_hook(only)
    (found,) = expert([noise(0)], ["car", "cart"])
    car, stop = read[0][0][1:3]
    assert read[0][0][3] == car  # cart is written as car and t
    assert read[0][0][5] == stop
    assert set(found.labels) == {"cart"}
    np.testing.assert_allclose(found.scores, score)


def test_a_vocabulary_is_read_once(expert, read):
    expert([noise(seed, *size) for seed, size in enumerate(SIZES)], NAMES)
    expert([noise(9)], (*NAMES[::-1], NAMES[0]))
    assert len(read) == 1
    assert len(read[0]) == 1
    expert([noise(9)], ["dog", "dog"])
    assert len(read) == 2


def test_names_that_do_not_fit_are_written_into_several_captions(expert, read):
    (found,) = expert([noise(0), noise(1)], MANY)[:1]
    stop = expert.tokenizer.convert_tokens_to_ids(".")
    assert all(len(text) == 1 and len(text[0]) <= MAX_TEXT for text in read)
    assert [text[0].count(stop) for text in read] == [5, 3]  # 5 · 7 + 2 tokens and no more
    assert len(found) <= 2 * 20  # queries of each caption
    assert set(found.labels) & set(MANY[:5])
    assert set(found.labels) & set(MANY[5:])


def test_only_images_of_one_size_go_together_and_none_is_padded(expert, seen):
    sizes = [(64, 64), (32, 64), (64, 64), (64, 64)]
    expert([noise(seed, *size) for seed, size in enumerate(sizes)], NAMES)
    assert seen == [(2, 3, 64, 64), (1, 3, 64, 64), (1, 3, 48, 96)]


def test_an_image_shows_the_same_alone_and_in_any_company(expert):
    sizes = [*SIZES, (64, 96), (64, 96), (64, 64)]
    images = [noise(seed, *size) for seed, size in enumerate(sizes)]
    together = expert(images, MANY)
    for image, found, again in zip(images, together, expert(images[::-1], MANY)[::-1], strict=True):
        _assert_same(found, expert([image], MANY)[0])
        _assert_same(found, again)


def test_the_order_of_the_names_changes_nothing(expert):
    for given in (NAMES, MANY):
        (found,) = expert([noise(5)], given)
        for names in itertools.islice(itertools.permutations(given), 1, 60, 7):
            _assert_same(found, expert([noise(5)], names)[0])


def test_objects_lie_in_the_image_with_the_best_first_under_given_names():
    keeper: Detector = GroundingDino(*groundingdino_parts(), INFO, min_score=0.5, max_objects=5)
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


def test_a_label_is_the_name_as_it_was_given(expert, read):
    (found,) = expert([noise(0)], ["St. Bernard", "Red Car"])
    assert set(found.labels) <= {"St. Bernard", "Red Car"}
    expert([noise(0)], ["st bernard", "red car"])
    assert len(read) == 1  # the same caption


def test_a_name_with_nothing_to_look_for_is_refused(expert):
    with pytest.raises(ValueError, match=r"Expected names with something to look for, got '\.'"):
        expert([noise(0)], ["car", "."])


def test_a_name_of_300_words_is_read_as_far_as_the_model_can(expert, read):
    (found,) = expert([noise(0)], ["car " * 300])
    assert len(read[0][0]) == MAX_TEXT
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("size", [(1, 50), (3, 90), (3, 1), (900, 1), (1, 3000)])
def test_images_of_a_few_rows_are_looked_at_too(expert, size):
    (found,) = expert([noise(2, *size)], NAMES)
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()


def test_without_names_or_images_there_are_no_objects_and_no_call(expert, read, seen):
    assert [len(found) for found in expert([noise(0), noise(1)], [])] == [0, 0]
    assert expert([], NAMES) == []
    assert read == seen == []


def test_half_precision_sees_nearly_the_same(expert):
    (full,) = expert([noise(0)], NAMES)
    loose = GroundingDino(*groundingdino_parts(), INFO, min_score=0.0, half=True)
    (half,) = loose([noise(0)], NAMES)
    assert half.scores.dtype == half.boxes.dtype == np.float32
    assert abs(full.scores.mean() - half.scores.mean()) < 0.1
    assert (full.scores[:5] != half.scores[:5]).any()


def test_two_experts_of_one_model_do_not_hear_what_its_text_encoder_told_the_other():
    fresh = groundingdino_parts()
    full, half = (GroundingDino(*fresh, INFO, min_score=0.0, half=half) for half in (False, True))
    half([noise(0)], NAMES)
    _assert_same(
        full([noise(0)], NAMES)[0],
        GroundingDino(*groundingdino_parts(), INFO, min_score=0.0)([noise(0)], NAMES)[0],
    )


def test_the_identity_follows_the_settings_that_decide_an_answer():
    fresh = groundingdino_parts()
    same = GroundingDino(*fresh, INFO).info
    assert same == GroundingDino(*fresh, INFO, batch_size=1).info
    assert same.name == "tiny"
    settings = ({"half": True}, {"min_score": 0.5}, {"max_objects": 7})
    assert len({GroundingDino(*fresh, INFO, **setting).info for setting in settings} | {same}) == 4


def test_a_folder_is_loaded_with_its_settings(parts, tmp_path, expert):
    folder = _saved(parts, tmp_path / "tiny-dino")
    loaded = GroundingDino.from_pretrained(folder, min_score=0.0, batch_size=2, max_objects=200)
    assert loaded.info.name == "tiny-dino"
    assert (loaded.batch_size, loaded.max_objects) == (2, 200)
    _assert_same(loaded([noise(0)], NAMES)[0], expert([noise(0)], NAMES)[0])


def test_a_model_of_another_kind_is_refused(parts, clip_folder, tmp_path):
    owl = _saved(owl_parts("OwlViT"), tmp_path / "tiny-owl")
    with pytest.raises(ValueError, match=r"Expected Grounding DINO, got OwlViTForObjectDetection"):
        GroundingDino.from_pretrained(owl)
    with pytest.raises(ValueError, match=r"Expected Grounding DINO, got Linear \(tiny\)"):
        GroundingDino(torch.nn.Linear(1, 1), parts.processor, INFO)
    with pytest.raises(ValueError, match="Expected AutoModelForZeroShotObjectDetection"):
        GroundingDino.from_pretrained(clip_folder)


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match="spotdiff models fetch IDEA-Research/grounding-dino"):
        GroundingDino.from_pretrained("IDEA-Research/grounding-dino-base")
