"""Small pictures: those of Pillow, by whichever way they are made."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from spotdiff.data import image_shrinking
from spotdiff.data.image_shrinking import THUMBNAIL, shrink


def noise(width, height):
    rng = np.random.default_rng(width * height)
    return Pillow.fromarray(rng.integers(0, 256, (height, width, 3)).astype(np.uint8))


def file_of(picture):
    stream = BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("size", [(32, 32), (9, 8), (8, 8), (256, 256)])
@pytest.mark.parametrize("shape", [(256, 384), (640, 480), (427, 640), (400, 100), (1201, 903)])
def test_exact_greys_are_those_of_pillow(shape, size):
    picture = noise(*shape)
    found = shrink(file_of(picture), "view", size, fast=False)
    expected = picture.resize(size, Pillow.Resampling.LANCZOS).convert("L")
    np.testing.assert_array_equal(found.luma, np.asarray(expected))
    assert (found.width, found.height) == shape
    assert found.thumbnail.shape == (THUMBNAIL, THUMBNAIL, 3)


def test_pillow_makes_them_where_it_does_it_in_another_way(monkeypatch):
    picture = noise(300, 200)
    before = shrink(file_of(picture), "view", (8, 8), fast=False)
    monkeypatch.setattr(image_shrinking, "lanczos", lambda *_: np.zeros((8, 8, 3), np.uint8))
    image_shrinking._alike.cache_clear()
    try:
        after = shrink(file_of(picture), "view", (8, 8), fast=False)
    finally:
        image_shrinking._alike.cache_clear()
    np.testing.assert_array_equal(before.luma, after.luma)


def test_pillow_as_installed_is_known():
    assert image_shrinking._alike()
