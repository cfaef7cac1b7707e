"""RT-DETR and D-FINE: transformers' real classes with few random weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.rtdetr import RtDetr
from spotdiff.ops.boxes import area, clip
from spotdiff.types import ModelInfo
from tests.experts.tiny_rtdetr import CLASSES, Parts, tiny_detr, tiny_dfine, tiny_rtdetr
from tests.fakes import noise

INFO = ModelInfo("tiny", "0" * 64)


@pytest.fixture(scope="module", params=[tiny_rtdetr, tiny_dfine], ids=["rtdetr", "dfine"])
def parts(request) -> Parts:
    return request.param()


@pytest.fixture(scope="module")
def tiny(parts) -> RtDetr:
    """Keeps nearly all that the random network says."""
    return RtDetr(*parts, INFO, min_score=0.01, batch_size=3)


@pytest.fixture(scope="module")
def padding() -> RtDetr:
    """Its processor keeps the shape of images and pads the smaller ones of a batch."""
    return RtDetr(*tiny_detr(), INFO, min_score=0.01, batch_size=3)


def _same(first, second) -> None:
    np.testing.assert_allclose(first.boxes, second.boxes, atol=1e-3)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-5)
    assert first.labels == second.labels


@pytest.mark.parametrize("size", [(64, 64), (30, 90), (130, 20), (1, 40), (3, 1)])
def test_objects_lie_in_the_image_with_the_best_first(tiny, size):
    (found,) = tiny([noise(1, *size)], ["tree"])
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()
    assert (area(found.boxes) > 0).all()
    assert (np.diff(found.scores) <= 0).all()
    assert len(found.labels) == len(found) > 0
    assert set(found.labels) <= set(CLASSES)
    assert found.masks is None


def test_answers_are_those_of_the_model_and_its_processor(parts, tiny):
    image = noise(2, 50, 70)
    inputs = parts.processor(images=[image], input_data_format="channels_last", return_tensors="pt")
    with torch.inference_mode():
        answer = parts.model(pixel_values=inputs.pixel_values)
    (wanted,) = parts.processor.post_process_object_detection(
        answer, threshold=0.01, target_sizes=[(50, 70)]
    )
    boxes = clip(wanted["boxes"].numpy(), (50, 70))
    there = area(boxes) > 0
    (found,) = tiny([image], [])
    assert len(found) > 1
    np.testing.assert_allclose(found.boxes, boxes[there], rtol=1e-5)
    np.testing.assert_allclose(found.scores, wanted["scores"].numpy()[there], rtol=1e-5)
    numbers = wanted["labels"].numpy()[there]
    assert list(found.labels) == [CLASSES[number] for number in numbers]


def test_the_picture_decides_the_answer(tiny):
    first, second = tiny([noise(1), noise(2)], [])
    assert not np.array_equal(first.scores, second.scores)


def test_its_words_are_those_of_the_weights_whatever_is_asked_for(tiny):
    assert tiny.classes == CLASSES
    (asked,), (unasked,) = tiny([noise(1)], ["person"]), tiny([noise(1)], [])
    _same(asked, unasked)


SIZES = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from([(40, 60), (60, 40), (33, 90)])),
    min_size=1,
    max_size=7,
)


def _check_company(expert: RtDetr, kinds, random) -> None:
    images = [noise(seed, *size) for seed, size in kinds]
    alone = [expert([image], [])[0] for image in images]
    order = list(range(len(images)))
    random.shuffle(order)
    for index, found in zip(order, expert([images[i] for i in order], []), strict=True):
        _same(found, alone[index])


@settings(max_examples=8)
@given(SIZES, st.randoms(use_true_random=False))
def test_an_answer_does_not_depend_on_the_other_images(tiny, kinds, random):
    _check_company(tiny, kinds, random)


@settings(max_examples=8)
@given(SIZES, st.randoms(use_true_random=False))
def test_nor_does_it_where_the_processor_pads(padding, kinds, random):
    _check_company(padding, kinds, random)


def test_images_go_together_as_far_as_none_is_padded(tiny, padding):
    images = [noise(0, 40, 60), noise(1, 60, 40), noise(2, 40, 60), noise(3, 40, 60)]
    batches = []
    for expert in (tiny, padding):
        passed: list[int] = []
        handle = expert.model.register_forward_pre_hook(
            lambda _, __, inputs, passed=passed: passed.append(len(inputs["pixel_values"])),
            with_kwargs=True,
        )
        expert(images, [])
        handle.remove()
        batches.append(passed)
    assert batches == [[3, 1], [3, 1]]
    sizes = [[images[i].shape[0] for i in rows] for rows in padding._batches(images)]
    assert sizes == [[40, 40, 40], [60]]


def test_no_images_have_no_answers(tiny):
    assert tiny([], ["person"]) == []


def test_thresholds_keep_what_they_say(parts, tiny):
    (all_of_them,) = tiny([noise(3)], [])
    limit = float(all_of_them.scores[2])
    (sure,) = RtDetr(*parts, INFO, min_score=limit - 1e-6)([noise(3)], [])
    np.testing.assert_array_equal(sure.scores, all_of_them.scores[:3])
    (few,) = RtDetr(*parts, INFO, min_score=0.01, max_objects=2)([noise(3)], [])
    np.testing.assert_array_equal(few.boxes, all_of_them.boxes[:2])
    (none,) = RtDetr(*parts, INFO, min_score=1.0)([noise(3)], [])
    assert none.boxes.shape == (0, 4)
    assert none.labels == ()


@pytest.mark.parametrize("changed", [{"min_score": 0.1}, {"max_objects": 7}, {"half": True}])
def test_settings_that_decide_an_answer_are_part_of_the_identity(parts, changed):
    base = RtDetr(*parts, INFO)
    other = RtDetr(*parts, INFO, **changed)
    assert other.info.name == base.info.name == "tiny"
    assert other.info.sha256 != base.info.sha256
    assert RtDetr(*parts, INFO, batch_size=1).info == base.info


def test_half_precision_finds_nearly_the_same(parts, tiny):
    half = RtDetr(*parts, INFO, min_score=0.0, half=True)
    (rough,), (exact,) = half([noise(1)], []), tiny([noise(1)], [])
    assert rough.boxes.dtype == rough.scores.dtype == np.float32
    assert rough.scores[0] == pytest.approx(exact.scores[0], abs=0.05)


def test_the_network_is_frozen(tiny):
    tiny.train()
    assert not any(module.training for module in tiny.modules())
    assert not any(p.requires_grad for p in tiny.parameters())


def test_a_processor_that_makes_no_objects_is_refused(parts):
    with pytest.raises(ValueError, match="with post_process_object_detection for tiny, got object"):
        RtDetr(parts.model, object(), INFO)


def test_a_folder_is_loaded_with_its_hash(parts, tiny, tmp_path):
    parts.model.save_pretrained(tmp_path)
    parts.processor.save_pretrained(tmp_path)
    loaded = RtDetr.from_pretrained(tmp_path, min_score=0.01, batch_size=3)
    assert len(loaded.info.sha256) == 64
    assert loaded.classes == CLASSES
    image = noise(1, 50, 70)
    _same(loaded([image], [])[0], tiny([image], [])[0])


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        WeightsMissing, match=r"rtdetr_r50vd \(licence Apache-2\.0\) are not here: .*models fetch"
    ):
        RtDetr.from_pretrained("PekingU/rtdetr_r50vd")
