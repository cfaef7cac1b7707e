"""Second looks of a thing: moved far enough, recoloured enough, erased for real."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.data.cutouts import Backdrop, Cutout, Outline
from spotdiff.data.layers import Sprite
from spotdiff.data.sprites import erased, met, moved, recoloured, replaced, sprite

GROUND = np.full((100, 140, 3), 90, np.uint8)


def cutout(colour=(200, 30, 60), label="cup"):
    image = np.tile(np.array(colour, np.uint8), (40, 20, 1))
    return Cutout(image, np.full((40, 20), 255, np.uint8), label)


@pytest.mark.parametrize("seed", range(10))
def test_a_sprite_has_about_the_asked_long_side_and_lies_on_the_ground(seed):
    thing = sprite(np.random.default_rng(seed), cutout(), GROUND, 30)
    height, width = thing.alpha.shape
    assert thing.image.shape == (height, width, 3)
    assert 20 <= max(height, width) <= 46
    assert -width <= thing.x < 140
    assert -height <= thing.y < 100
    assert 0 < thing.opacity <= 1


def test_a_cutout_grows_by_a_limited_factor():
    thing = sprite(np.random.default_rng(0), cutout(), np.zeros((900, 900, 3), np.uint8), 800)
    assert max(thing.alpha.shape) <= 40 * 2.5 * 1.4


@pytest.mark.parametrize("seed", range(10))
def test_what_moves_goes_at_least_six_pixels(seed):
    rng = np.random.default_rng(seed)
    thing = sprite(rng, cutout(), GROUND, 12)
    there = moved(rng, thing, GROUND.shape)
    assert np.hypot(there.x - thing.x, there.y - thing.y) >= 5


@pytest.mark.parametrize("seed", range(20))
def test_what_is_recoloured_keeps_its_outline_and_differs_clearly(seed):
    rng = np.random.default_rng(seed)
    thing = sprite(rng, cutout(), GROUND, 30)
    again = recoloured(rng, thing)
    np.testing.assert_array_equal(again.alpha, thing.alpha)
    assert (again.x, again.y) == (thing.x, thing.y)
    solid = thing.alpha > 127
    assert np.abs(again.image.astype(int) - thing.image)[solid].max(axis=1).mean() > 15


def test_what_replaces_a_thing_has_the_same_centre():
    rng = np.random.default_rng(1)
    thing = sprite(rng, cutout(), GROUND, 30)
    other = replaced(rng, cutout(label="bowl"), thing, GROUND)
    for place, size in (("x", 1), ("y", 0)):
        centres = [getattr(s, place) + s.alpha.shape[size] / 2 for s in (thing, other)]
        assert abs(centres[0] - centres[1]) <= 1


def backdrop():
    image = GROUND.copy()
    image[40:60, 50:80] = 250
    square = np.array(((50, 40), (79, 40), (79, 59), (50, 59)), np.float32)
    return Backdrop(image, (Outline((square,), 600.0, "cup"),))


def test_an_erased_object_is_gone_from_the_ground_and_lives_in_one_layer():
    scene = backdrop()
    kept = scene.image.copy()
    ground, layers = erased(np.random.default_rng(0), scene, 1)
    np.testing.assert_array_equal(scene.image, kept)
    assert ground[45:55, 55:75].max() < 130
    assert [layer.label for layer in layers] == ["cup"]
    assert (layers[0].before is None) != (layers[0].after is None)
    thing = layers[0].before or layers[0].after
    solid = thing.alpha > 127
    assert 600 <= solid.sum() <= 26 * 36


def test_nothing_is_erased_when_nothing_should_be():
    ground, layers = erased(np.random.default_rng(0), backdrop(), 0)
    assert layers == []
    np.testing.assert_array_equal(ground, backdrop().image)


def test_what_stands_in_a_crowd_takes_its_shadow_along():
    rng = np.random.default_rng(3)
    thing = Sprite(np.full((20, 10, 3), 9, np.uint8), np.full((20, 10), 255, np.uint8), 5, 7)
    shadowed = replace(thing, shadow=replace(thing, x=1, y=2))
    there = met(rng, shadowed, (100.0, 80.0))
    assert abs(there.x + 5 - 100) < 40
    assert abs(there.y + 10 - 80) < 40
    assert (there.shadow.x - there.x, there.shadow.y - there.y) == (-4, -5)


def test_a_thing_casts_something_dark_or_pale_that_lies_beside_it():
    rng = np.random.default_rng(0)
    cutout = Cutout(np.full((40, 20, 3), 200, np.uint8), np.full((40, 20), 255, np.uint8))
    ground = np.full((128, 128, 3), 120, np.uint8)
    casts = [sprite(rng, cutout, ground, 40).shadow for _ in range(120)]
    cast = [one for one in casts if one is not None]
    assert 30 < len(cast) < 80
    dark = [one for one in cast if one.image.max() == 0]
    assert 0 < len(cast) - len(dark) < len(dark)
    assert all(0.05 < one.opacity <= 0.8 for one in cast)
