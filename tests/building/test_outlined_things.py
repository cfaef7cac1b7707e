"""Outlined things of photographs by their files."""

import numpy as np

from spotdiff.building.outlined_things import OutlinedThings
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import Outline, Photo


def outline(x0, y0, x1, y1, label="dog", **more):
    ring = np.float32([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return Outline((ring,), float((x1 - x0) * (y1 - y0)), label, **more)


def test_whole_things_come_first_the_largest_before_others(tmp_path):
    path = tmp_path / "a.png"
    outlines = (
        outline(0, 10, 90, 90, "couch", is_cut=True),
        outline(10, 10, 19, 19, "cup"),
        outline(20, 30, 59, 69),
        outline(60, 60, 79, 79, None),
    )
    things = OutlinedThings(PhotoLibrary([Photo(path, outlines)]))
    image = np.zeros((100, 120, 3), np.uint8)
    found, none = things.of_files([str(path), "other.png"], [image, image])
    assert found.labels == ("dog", "cup", "couch")
    assert found.boxes[0].tolist() == [20, 30, 59, 69]
    assert found.masks.shape == (3, 100, 120)
    assert found.masks[0, 30:70, 20:60].all()
    assert found.masks[0].sum() == 40 * 40
    assert len(none) == 0
    assert OutlinedThings(PhotoLibrary([Photo(path)])).info != things.info


def test_a_thing_among_its_like_is_no_thing_that_could_be_gone(tmp_path):
    path = tmp_path / "a.png"
    outlines = (
        outline(0, 0, 45, 45),
        outline(30, 30, 70, 70),
        outline(20, 20, 60, 60, "cat"),
        outline(65, 65, 95, 95),
    )
    things = OutlinedThings(PhotoLibrary([Photo(path, outlines)]))
    (found,) = things.of_files([str(path)], [np.zeros((100, 120, 3), np.uint8)])
    assert found.labels == ("cat", "dog")
    assert found.boxes[:, 0].tolist() == [20, 65]
