"""Which cut-out stands in for a thing, and where."""

import numpy as np

from spotdiff.data.cutouts import Cutout
from spotdiff.data.layers import Sprite
from spotdiff.data.stand_ins import best_fitting, standing, tightened


def solid(height, width, grey=200):
    alpha = np.full((height, width), 255, np.uint8)
    return np.full((height, width, 3), (grey, 10, 10), np.uint8), alpha


def thing(height=40, width=20, x=50, y=30):
    """A block with a clear border of 5 pixels."""
    image, alpha = solid(height + 10, width + 10)
    alpha[:5] = alpha[-5:] = 0
    alpha[:, :5] = alpha[:, -5:] = 0
    return Sprite(image, alpha, x - 5, y - 5)


def test_the_border_does_not_count():
    tight = tightened(thing())
    assert (tight.x, tight.y, tight.alpha.shape) == (50, 30, (40, 20))


def test_the_outline_that_covers_most_wins_unless_it_must_grow():
    tall, wide, small = (Cutout(*solid(*size)) for size in ((80, 40), (40, 80), (8, 4)))
    triangle = Cutout(tall.image, np.triu(tall.alpha[:, :40]))
    assert best_fitting([wide, triangle, tall], thing()) is tall
    assert best_fitting([small, tall], thing()) is tall
    assert best_fitting([small, wide], thing()) is wide


def test_it_stands_on_the_same_foot_as_large_and_inside():
    ground = np.zeros((100, 120, 3), np.uint8)
    placed = standing(Cutout(*solid(80, 40)), thing(), ground)
    assert (placed.x, placed.y, placed.alpha.shape) == (50, 30, (40, 20))
    placed = standing(Cutout(*solid(40, 80)), thing(x=2), ground)
    assert (placed.x, placed.y + placed.alpha.shape[0]) == (0, 70)


def test_pictures_without_colours_get_none():
    old = thing()
    grey = Sprite(np.full_like(old.image, 90), old.alpha, old.x, old.y)
    image = standing(Cutout(*solid(80, 40)), grey, np.zeros((100, 120, 3), np.uint8)).image
    assert (image[..., 0] == image[..., 1]).all()
