"""SAM 2: transformers' real classes with few random weights, and one that answers by rule."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.sam2 import Sam2
from spotdiff.types import ModelInfo
from tests.fakes import noise

SIDE = 64  # of the frame of the network
INFO = ModelInfo("tiny", "")


def _processor(transformers):
    image_processor = transformers.Sam2ImageProcessor(
        size={"height": SIDE, "width": SIDE}, mask_size={"height": SIDE // 4, "width": SIDE // 4}
    )
    return transformers.Sam2Processor(image_processor=image_processor, target_size=SIDE)


@pytest.fixture(scope="session")
def parts():
    """A `Sam2Model` of 89,000 weights that are large enough to tell pixels apart, a processor."""
    import transformers

    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=8,
        image_size=[SIDE, SIDE],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[4, 4, 4, 2],
        window_positional_embedding_background_size=[4, 4],
        global_attention_blocks=[3],
    )
    vision = transformers.Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[SIDE // stride] * 2 for stride in (4, 8, 16)],
        fpn_hidden_size=16,
    )
    config = transformers.Sam2Config(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 16, "image_size": SIDE, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    torch.manual_seed(0)
    model = transformers.Sam2Model(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(10 if weight.dim() > 1 else 1)
    return model, _processor(transformers)


@pytest.fixture(scope="session")
def tiny(parts) -> Sam2:
    """Keeps everything that the random network says."""
    kept = {"min_score": 0.0, "min_stability": 0.0, "max_overlap": 1.0}
    return Sam2(*parts, INFO, points_per_side=4, points_per_batch=5, masks=True, **kept)


class Blobs(nn.Module):
    """Answers every point with a square around it, three times, with a score by its place."""

    def __init__(self, reach: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.reach = reach
        self.asked: list[torch.Tensor] = []

    def get_image_embeddings(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        return [pixels]

    def forward(self, image_embeddings: list[torch.Tensor], input_points: torch.Tensor):
        del image_embeddings
        points = input_points[0, :, 0]
        self.asked.append(points)
        centres = torch.arange(SIDE) + 0.5
        near = [(centres - points[:, axis, None]).abs() < self.reach for axis in (0, 1)]
        inside = near[1][:, :, None] & near[0][:, None, :]
        masks = torch.where(inside, 20.0, -20.0)[None, :, None].repeat(1, 1, 3, 1, 1)
        scores = (points[:, 0] / SIDE * 0.5 + 0.5)[None, :, None].repeat(1, 1, 3)
        return SimpleNamespace(pred_masks=masks, iou_scores=scores)


@pytest.fixture
def blobs(parts):
    def make(reach: float, **settings) -> Sam2:
        settings = {"points_per_side": 2, "min_stability": 0.0} | settings
        return Sam2(Blobs(reach), parts[1], INFO, **settings)

    return make


def test_points_are_spread_over_the_whole_of_an_oblong_image(blobs):
    expert = blobs(4.0, min_score=0.0)
    (found,) = expert([noise(0, 32, 128)])
    # 2 × 2 points of the square frame, at 16 and 48: at x 32 and 96, at y 8 and 24 of the image
    assert expert.model.asked[0].tolist() == [[16, 16], [48, 16], [16, 48], [48, 48]]
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    assert sorted(map(tuple, centres.tolist())) == [(32, 8), (32, 24), (96, 8), (96, 24)]


def test_boxes_end_behind_the_last_pixel(blobs):
    (found,) = blobs(4.0, min_score=0.0)([noise(0, 64, 64)])
    assert sorted(map(tuple, found.boxes.tolist())) == [
        (12, 12, 20, 20),
        (12, 44, 20, 52),
        (44, 12, 52, 20),
        (44, 44, 52, 52),
    ]


def test_boxes_of_a_large_photograph_are_in_its_pixels(blobs):
    (found,) = blobs(8.0, min_score=0.0)([np.zeros((2048, 2048, 3), np.uint8)])
    wanted = np.float32([8, 8, 24, 24]) * 32
    nearest = np.abs(found.boxes - wanted).max(axis=1).min()
    assert nearest <= 16  # half a pixel of a mask


def test_what_the_network_doubts_is_dropped(blobs):
    # the points at x 16 and 48 score 0.625 and 0.875
    (found,) = blobs(4.0, min_score=0.8)([noise(0, 64, 64)])
    assert found.scores.tolist() == [0.875, 0.875]
    assert found.boxes[:, 0].tolist() == [44, 44]


def test_overlapping_regions_keep_the_best_one(blobs):
    (found,) = blobs(40.0, min_score=0.0, max_overlap=0.5)([noise(0, 64, 64)])
    assert found.scores.tolist() == [0.875]
    (found,) = blobs(4.0, min_score=0.0, max_regions=3)([noise(0, 64, 64)])
    assert found.scores.tolist() == [0.875, 0.875, 0.625]


def test_unstable_masks_are_dropped(blobs):
    # logits fall from 20 to −20 between two pixels: the mask at +1 is nearly that at −1
    assert len(blobs(4.0, min_score=0.0, min_stability=0.5)([noise(0, 64, 64)])[0]) == 4
    faint = blobs(4.0, min_score=0.0, min_stability=0.5)
    ask = faint.model.forward

    def weakly(**inputs):
        answer = ask(**inputs)
        answer.pred_masks /= 40  # ±0.5: nothing is above +1, everything above −1
        return answer

    faint.model.forward = weakly
    assert len(faint([noise(0, 64, 64)])[0]) == 0


def test_nothing_found_is_empty_and_not_an_error(blobs):
    (found,) = blobs(4.0, min_score=1.0, masks=True)([noise(0, 40, 50)])
    assert found.boxes.shape == (0, 4)
    assert found.masks.shape == (0, 40, 50)


@pytest.mark.parametrize("size", [(64, 64), (30, 90), (130, 20), (1, 3)])
def test_regions_of_the_real_classes_lie_in_the_image_with_the_best_first(tiny, size):
    (found,) = tiny([noise(1, *size)])
    assert len(found) > 0
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert (np.diff(found.scores) <= 0).all()
    assert found.masks.shape == (len(found), *size)
    assert found.masks.any(axis=(1, 2)).all()


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(8, 100), st.integers(8, 100)),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_an_answer_does_not_depend_on_the_other_images(tiny, sizes, random):
    images = [noise(*size) for size in sizes]
    alone = [tiny([image])[0] for image in images]
    order = list(range(len(images)))
    random.shuffle(order)
    for index, found in zip(order, tiny([images[i] for i in order]), strict=True):
        np.testing.assert_array_equal(found.boxes, alone[index].boxes)
        np.testing.assert_array_equal(found.scores, alone[index].scores)
        np.testing.assert_array_equal(found.masks, alone[index].masks)


def test_a_square_image_gets_the_masks_of_transformers_own_pipeline(tiny, parts):
    """There the grid of transformers is right; its boxes end at the last pixel, not behind it."""
    from transformers import pipeline

    model, processor = parts
    own = pipeline("mask-generation", model=model, image_processor=processor.image_processor)
    from PIL import Image

    image = noise(4, 64, 64)
    theirs = own(
        Image.fromarray(image),
        points_per_batch=5,
        points_per_crop=4,
        pred_iou_thresh=0.0,
        stability_score_thresh=0.0,
        crops_nms_thresh=1.0,
    )
    (ours,) = tiny([image])
    scores = theirs["scores"].float().numpy()
    np.testing.assert_allclose(ours.scores, np.sort(scores)[::-1], rtol=1e-5)
    found = {mask.tobytes() for mask in ours.masks}
    wanted = {np.asarray(mask).tobytes() for mask in theirs["masks"]}
    assert found == wanted


def test_the_network_is_frozen(tiny):
    tiny.train()
    assert not any(module.training for module in tiny.modules())
    assert not any(p.requires_grad for p in tiny.parameters())


def test_a_folder_is_loaded_with_its_hash(parts, tmp_path, tiny):
    model, processor = parts
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    loaded = Sam2.from_pretrained(
        tmp_path,
        points_per_side=4,
        points_per_batch=5,
        min_score=0.0,
        min_stability=0.0,
        max_overlap=1.0,
    )
    assert len(loaded.info.sha256) == 64
    image = noise(1, 50, 70)
    np.testing.assert_array_equal(loaded([image])[0].boxes, tiny([image])[0].boxes)


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        WeightsMissing,
        match=r"sam2\.1-hiera-tiny \(licence Apache-2\.0\) are not here: .*models fetch facebook/",
    ):
        Sam2.from_pretrained()
