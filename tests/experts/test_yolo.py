"""YOLO: ultralytics' real classes with few random weights, and with real ones where they are."""

import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.experts import ultralytics_models
from spotdiff.experts.catalogue import Weight, WeightsMissing, catalogue
from spotdiff.experts.yolo import Yolo
from spotdiff.ops.boxes import area, iou
from tests.experts.tiny_yolo import CLASSES, write_tiny_yolo
from tests.fakes import noise

if find_spec("ultralytics") is None:  # to import it here would change the process for all tests
    pytest.skip("the extra yolo is not installed", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    return write_tiny_yolo(tmp_path_factory.mktemp("yolo"))


@pytest.fixture(scope="session")
def tiny(weights) -> Yolo:
    """Finds things of three classes in any picture; leave it as it is."""
    return Yolo.from_pretrained(weights, image_size=96, batch_size=3)


@pytest.mark.parametrize("size", [(96, 96), (60, 130), (200, 31), (1, 40)])
def test_objects_lie_in_the_image_with_the_best_first(tiny, size):
    (found,) = tiny([noise(1, *size)], ["tree"])
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= (size[1], size[0])).all()
    assert (area(found.boxes) > 0).all()
    assert (np.diff(found.scores) <= 0).all()
    assert (found.scores >= 0.05).all()
    assert len(found.labels) == len(found) > 0
    assert set(found.labels) <= set(CLASSES)
    assert found.masks is None


def test_its_words_are_those_of_the_weights_whatever_is_asked_for(tiny):
    assert tiny.classes == CLASSES
    (asked,), (unasked,) = tiny([noise(1)], ["person"]), tiny([noise(1)], [])
    assert asked.labels == unasked.labels
    assert set(asked.labels) != {"person"}


def test_answers_are_those_of_ultralytics(tiny, weights):
    from spotdiff.experts.containment import contained

    image = noise(2, 70, 96)
    with contained():
        from ultralytics import YOLO

        (result,) = YOLO(weights).predict(
            image[..., ::-1], imgsz=96, conf=0.05, iou=0.7, max_det=100, verbose=False
        )
    (found,) = tiny([image], [])
    assert len(found) > 1
    np.testing.assert_allclose(found.boxes, result.boxes.xyxy.numpy(), atol=1e-3)
    np.testing.assert_allclose(found.scores, result.boxes.conf.numpy(), atol=1e-5)
    assert list(found.labels) == [CLASSES[int(number)] for number in result.boxes.cls]


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from([(40, 60), (60, 40), (33, 90)])),
        min_size=1,
        max_size=7,
    ),
    st.randoms(use_true_random=False),
)
def test_an_answer_does_not_depend_on_the_other_images(tiny, given_sizes, random):
    images = [noise(seed, *size) for seed, size in given_sizes]
    alone = [tiny([image], [])[0] for image in images]
    order = list(range(len(images)))
    random.shuffle(order)
    for index, found in zip(order, tiny([images[i] for i in order], []), strict=True):
        np.testing.assert_allclose(found.boxes, alone[index].boxes, atol=1e-3)
        np.testing.assert_allclose(found.scores, alone[index].scores, atol=1e-5)
        assert found.labels == alone[index].labels


def test_no_images_have_no_answers(tiny):
    assert tiny([], ["person"]) == []


def test_thresholds_keep_what_they_say(weights):
    image = noise(3, 120, 120)
    strict = Yolo.from_pretrained(weights, image_size=96, max_overlap=0.1, max_objects=5)
    (few,) = strict([image], [])
    assert 1 < len(few) <= 5
    (many,) = Yolo.from_pretrained(weights, image_size=96, max_overlap=0.9)([image], [])
    assert len(many) > len(few)
    (none,) = Yolo.from_pretrained(weights, image_size=96, min_score=0.9999)([image], [])
    assert none.boxes.shape == (0, 4)
    assert none.labels == ()


@pytest.mark.parametrize(
    "changed",
    [{"image_size": 64}, {"min_score": 0.1}, {"max_overlap": 0.5}, {"max_objects": 7}],
)
def test_settings_that_decide_an_answer_are_part_of_the_identity(tiny, weights, changed):
    base = {"image_size": 96}
    other = Yolo.from_pretrained(weights, **(base | changed))
    assert other.info.name == tiny.info.name == "yolo-tiny-detect"
    assert other.info.sha256 != tiny.info.sha256
    assert Yolo.from_pretrained(weights, **base, batch_size=1).info == tiny.info


def test_a_suppression_that_took_too_long_is_done_again_image_by_image(weights, monkeypatch):
    expert = Yolo.from_pretrained(weights, image_size=96)
    right = expert([noise(1), noise(2)], [])
    predictor = expert._on(torch.device("cpu"))
    asked = []

    def stalled(images):
        asked.append(len(images))
        results = predictor(images)
        if len(images) == 1:
            return results
        results[0].speed["postprocess"] = 3000.0
        return [results[0], SimpleNamespace(speed={"postprocess": 0.0})]

    monkeypatch.setattr(expert, "_on", lambda _: stalled)
    for found, wanted in zip(expert([noise(1), noise(2)], []), right, strict=True):
        assert len(found) > 0
        np.testing.assert_allclose(found.boxes, wanted.boxes, atol=1e-3)
    assert asked == [2, 1, 1]


def test_the_network_is_a_frozen_part_of_the_module(weights):
    expert = Yolo.from_pretrained(weights, image_size=96)
    assert sum(p.numel() for p in expert.parameters()) > 100_000
    assert not any(p.requires_grad for p in expert.parameters())
    expert.train()  # the `train` of an ultralytics model would start a training
    assert not any(module.training for module in expert.modules())


def test_the_masks_of_a_segmenter_are_left_out(tmp_path):
    expert = Yolo.from_pretrained(write_tiny_yolo(tmp_path, "segment"), image_size=96)
    (found,) = expert([noise(1)], [])
    assert len(found) > 0
    assert found.masks is None
    assert set(found.labels) <= set(CLASSES)


def test_a_model_of_another_task_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"task detect or segment for detector=yolo.*task pose"):
        Yolo.from_pretrained(write_tiny_yolo(tmp_path, "pose"))


def test_an_exported_model_says_its_classes_and_takes_one_image_at_a_time(weights, monkeypatch):
    """The network answers here in place of a runtime, which need not be installed."""
    opened = SimpleNamespace(task="detect", names={1: "car", 0: "person"})
    monkeypatch.setattr(Yolo, "_on", lambda *_: SimpleNamespace(model=opened))
    model = SimpleNamespace(
        model="net.onnx", task="detect", task_map={"detect": {"predictor": object}}
    )
    info = Yolo.from_pretrained(weights).info
    expert = Yolo(model, info, batch_size=8)
    assert expert.classes == ("person", "car")
    assert expert.batch_size == 1
    opened.task = "classify"
    with pytest.raises(ValueError, match="is one of the task classify"):
        Yolo(model, info)


def test_the_licence_is_told_once_with_what_can_be_used_instead(weights, caplog):
    ultralytics_models.tell_the_licence.cache_clear()
    with caplog.at_level(logging.WARNING, "spotdiff"):
        Yolo.from_pretrained(weights)
        Yolo.from_pretrained(weights)
    (told,) = [record.message for record in caplog.records if "AGPL-3.0" in record.message]
    assert told.startswith("detector=yolo runs ultralytics and YOLO")
    assert "detector=dfine, detector=rtdetr and detector=owlv2 are under permissive" in told


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"nowhere\.pt are not here: there is no such file"):
        Yolo.from_pretrained(tmp_path / "nowhere.pt")


def test_missing_weights_of_the_catalogue_say_licence_place_and_command(tmp_path, monkeypatch):
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsMissing) as caught:
        Yolo.from_pretrained()
    sentence = str(caught.value)
    assert "AGPL-3.0" in sentence
    assert str(tmp_path / "yolov8n.pt") in sentence
    assert "spotdiff models fetch yolov8n.pt" in sentence


class _Surprise:
    """What a stranger may put into a pickle."""

    def __reduce__(self):
        return os.mkdir, ("surprise",)


def test_weights_without_a_known_hash_are_read_like_those_of_a_stranger(
    tmp_path, monkeypatch, weights
):
    known = Weight("t.pt", None, "AGPL-3.0", "AGPL-3.0", "x=y", url="http://x")
    monkeypatch.setitem(catalogue(), "t.pt", known)
    monkeypatch.setenv("SPOTDIFF_WEIGHTS", str(tmp_path))
    (tmp_path / "t.pt").write_bytes(weights.read_bytes())
    assert Yolo.from_pretrained("t.pt").classes == CLASSES
    torch.save({"model": _Surprise()}, tmp_path / "t.pt")
    with pytest.raises(ValueError, match=r"t\.pt holds more than tensors"):
        Yolo.from_pretrained("t.pt")


def test_a_stranger_in_the_pickle_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": _Surprise()}, tmp_path / "odd.pt")
    with pytest.raises(ValueError, match=r"odd\.pt holds more than tensors.*trust=true"):
        Yolo.from_pretrained(tmp_path / "odd.pt")
    assert not (tmp_path / "surprise").exists()


def test_without_ultralytics_the_extra_is_named(weights, monkeypatch):
    monkeypatch.setattr(ultralytics_models, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'detector=yolo needs .*pip install "spotdiff\[yolo\]"'):
        Yolo.from_pretrained(weights)


def test_an_exported_model_without_its_runtime_says_so(tmp_path, monkeypatch):
    present = {"ultralytics": sys}
    monkeypatch.setattr(ultralytics_models, "find_spec", present.get)
    (tmp_path / "net.onnx").touch()
    with pytest.raises(ImportError, match="pip install onnxruntime"):
        Yolo.from_pretrained(tmp_path / "net.onnx")


def _real(name: str) -> Yolo:
    """YOLOv8n of the 80 classes of COCO."""
    home = Path(os.environ.get("SPOTDIFF_WEIGHTS_DATA", ROOT.parent / "shared" / "weights"))
    path = home / "yolov8n" / name
    if not path.is_file():
        pytest.skip(f"real weights are absent: {path} (set SPOTDIFF_WEIGHTS_DATA)")
    return Yolo.from_pretrained(path)


def _frame(real_data: Path, name: str) -> np.ndarray:
    with PIL.Image.open(real_data / "sbi_pairs" / "frames" / name) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.data
def test_real_weights_find_the_people_in_frames_that_have_them(real_data):
    expert = _real("yolov8n-dequantised.pt")
    assert len(expert.classes) == 80
    names = ("CAVIAR1_000187.png", "HallAndMonitor_000066.png", "HighwayI_000155.png")
    corridor, hall, road = expert([_frame(real_data, name) for name in names], ["person"])
    for found, box in ((corridor, [98, 81, 149, 208]), (hall, [144, 62, 183, 169])):
        assert found.labels[0] == "person"
        assert found.scores[0] > 0.8
        assert iou(found.boxes[:1], np.float32([box]))[0, 0] > 0.8
    assert set(road.labels) <= {"car", "truck"}


@pytest.mark.data
def test_a_real_exported_model_finds_the_same_person(real_data):
    if find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    expert = _real("yolov8n_int8.onnx")
    (found,) = expert([_frame(real_data, "CAVIAR1_000187.png")], [])
    assert found.labels[0] == "person"
    assert iou(found.boxes[:1], np.float32([[98, 81, 149, 208]]))[0, 0] > 0.8
