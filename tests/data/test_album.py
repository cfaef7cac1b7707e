"""Albums: what can be read, parts of files, models that are asked once, files that change."""

import os

import numpy as np
import pytest

from spotdiff.data.album import PictureAlbum
from spotdiff.data.picture_store import PictureStore
from spotdiff.ops.picture_measures import MEASURES, NAMES, measured
from spotdiff.types import Detections, ModelInfo, Reply, SetItem
from tests.fakes import noise, write_image


class Counts:
    """A model of every sort that counts the pictures that it is shown."""

    classes = ()

    def __init__(self, answer) -> None:
        self.info, self.answer, self.shown = ModelInfo("counts", "1"), answer, 0
        self.most = 0

    def __call__(self, images, *_):
        self.shown += len(images)
        self.most = max(self.most, len(images))
        return [self.answer(image) for image in images]


def captions():
    return Counts(lambda image: f"a picture of {image.shape[1]} pixels")


def vectors():
    return Counts(lambda image: np.float32([[image.shape[0], image.shape[1]]]) / 100)


def cars():
    boxes, scores = np.zeros((2, 4), np.float32), np.float32([0.9, 0.4])
    return Counts(lambda _: Detections(boxes, scores, ("car", "car")))


@pytest.fixture
def items(tmp_path):
    paths = [write_image(tmp_path / f"{i}.png", noise(i, 40 + i, 60)) for i in range(4)]
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"torn")
    return (
        *(SetItem(str(path)) for path in paths[:2]),
        SetItem(str(torn)),
        SetItem(str(tmp_path / "gone.png")),
        SetItem(str(paths[2]), (10, 5, 30, 25)),
        SetItem(str(paths[2]), (58, 0, 99, 40)),
        SetItem(str(paths[3]), caption="as the table says"),
    )


def test_what_cannot_be_read_is_in_no_row_and_is_told(items):
    album = PictureAlbum(items)
    assert album.rows == (0, 1, 4, 6)
    told = [problem.split("/")[-1] for problem in album.problems]
    assert told[0].startswith("torn.png: expected an image")
    assert told[1] == "gone.png: cannot be read: no such file"
    assert "expected a part of 8 pixels a side or more" in told[2]


def test_parts_are_cut_out_and_measured(items):
    album = PictureAlbum(items, workers=2)
    whole, part = album.images([0, 4])
    np.testing.assert_array_equal(whole, noise(0, 40, 60))
    np.testing.assert_array_equal(part, noise(2, 42, 60)[5:25, 10:30])
    told = album.measured([4, 0])
    np.testing.assert_allclose(told[0], measured(part), rtol=1e-6, atol=1e-7)
    assert told.shape == (2, len(MEASURES))
    assert album.measured([]).shape == (0, len(MEASURES))
    assert [one.name for one in album.measures] == list(NAMES)


def test_models_are_asked_once_whoever_asks_and_never_by_the_next_run(items, tmp_path):
    for run in range(2):
        models = captions(), vectors(), cars()
        store = PictureStore(tmp_path / "store")
        album = PictureAlbum(items, store, *models, objects=("car",), batch=2)
        for _ in range(2):
            told = (
                album.captions(album.rows),
                album.embeddings(album.rows),
                album.measured(album.rows),
            )
        store.flush()
        # one of the pictures has a caption already
        assert [model.shown for model in models] == ([3, 4, 4] if run == 0 else [0, 0, 0])
        assert all(model.most <= 2 for model in models)
        assert told[0][-1] == Reply("as the table says")
        assert told[0][0] == Reply("a picture of 60 pixels")
        np.testing.assert_allclose(np.linalg.norm(told[1], axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(told[2][:, -2:], [[0.9, 2]] * 4, rtol=1e-6)


def test_pixels_are_read_once_for_measures_and_again_when_a_file_changes(items, tmp_path):
    seen = []
    for run in range(3):
        album = PictureAlbum(items[:2], PictureStore(tmp_path / "store"))
        looked = []
        album.on_look = lambda looked=looked: looked.append(1)
        seen.append((len(looked), album.measured(album.rows).tolist(), len(looked)))
        if run == 1:
            os.utime(write_image(tmp_path / "0.png", noise(9, 40, 60)), ns=(5, 5))
    assert [count for *_, count in seen] == [2, 0, 1]
    assert seen[0][1] == seen[1][1]
    assert seen[1][1] != seen[2][1]


def test_another_model_is_asked_anew(items, tmp_path):
    store = PictureStore(tmp_path / "store")
    one, other = captions(), captions()
    other.info = ModelInfo("counts", "2")
    for model in (one, other):
        PictureAlbum(items[:2], store, model).captions([0, 1])
    assert (one.shown, other.shown) == (2, 2)


def test_what_nobody_can_say_is_a_problem_and_no_caption(items):
    album = PictureAlbum(items)
    told = album.captions([0, 6])
    assert told[0].text is None
    assert told[0].problem is not None
    assert "no captioner to ask" in told[0].problem
    assert told[1] == Reply("as the table says")
    with pytest.raises(ValueError, match="Expected an embedder"):
        album.embeddings([0])


def test_keys_tell_parts_of_one_file_apart(items):
    album = PictureAlbum(items)
    assert len(set(album.keys(album.rows))) == 4


def test_a_detector_must_look_for_something(items):
    with pytest.raises(ValueError, match="Expected names of objects for the detector counts"):
        PictureAlbum(items, detector=cars())
