"""Lanczos by products of matrices: each pixel that of Pillow, each weight in no doubt."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from spotdiff.ops import lanczos as module
from spotdiff.ops.lanczos import lanczos


def ours(image, size, lines=64):
    strips = [image[top : top + lines] for top in range(0, len(image), lines)]
    return lanczos(strips, (image.shape[1], image.shape[0]), size)


def by_pillow(image, size):
    return np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.LANCZOS))


@settings(max_examples=40)
@given(
    st.integers(64, 700),
    st.floats(0.5, 1.5),
    st.sampled_from([(32, 32), (9, 8), (8, 8), (20, 11), (1, 1)]),
    st.sampled_from([2, 256]),
)
def test_pixels_are_those_of_pillow(width, tall, size, greys):
    """Pictures of black and white overshoot most, and are cut off between the passes."""
    rng = np.random.default_rng(width)
    image = (rng.integers(0, greys, (int(width * tall), width, 3)) * (255 // (greys - 1))).astype(
        np.uint8
    )
    found = ours(image, size)
    assert found is None or np.array_equal(found, by_pillow(image, size))


def test_a_wide_picture_is_summed_in_steps():
    image = np.random.default_rng(0).integers(0, 256, (70, 5000, 3)).astype(np.uint8)
    np.testing.assert_array_equal(ours(image, (32, 32), 70), by_pillow(image, (32, 32)))


def test_one_grey_stays():
    assert np.all(ours(np.full((90, 120, 3), 201, np.uint8), (9, 8)) == 201)


def test_few_sizes_are_in_doubt():
    sizes = range(64, 2000, 11)
    doubtful = sum(module._bands.__wrapped__(width, 32) is None for width in sizes)
    assert doubtful <= len(sizes) // 50


def test_a_weight_in_doubt_is_told(monkeypatch):
    monkeypatch.setattr(module, "_DOUBT", 1.0)
    module._bands.cache_clear()
    try:
        assert ours(np.zeros((90, 120, 3), np.uint8), (9, 8)) is None
    finally:
        module._bands.cache_clear()
