"""Regions as a model wants to see them, against the processors of transformers themselves."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.experts.crops import ModelInput, region_batches, windows
from tests.fakes import noise

CPU = torch.device("cpu")
SHAPES = [(1, 1), (1, 3), (3, 1), (3, 3), (1, 4), (3, 200), (1, 90), (7, 30), (32, 32), (33, 32)]
SHAPES += [(61, 47), (100, 131), (40, 160), (160, 40), (10, 60), (300, 420)]


def _static(seed: int, height: int, width: int) -> np.ndarray:
    """Every pixel is a matter of its own: the hardest to resize alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def _theirs(processor, image: np.ndarray) -> torch.Tensor:
    return processor(
        images=[image], input_data_format="channels_last", return_tensors="pt"
    ).pixel_values


def _ours(processor, image: np.ndarray) -> torch.Tensor:
    (batch,) = region_batches([image], None, ModelInput.of(processor), CPU, 8)
    return batch


@pytest.fixture(scope="session")
def processors():
    """Those of CLIP, SigLIP and BLIP at their true sizes."""
    import transformers

    kinds = ("CLIPImageProcessor", "SiglipImageProcessor", "BlipImageProcessor")
    return {kind: getattr(transformers, kind)() for kind in kinds}


@pytest.mark.parametrize(
    "kind", ["CLIPImageProcessor", "SiglipImageProcessor", "BlipImageProcessor"]
)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_region_looks_as_the_processor_of_the_model_makes_it(processors, kind, shape):
    image = _static(0, *shape)
    torch.testing.assert_close(
        _ours(processors[kind], image), _theirs(processors[kind], image), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(90, 1), (400, 10), (1320, 40)], ids=str)
def test_a_tall_strip_differs_from_the_processor_by_two_grey_levels(processors, shape):
    clip = processors["CLIPImageProcessor"]
    grey = 1 / 255 / min(clip.image_std)
    smooth, static = noise(1, *shape), _static(1, *shape)
    assert (_ours(clip, smooth) - _theirs(clip, smooth)).abs().max() <= 2.01 * grey
    difference = (_ours(clip, static) - _theirs(clip, static)).abs()
    assert difference.max() <= 30 * grey
    assert difference.mean() <= 0.5 * grey


@pytest.mark.parametrize("shape", [(1, 90), (10, 400), (40, 1320)], ids=str)
def test_a_wide_strip_looks_as_the_processor_makes_it(processors, shape):
    clip = processors["CLIPImageProcessor"]
    image = _static(1, *shape)
    torch.testing.assert_close(_ours(clip, image), _theirs(clip, image), rtol=0, atol=1e-6)


def test_a_strip_that_would_be_blown_up_to_millions_of_pixels_is_not(processors):
    clip = ModelInput.of(processors["CLIPImageProcessor"])
    resized = []
    original = ModelInput._resized

    def watched(self, region, height, width):
        resized.append(height * width)
        return original(self, region, height, width)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModelInput, "_resized", watched)
        for shape in ((1, 4000), (4000, 1)):
            assert clip.place(torch.zeros(3, *shape, dtype=torch.uint8)).shape == (3, 224, 224)
    # 224 × 4000 along the strip, instead of 224 times that
    assert max(resized) == 224 * 4000


def test_a_region_of_three_rows_keeps_its_colours(processors):
    image = np.zeros((3, 50, 3), np.uint8)
    image[..., 0] = 255
    red, green, blue = _ours(processors["SiglipImageProcessor"], image)[0]
    assert (red == 1).all()
    assert (green == -1).all()
    assert (blue == -1).all()


def test_batches_run_over_all_images_and_keep_the_order(processors):
    wanted = ModelInput.of(processors["SiglipImageProcessor"])
    images = [np.full((9, 9, 3), grey, np.uint8) for grey in (0, 51, 102)]
    boxes = [np.float32([[0, 0, 4, 4]] * count) for count in (3, 0, 4)]
    batches = list(region_batches(images, boxes, wanted, CPU, 2))
    assert [len(batch) for batch in batches] == [2, 2, 2, 1]
    levels = torch.cat(batches)[:, 0, 0, 0]
    torch.testing.assert_close(levels, torch.tensor([-1.0] * 3 + [102 / 127.5 - 1] * 4))


def test_a_box_cuts_out_the_pixels_that_it_names(processors):
    wanted = ModelInput.of(processors["BlipImageProcessor"])
    image = _static(2, 40, 60)
    (ours,) = region_batches([image], [np.float32([[10.9, 5.2, 30.9, 25.2]])], wanted, CPU, 8)
    torch.testing.assert_close(
        ours, _theirs(processors["BlipImageProcessor"], image[5:25, 10:30]), rtol=0, atol=1e-6
    )


def test_an_image_goes_to_the_device_once_whatever_its_boxes(processors, monkeypatch):
    wanted = ModelInput.of(processors["SiglipImageProcessor"])
    moved = []
    original = torch.from_numpy
    monkeypatch.setattr(torch, "from_numpy", lambda a: moved.append(a.shape) or original(a))
    list(region_batches([noise(0)] * 2, [np.float32([[0, 0, 8, 8]] * 5)] * 2, wanted, CPU, 3))
    assert moved == [(64, 96, 3)] * 2


@pytest.mark.parametrize("view", [np.flip(noise(0), 1), np.broadcast_to(noise(0)[:1], (4, 96, 3))])
def test_views_and_read_only_images_are_taken_as_they_are(processors, view, recwarn):
    processor = processors["SiglipImageProcessor"]
    torch.testing.assert_close(_ours(processor, view), _ours(processor, view.copy()))
    assert not list(recwarn)


@given(
    st.lists(st.tuples(*[st.floats(-1e4, 1e4, width=32)] * 4), max_size=5),
    st.integers(1, 40),
    st.integers(1, 40),
)
@settings(max_examples=60)
def test_a_window_lies_in_the_image_and_is_never_empty(boxes, height, width):
    found = windows(np.array(boxes, np.float32).reshape(-1, 4), height, width)
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= [width, height]).all()
    assert (found[:, 2:] - found[:, :2] >= 1).all()


@pytest.mark.parametrize("box", [[[0, 0, np.nan, 4]], [[0, 0, np.inf, 4]], [[0, 0, 4]]])
def test_a_box_without_a_place_is_refused(box):
    with pytest.raises(ValueError, match=r"Expected boxes \(n, 4\) of finite numbers"):
        windows(np.float32(box), 9, 9)


@pytest.mark.parametrize(
    "image",
    [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32), np.zeros((0, 9, 3), np.uint8)],
)
def test_what_is_no_image_is_refused(processors, image):
    with pytest.raises(ValueError, match=r"Expected an image as uint8 array \(h, w, 3\), got"):
        _ours(processors["SiglipImageProcessor"], image)


def test_more_images_than_boxes_are_refused(processors):
    wanted = ModelInput.of(processors["SiglipImageProcessor"])
    with pytest.raises(ValueError, match="zip"):
        list(region_batches([noise(0)] * 2, [np.float32([[0, 0, 8, 8]])], wanted, CPU, 3))


def test_a_processor_whose_outputs_differ_in_size_is_refused():
    import transformers

    with pytest.raises(ValueError, match="whose outputs have one size"):
        ModelInput.of(transformers.CLIPImageProcessor(do_center_crop=False))
    with pytest.raises(ValueError, match="whose outputs have one size"):
        ModelInput.of(transformers.Siglip2ImageProcessor())


@pytest.mark.parametrize(
    "change",
    [{"do_normalize": False}, {"resample": 1}, {"crop_size": {"height": 256, "width": 256}}],
    ids=str,
)
def test_a_processor_that_does_something_else_is_refused(change):
    import transformers

    with pytest.raises(ValueError, match="Expected an image processor that resizes"):
        ModelInput.of(transformers.CLIPImageProcessor(**change))
