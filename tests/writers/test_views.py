from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.writers.views import GAP, SIDE, draw_views, views_as_jpeg


def test_both_views_stand_beside_each_other(street):
    image = draw_views(street)
    height = round(SIDE * 64 / 96)
    assert image.shape == (height, 2 * SIDE + GAP, 3)
    plain = draw_views(replace(street, changes=()))
    scale = SIDE / 96
    left, right = image[:, :SIDE], image[:, SIDE + GAP :]
    box = round(60 * scale), round(34 * scale)  # the corner of what was removed
    assert (left[box[1], box[0]] != plain[box[1], box[0]]).any()
    corner = round(8 * scale), round(10 * scale)  # of what was added
    assert (right[corner[1], corner[0]] != plain[:, SIDE + GAP :][corner[1], corner[0]]).any()


def test_a_needle_of_a_picture_is_drawn(street):
    thin = np.zeros((1, 900, 3), np.uint8)
    pair = replace(street.pair, before=thin, after=thin.transpose(1, 0, 2))
    image = draw_views(replace(street, pair=pair, changes=()))
    assert image.shape == (SIDE, SIDE + GAP + 1, 3)


def test_a_jpeg_is_the_same_picture(street):
    data = np.frombuffer(views_as_jpeg(street), np.uint8)
    shown = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
    assert np.abs(shown - draw_views(street)).mean() < 8


def test_a_pair_that_could_not_be_read_has_no_picture(failure, answer):
    assert views_as_jpeg(failure("1")) is None
    with pytest.raises(ValueError, match="needs the pair"):
        draw_views(answer("2"))
