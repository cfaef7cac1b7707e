"""Measured properties: what is done to pictures is what moves most."""

import cv2
import numpy as np
import pytest

from spotdiff.ops.colours import TERMS
from spotdiff.ops.picture_measures import MEASURES, NAMES, measured


def picture(seed):
    """Patches of colour with some grain, another size each time."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(150, 260, 2)
    coarse = rng.integers(40, 215, (int(rng.integers(4, 9)), int(rng.integers(4, 9)), 3))
    image = cv2.resize(coarse.astype(np.uint8), (int(width), int(height)))
    for _ in range(8):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        colour = tuple(map(int, rng.integers(40, 215, 3)))
        cv2.circle(image, centre, int(rng.integers(5, 40)), colour, -1)
    grain = rng.normal(0, rng.uniform(1, 12), image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


PICTURES = [picture(seed) for seed in range(24)]


def mirrored_halves(image):
    half = image[:, : image.shape[1] // 2]
    return np.concatenate([half, half[:, ::-1]], axis=1)


def noisy(image):
    noise = np.random.default_rng(1).normal(0, 40, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def brighter_top(image):
    ramp = np.linspace(60, -60, len(image))[:, None, None]
    return np.clip(image + ramp, 0, 255).astype(np.uint8)


def framed(image):
    return cv2.copyMakeBorder(image, *[12] * 4, cv2.BORDER_CONSTANT, value=[250] * 3)


def black_and_white(image):
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda image: (image * 0.5).astype(np.uint8), ["-brightness"]),
        (lambda image: image // 2 + 64, ["-contrast", "-colourfulness"]),
        (lambda image: cv2.GaussianBlur(image, (0, 0), 4), ["-fineness", "-sharpness", "-grain"]),
        (noisy, ["grain", "detail"]),
        (black_and_white, ["-colourfulness", "-variety"]),
        (mirrored_halves, ["symmetry"]),
        (brighter_top, ["top light"]),
        (lambda image: cv2.resize(image, None, fx=0.5, fy=0.5), ["-size"]),
        (lambda image: cv2.resize(image, None, fx=1.4, fy=0.7), ["aspect"]),
        (framed, ["frame"]),
    ],
)  # fmt: skip
def test_what_is_done_to_pictures_moves_its_measure_most(change, names):
    plain = np.array([measured(image) for image in PICTURES])
    changed = np.array([measured(change(image)) for image in PICTURES])
    moved = (changed - plain).mean(axis=0) / (plain.std(axis=0) + 1e-3)
    moved[-len(TERMS) :] = 0  # shares of colours move with nearly everything
    best = int(np.abs(moved).argmax())
    assert ("-" if moved[best] < 0 else "") + NAMES[best] in names


def test_names_are_distinct_and_every_measure_has_words_both_ways():
    assert len(set(NAMES)) == len(MEASURES) == len(measured(PICTURES[0]))
    words = [word for measure in MEASURES for word in (measure.more, measure.less)]
    assert len(set(words)) == 2 * len(MEASURES)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 4), (700, 2)])
@pytest.mark.parametrize("level", [0, 255])
def test_any_picture_has_finite_measures(size, level):
    assert np.isfinite(measured(np.full((*size, 3), level, np.uint8))).all()


def test_a_mirrored_picture_measures_nearly_the_same():
    for image in PICTURES[:6]:
        assert measured(image[:, ::-1].copy()) == pytest.approx(measured(image), abs=0.05)
