"""Libraries of photographs, on two pictures drawn for the purpose."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import LONG_SIDE
from spotdiff.data.shapes import SHAPE_NAMES


def draw(path, colour, size=(120, 160)):
    """A grey photograph with a coloured block at x 40..99, y 30..79."""
    image = np.full((*size, 3), 100, np.uint8)
    image[30:80, 40:100] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])


@pytest.fixture
def coco(tmp_path):
    """A folder with two photographs and their COCO file."""
    draw(tmp_path / "images" / "b.png", (255, 0, 0))
    draw(tmp_path / "images" / "a.png", (0, 0, 255))
    block = [40, 30, 99, 30, 99, 79, 40, 79]
    table = {
        "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "bowl"}],
        "images": [
            {"id": 7, "file_name": "b.png", "split": "train2017"},
            {"id": 8, "file_name": "a.png", "split": "val2017"},
        ],
        "annotations": [
            {"image_id": 7, "category_id": 1, "area": 3000, "segmentation": [block]},
            {"image_id": 8, "category_id": 2, "area": 3000, "segmentation": [block]},
            {"image_id": 7, "category_id": 2, "area": 400, "segmentation": [block]},
            {"image_id": 7, "category_id": 2, "area": 3000, "segmentation": {"counts": []}},
        ],
    }
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(table))
    return tmp_path, path


def test_photographs_come_sorted_with_their_outlines(coco):
    library = PhotoLibrary.from_folder(*coco)
    assert [photo.path.name for photo in library.photos] == ["a.png", "b.png"]
    assert [len(photo.outlines) for photo in library.photos] == [1, 2]
    assert library.labels == ("bowl", "cup")


def test_only_what_is_seen_as_a_whole_is_cut_out_where_that_is_asked(coco):
    folder, path = coco
    table = json.loads(path.read_text())
    corner = [0, 0, 59, 0, 59, 49, 0, 49]
    table["categories"].append({"id": 3, "name": "vase"})
    for image in table["images"]:
        image |= {"width": 160, "height": 120}
    table["annotations"] += [
        {"image_id": 7, "category_id": 3, "area": 3000, "segmentation": [corner]},
        {"image_id": 8, "category_id": 2, "area": 9000, "segmentation": [corner, corner]},
    ]
    path.write_text(json.dumps(table))
    (first, second), third = (photo.outlines for photo in PhotoLibrary.from_folder(*coco).photos)
    assert [first.is_cut, first.is_in_pieces] == [False, False]
    assert [second.is_cut, second.is_in_pieces] == [True, True]
    assert third[-1].is_cut
    assert first.box == (40, 30, 99, 79)
    assert first.moved(np.full(2, 0.5), np.zeros(2)).box == (20, 15, 49.5, 39.5)
    library = PhotoLibrary.from_folder(folder, path, whole=True)
    assert library.labels == ("bowl", "cup")
    assert library.names == ("bowl", "cup", "vase")
    assert PhotoLibrary.from_folder(folder, path).labels == ("bowl", "cup", "vase")


def test_a_split_keeps_the_images_whose_split_begins_with_it(coco):
    library = PhotoLibrary.from_folder(*coco, split="train")
    assert [photo.path.name for photo in library.photos] == ["b.png"]


def test_names_keep_only_these_files(coco):
    library = PhotoLibrary.from_folder(*coco, names=("a.png",))
    assert [photo.path.name for photo in library.photos] == ["a.png"]


def test_rare_categories_give_no_label(coco):
    library = PhotoLibrary.from_folder(*coco, min_label_count=2)
    assert library.labels == ()


def test_an_object_is_cut_out_along_its_polygon(coco):
    library = PhotoLibrary.from_folder(*coco, split="train")
    cutout = library.cutout(np.random.default_rng(0), named=True)
    assert cutout.label == "cup"
    assert cutout.alpha.shape == (50, 60)
    assert cutout.alpha.min() == 255
    np.testing.assert_array_equal(cutout.image, np.full((50, 60, 3), (255, 0, 0), np.uint8))


def test_a_thing_of_a_name_can_be_asked_for(coco):
    library, rng = PhotoLibrary.from_folder(*coco), np.random.default_rng(0)
    assert {library.cutout(rng, label="bowl").label for _ in range(8)} == {"bowl"}
    assert {library.cutout(rng, label="star").label for _ in range(8)} == {"star"}
    shapes = PhotoLibrary.procedural()
    assert {shapes.cutout(rng, label="ring").label for _ in range(8)} == {"ring"}


@pytest.mark.parametrize("seed", range(12))
def test_outlines_follow_the_crop_and_its_mirroring(coco, seed):
    library = PhotoLibrary.from_folder(*coco, split="train")
    backdrop = library.backdrop(np.random.default_rng(seed), (90, 110))
    assert backdrop.image.shape == (90, 110, 3)
    if not backdrop.outlines:
        pytest.skip("this seed draws a ground")
    shown = backdrop.image[..., 1] < 50
    outlined = backdrop.outlines[0].mask(backdrop.image.shape) > 0
    union = np.count_nonzero(shown | outlined)
    assert np.count_nonzero(shown ^ outlined) <= 0.12 * union + 10


def test_a_folder_without_annotations_gives_unnamed_pieces(tmp_path):
    draw(tmp_path / "deep" / "x.JPG", (255, 0, 0))
    (tmp_path / "notes.txt").write_text("no photograph")
    library = PhotoLibrary.from_folder(tmp_path)
    assert len(library.photos) == 1
    rng = np.random.default_rng(0)
    assert {library.cutout(rng).label for _ in range(20)} == {None}
    assert library.cutout(rng, named=True).label in SHAPE_NAMES


def test_large_photographs_are_reduced(tmp_path):
    draw(tmp_path / "x.png", (255, 0, 0), size=(700, 1500))
    library = PhotoLibrary.from_folder(tmp_path)
    library.warm()
    assert [image.shape for image, _ in library._cache.values()] == [(299, LONG_SIDE, 3)]


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path):
    for name in "abc":
        draw(tmp_path / f"{name}.png", (255, 0, 0), size=(600, 640))
    library = PhotoLibrary(PhotoLibrary.from_folder(tmp_path).photos, cache_megabytes=2)
    library.warm()
    assert [path.name for path in library._cache] == ["c.png"]


def test_a_library_travels_without_its_pixels_and_draws_the_same_there(coco):
    library = PhotoLibrary.from_folder(*coco)
    library.warm()
    there = pickle.loads(pickle.dumps(library))
    assert not there._cache
    for seed in range(5):
        first, second = (
            x.background(np.random.default_rng(seed), (64, 64)) for x in (library, there)
        )
        np.testing.assert_array_equal(first, second)


def test_a_library_without_photographs_names_its_shapes():
    library = PhotoLibrary.procedural()
    assert library.labels == SHAPE_NAMES
    rng = np.random.default_rng(0)
    assert {library.cutout(rng).label for _ in range(20)} <= set(SHAPE_NAMES)
    assert library.background(rng, (40, 50)).shape == (40, 50, 3)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        PhotoLibrary.from_folder(tmp_path / "nowhere")


def test_a_folder_without_photographs_is_named(tmp_path):
    with pytest.raises(ValueError, match="expected photographs"):
        PhotoLibrary.from_folder(tmp_path)


def test_a_split_needs_annotations(tmp_path):
    with pytest.raises(ValueError, match="needs annotations"):
        PhotoLibrary.from_folder(tmp_path, split="train")


def test_a_listed_photograph_that_is_missing_is_named(coco):
    (coco[0] / "images" / "a.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"instances\.json.*'a\.png'"):
        PhotoLibrary.from_folder(*coco)


def test_a_photograph_that_cannot_be_decoded_is_named(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no photograph")
    library = PhotoLibrary.from_folder(tmp_path)
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        library.warm()


@pytest.mark.data
def test_real_photographs_give_named_objects(real_data):
    folder = real_data / "coco_subset"
    library = PhotoLibrary.from_folder(
        folder, folder / "instances.json", split="train", min_label_count=20
    )
    assert len(library.photos) == 294
    assert "person" in library.labels
    cutout = library.cutout(np.random.default_rng(0), named=True)
    assert cutout.image.shape[:2] == cutout.alpha.shape
