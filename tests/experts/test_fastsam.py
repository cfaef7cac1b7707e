"""FastSAM: ultralytics' real classes with few random weights, and with real ones where they are."""

import json
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.experts import ultralytics_models
from spotdiff.experts.catalogue import Weight, WeightsMissing, catalogue, file_sha256
from spotdiff.experts.fastsam import FastSam
from spotdiff.ops.boxes import area, iou
from tests.experts.tiny_fastsam import write_tiny_fastsam
from tests.fakes import noise

if find_spec("ultralytics") is None:  # to import it here would change the process for all tests
    pytest.skip("the extra fastsam is not installed", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    return write_tiny_fastsam(tmp_path_factory.mktemp("fastsam"))


@pytest.fixture(scope="session")
def tiny(weights) -> FastSam:
    """Boxes and masks of any picture; leave it as it is."""
    return FastSam.from_pretrained(weights, image_size=96, masks=True)


def _same(first, second) -> None:
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(first.masks, second.masks)


@pytest.mark.parametrize("size", [(96, 96), (60, 130), (200, 31), (7, 40)])
def test_regions_lie_in_the_image_with_the_best_first(tiny, size):
    (found,) = tiny([noise(1, *size)])
    assert len(found) > 0
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()
    assert (area(found.boxes) > 0).all()
    assert (np.diff(found.scores) <= 0).all()
    assert found.scores.min() >= 0.05
    assert found.scores.max() <= 1


def test_masks_have_the_frame_of_the_image_and_lie_in_their_boxes(tiny):
    (found,) = tiny([noise(1, 60, 130)])
    assert found.masks.shape == (len(found), 60, 130)
    assert found.masks.dtype == bool
    assert found.masks.any()
    for (x0, y0, x1, y1), mask in zip(found.boxes, found.masks, strict=True):
        rows, columns = np.nonzero(mask)
        if len(rows):  # a pixel of the network is 1.4 of this image, and edges are smooth
            assert columns.min() >= x0 - 2
            assert columns.max() < x1 + 2
            assert rows.min() >= y0 - 2
            assert rows.max() < y1 + 2


def test_regions_are_the_same_with_masks_and_without(tiny, weights):
    (without,) = FastSam.from_pretrained(weights, image_size=96)([noise(1)])
    (found,) = tiny([noise(1)])
    assert without.masks is None
    np.testing.assert_array_equal(found.boxes, without.boxes)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(8, 150), st.integers(8, 150)),
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
        _same(found, alone[index])


def test_no_images_have_no_answers(tiny):
    assert tiny([]) == []


def test_thresholds_keep_what_they_say(weights):
    image = noise(3, 120, 120)
    strict = FastSam.from_pretrained(weights, image_size=96, max_overlap=0.1, max_regions=5)
    (few,) = strict([image])
    assert 1 < len(few) <= 5
    (many,) = FastSam.from_pretrained(weights, image_size=96, max_overlap=0.9)([image])
    assert len(many) > len(few)
    (none,) = FastSam.from_pretrained(weights, image_size=96, min_score=0.9999)([image])
    assert len(none) == 0
    assert none.boxes.shape == (0, 4)


def test_no_masks_are_an_empty_stack(weights):
    silent = FastSam.from_pretrained(weights, image_size=96, min_score=0.9999, masks=True)
    assert silent([noise(3)])[0].masks.shape == (0, 64, 96)


def test_the_default_numbers_are_those_of_the_published_stage(weights):
    found = FastSam.from_pretrained(weights).settings
    assert found == {"imgsz": 1024, "conf": 0.05, "iou": 0.5, "max_det": 300, "agnostic_nms": True}


def test_the_network_is_a_frozen_part_of_the_module(weights):
    expert = FastSam.from_pretrained(weights, image_size=96)
    assert sum(p.numel() for p in expert.parameters()) > 100_000
    assert not any(p.requires_grad for p in expert.parameters())
    expert.train()  # the `train` of an ultralytics model would start a training
    assert not any(module.training for module in expert.modules())


def test_the_predictor_follows_the_module(weights):
    expert = FastSam.from_pretrained(weights, image_size=96)
    first = expert._on(torch.device("cpu"))
    assert expert._on(torch.device("cpu")) is first
    expert.to("meta")
    assert expert.where.device.type == "meta"


def test_the_hash_of_the_file_is_known(tiny, weights):
    assert tiny.info.name == "FastSAM-tiny"
    assert tiny.info.sha256 == file_sha256(weights)


def test_the_process_is_left_as_it_was(weights):
    state = (
        dict(os.environ),
        cv2.getNumThreads(),
        torch.get_num_threads(),
        torch.save,
        PIL.Image.open,
        str(np.get_printoptions()),
    )
    FastSam.from_pretrained(weights, image_size=96)([noise(1)])
    after = (
        dict(os.environ),
        cv2.getNumThreads(),
        torch.get_num_threads(),
        torch.save,
        PIL.Image.open,
        str(np.get_printoptions()),
    )
    assert state == after


def test_the_licence_is_told_once(weights, caplog):
    ultralytics_models.tell_the_licence.cache_clear()
    with caplog.at_level(logging.WARNING, "spotdiff"):
        FastSam.from_pretrained(weights, image_size=96)
        FastSam.from_pretrained(weights, image_size=96)
    told = [record.message for record in caplog.records if "AGPL-3.0" in record.message]
    assert len(told) == 1
    assert "proposer=sam2" in told[0]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"nowhere\.pt are not here: there is no such file"):
        FastSam.from_pretrained(tmp_path / "nowhere.pt")


def test_missing_weights_of_the_catalogue_say_licence_place_and_command(tmp_path, monkeypatch):
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsMissing) as caught:
        FastSam.from_pretrained("FastSAM-s.pt")
    sentence = str(caught.value)
    assert "AGPL-3.0" in sentence
    assert str(tmp_path / "FastSAM-s.pt") in sentence
    assert "spotdiff models fetch FastSAM-s.pt" in sentence


def test_a_file_of_the_catalogue_must_have_its_hash(tmp_path, monkeypatch, weights):
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path))
    (tmp_path / "FastSAM-s.pt").write_bytes(weights.read_bytes())
    with pytest.raises(ValueError, match=r"Expected the FastSAM-s\.pt of the catalogue"):
        FastSam.from_pretrained("FastSAM-s.pt")


def test_a_name_of_the_catalogue_is_found_in_the_weights_folder(tmp_path, monkeypatch, weights):
    known = Weight("t.pt", None, "AGPL-3.0", "AGPL-3.0", "x=y", file_sha256(weights), "http://x")
    monkeypatch.setitem(catalogue(), "t.pt", known)
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path))
    (tmp_path / "t.pt").write_bytes(weights.read_bytes())
    assert FastSam.from_pretrained("t.pt", image_size=96).info.name == "t"


class _Surprise:
    """What a stranger may put into a pickle."""

    def __reduce__(self):
        return os.mkdir, ("surprise",)


def test_a_stranger_in_the_pickle_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": _Surprise()}, tmp_path / "odd.pt")
    with pytest.raises(ValueError, match=r"odd\.pt holds more than tensors.*trust=true"):
        FastSam.from_pretrained(tmp_path / "odd.pt")
    assert not (tmp_path / "surprise").exists()


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "odd.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="or is damaged"):
        FastSam.from_pretrained(tmp_path / "odd.pt")


def test_a_trusted_file_loads_alike(weights, tiny):
    trusted = FastSam.from_pretrained(weights, trust=True, image_size=96, masks=True)
    _same(trusted([noise(1)])[0], tiny([noise(1)])[0])


def test_without_ultralytics_the_extra_is_named(weights, monkeypatch):
    monkeypatch.setattr(ultralytics_models, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "spotdiff\[fastsam\]"'):
        FastSam.from_pretrained(weights)


def test_an_exported_model_without_its_runtime_says_so(tmp_path, monkeypatch):
    present = {"ultralytics": sys}
    monkeypatch.setattr(ultralytics_models, "find_spec", present.get)
    (tmp_path / "net.onnx").touch()
    with pytest.raises(ImportError, match="pip install onnxruntime"):
        FastSam.from_pretrained(tmp_path / "net.onnx")


@pytest.fixture(scope="session")
def real() -> FastSam:
    """A YOLOv8n-seg of 80 classes: real regions, though not those of FastSAM."""
    home = Path(os.environ.get("SPOTDIFF_WEIGHTS_DATA", ROOT.parent / "shared" / "weights"))
    path = home / "yolov8n-seg" / "yolov8n-seg-dequantised.pt"
    if not path.is_file():
        pytest.skip(f"real weights are absent: {path} (set SPOTDIFF_WEIGHTS_DATA)")
    return FastSam.from_pretrained(path, image_size=320, masks=True)


@pytest.mark.data
def test_real_weights_find_two_things_in_a_photograph_that_has_them(real, real_data):
    image = cv2.imread(str(real_data / "coco_subset" / "images" / "000000000036.jpg"))[..., ::-1]
    assert image.shape == (640, 481, 3)
    (found,) = real([image])
    table = json.loads((real_data / "coco_subset" / "instances.json").read_text())
    boxes = [x["bbox"] for x in table["annotations"] if x["image_id"] == 36]  # x, y, width, height
    truth = np.float32([[x, y, x + width, y + height] for x, y, width, height in boxes])
    assert len(truth) == 2  # an umbrella and a person
    assert (iou(truth, found.boxes).max(axis=1) > 0.7).all()
    assert found.scores[0] > 0.8
    for box, mask in zip(found.boxes, found.masks, strict=True):
        assert 0.2 < mask.sum() / area(box[None])[0] <= 1


@pytest.mark.data
def test_real_weights_read_colours_in_their_order(real, real_data):
    path = real_data / "coco_subset" / "images" / "000000000036.jpg"
    image = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    right, swapped = real([image, np.ascontiguousarray(image[..., ::-1])])
    assert not np.array_equal(right.boxes, swapped.boxes)
    (direct,) = real._on(torch.device("cpu"))([cv2.imread(str(path))])  # as ultralytics reads files
    np.testing.assert_allclose(np.sort(right.scores), np.sort(direct.boxes.conf.numpy()))
