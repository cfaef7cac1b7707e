"""What is no change keeps size and type, repeats with its seed, and fades with its strength."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.data import nuisance

EVERY = sorted(nuisance.RATES, key=lambda each: each.__name__)


@pytest.fixture(scope="module")
def photo():
    rows, columns = np.mgrid[:96, :128]
    smooth = np.stack((rows + 60, columns + 40, (rows + columns) // 2 + 50), axis=-1)
    checks = 20 * ((rows // 3 + columns // 3) % 2)
    return (smooth + checks[..., None]).astype(np.uint8)


@pytest.mark.parametrize("each", [*EVERY, nuisance.degrade])
def test_size_and_type_stay_and_the_input_is_left_alone(each, photo):
    given_image = photo.copy()
    for seed in range(5):
        image = each(given_image, np.random.default_rng(seed), 1.0)
        assert image.shape == photo.shape
        assert image.dtype == np.uint8
    np.testing.assert_array_equal(given_image, photo)


@pytest.mark.parametrize("each", [*EVERY, nuisance.degrade])
def test_the_same_seed_gives_the_same_image(each, photo):
    first, second = (each(photo, np.random.default_rng(3), 1.0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("each", [e for e in EVERY if e is not nuisance.grey])
def test_strength_zero_hardly_touches_the_image(each, photo):
    for seed in range(5):
        image = each(photo, np.random.default_rng(seed), 0.0)
        assert np.abs(image.astype(int) - photo).mean() < 1.5


@pytest.mark.parametrize("each", EVERY)
def test_full_strength_does_something_in_some_draw(each, photo):
    draws = (each(photo, np.random.default_rng(seed), 1.0) for seed in range(8))
    assert any(np.abs(image.astype(int) - photo).mean() > 0.2 for image in draws)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 700))
def test_images_of_any_size_pass(seed, height, width):
    image = np.full((height, width, 3), 120, np.uint8)
    degraded = nuisance.degrade(image, np.random.default_rng(seed))
    assert degraded.shape == image.shape


def test_grey_has_equal_colours(photo):
    image = nuisance.grey(photo, np.random.default_rng(0)).astype(int)
    assert np.ptp(image, axis=2).max() <= 1


def test_noise_has_the_documented_spread():
    flat = np.full((256, 256, 3), 128, np.uint8)
    spreads = [nuisance.noise(flat, np.random.default_rng(s)).std() for s in range(12)]
    assert min(spreads) > 0.4
    assert max(spreads) < 10.5


def test_a_shadow_darkens_and_never_moves_what_it_falls_on(photo):
    rng = np.random.default_rng(5)
    ratios = [nuisance.soft_shadow(photo, rng).astype(float) / photo for _ in range(20)]
    assert min(ratio.min() for ratio in ratios) < 0.7
    assert min(ratio.min() for ratio in ratios) > 0.3
    assert max(ratio.max() for ratio in ratios) < 1.45


def test_a_season_turns_greens_and_leaves_greys_alone():
    grey = np.full((8, 8, 3), 120, np.uint8)
    green = np.full((8, 8, 3), (70, 130, 60), np.uint8)
    seen = [nuisance.season(green, np.random.default_rng(seed)) for seed in range(20)]
    assert np.array_equal(nuisance.season(grey, np.random.default_rng(0)), grey)
    changes = [int(np.abs(one[0, 0].astype(int) - green[0, 0]).max()) for one in seen]
    assert max(changes) > 20
    assert all((one == one[0, 0]).all() for one in seen)
