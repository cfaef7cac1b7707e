"""Things painted over: what stays, what goes, and that nobody's picture depends on another's."""

import json

import cv2
import numpy as np
import pytest
import torch

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.inpainting import ClassicalInpainter, DiffusionInpainter
from spotdiff.types import ModelInfo
from tests.fakes import noise
from tests.tiny_diffusion import tiny_sdxl, tiny_sdxl_inpaint

GROWTH = 2


def _scene(seed: int, height: int = 24, width: int = 40):
    """A soft ground with a black thing on it, and the mask of the thing."""
    image = noise(seed, height, width) // 4 + 150
    mask = np.zeros((height, width), np.uint8)
    mask[8:14, 10 + seed : 18 + seed] = 255
    image[mask > 0] = 0
    return image, mask


def _near(mask):
    return cv2.dilate(mask, np.ones((2 * GROWTH + 1,) * 2, np.uint8)) > 0


@pytest.fixture(scope="module", params=["diffusion", "edit", "detail", "telea", "navier_stokes"])
def inpainter(request):
    if request.param in ("diffusion", "edit"):
        pipeline = tiny_sdxl_inpaint(channels=9 if request.param == "diffusion" else 4)
        info = ModelInfo("tiny", "0" * 64)
        return DiffusionInpainter(pipeline, info, side=32, growth=GROWTH, batch_size=2)
    return ClassicalInpainter(method=request.param, growth=GROWTH)


def test_what_is_not_near_the_mask_stays_and_all_of_the_mask_goes(inpainter):
    image, mask = _scene(1)
    before = image.copy()
    (found,) = inpainter([image], [mask])
    assert (found.shape, found.dtype) == (image.shape, np.uint8)
    np.testing.assert_array_equal(found[~_near(mask)], image[~_near(mask)])
    np.testing.assert_array_equal(image, before)
    assert (found[mask > 0] > 0).any(-1).mean() > 0.9


def test_an_image_is_painted_as_if_it_were_alone(inpainter):
    scenes = [_scene(1), _scene(2), _scene(3), _scene(1, 30, 24)]
    together = inpainter(*map(list, zip(*scenes, strict=True)))
    for (image, mask), found in zip(scenes, together, strict=True):
        alone = inpainter([image], [mask])[0]
        assert np.abs(alone.astype(int) - found).max() <= 1
    np.testing.assert_array_equal(together[0], inpainter(*map(list, zip(*scenes, strict=True)))[0])


def test_without_a_mask_nothing_changes_and_without_images_there_is_nothing(inpainter):
    image, mask = _scene(1)
    np.testing.assert_array_equal(inpainter([image], [mask * 0])[0], image)
    assert inpainter([], []) == []


def test_wrong_masks_are_one_sentence(inpainter):
    image, mask = _scene(1)
    with pytest.raises(
        ValueError, match=r"mask of the size of its image, \(24, 40\), got \(24, 39"
    ):
        inpainter([image], [mask[:, 1:]])
    with pytest.raises(ValueError, match="the mask covers it all"):
        inpainter([image], [mask * 0 + 1])


def test_settings_are_plain_and_belong_to_the_identity(inpainter):
    told = json.loads(json.dumps(inpainter.settings))
    assert told["growth"] == GROWTH
    other = ClassicalInpainter(growth=GROWTH + 1)
    assert other.info != inpainter.info
    if isinstance(inpainter, DiffusionInpainter):
        assert (told["strength"], told["guidance"], told["steps"]) == (0.85, 0.0, 4)
        assert not any(weight.requires_grad for weight in inpainter.parameters())


@pytest.mark.parametrize("method", ["detail", "telea", "navier_stokes"])
def test_classical_filling_shows_the_colours_of_the_ground(method):
    image, mask = _scene(1, 90, 120)
    ground = image[mask == 0].mean()
    found = ClassicalInpainter(method=method)([image], [mask])[0]
    assert abs(found[mask > 0].mean() - ground) < 15


def test_settings_that_are_none_are_one_sentence():
    with pytest.raises(ValueError, match="Expected a method of detail, telea, navier_stokes, got"):
        ClassicalInpainter(method="patch")
    with pytest.raises(ValueError, match=r"leaves one of 4 steps, got 0\.2"):
        DiffusionInpainter(tiny_sdxl_inpaint(), ModelInfo("tiny", ""), strength=0.2)


def test_weights_that_were_made_for_drawing_paint_over_too(tmp_path):
    tiny_sdxl(turbo=True).save_pretrained(tmp_path / "tiny")
    expert = DiffusionInpainter.from_pretrained(tmp_path / "tiny", dtype="fp32", side=32)
    assert type(expert.pipeline).__name__ == "StableDiffusionXLInpaintPipeline"
    assert expert.weights.name == "tiny"
    assert {weight.dtype for weight in expert.parameters()} == {torch.float32}
    image, mask = _scene(1)
    assert (expert([image], [mask])[0][mask > 0] > 0).any()
    (tmp_path / "none").mkdir()
    with pytest.raises(WeightsMissing, match="found nothing"):
        DiffusionInpainter.from_pretrained(tmp_path / "none")
