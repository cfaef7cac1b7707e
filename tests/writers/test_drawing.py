import numpy as np
import pytest
from PIL import Image as Pillow

from spotdiff.types import ChangeKind
from spotdiff.writers.drawing import (
    GROUND,
    KIND_COLOURS,
    Outline,
    blend_heat,
    draw_outlines,
    draw_tags,
    fit,
    font,
    wrapped,
)


def test_a_fitted_picture_keeps_its_proportions_in_the_middle():
    panel = fit(np.zeros((10, 20, 3), np.uint8), (100, 100))
    assert panel.picture == (0, 25, 100, 75)
    canvas = np.asarray(panel.canvas)
    assert (canvas[:25] == GROUND).all()
    assert (canvas[25:75] == 0).all()


def test_a_box_lands_where_its_pixels_are_drawn():
    image = np.zeros((30, 60, 3), np.uint8)
    image[10:20, 30:45] = 255
    panel = fit(image, (600, 400))
    x0, y0, x1, y1 = (round(edge) for edge in panel.on_canvas((30, 10, 45, 20)))
    assert (np.asarray(panel.canvas)[y0:y1, x0:x1] == 255).all()
    assert (x1 - x0, y1 - y0) == (150, 100)


def test_boxes_are_in_pixels_of_the_photograph_also_when_the_picture_is_smaller():
    small = fit(np.zeros((5, 10, 3), np.uint8), (100, 50), natural=(1000, 500))
    assert small.on_canvas((100, 100, 500, 400)) == (10, 10, 50, 40)


def test_a_box_beyond_the_border_is_cut_off():
    panel = fit(np.zeros((50, 100, 3), np.uint8), (100, 50))
    assert panel.on_canvas((-10, -10, 500, 500)) == (0, 0, 99, 49)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (33, 47, 3)])
def test_pictures_of_any_shape_fit(shape):
    panel = fit(np.full(shape, 7, np.uint8), (420, 160))
    x0, y0, x1, y1 = panel.picture
    assert (np.asarray(panel.canvas)[y0:y1, x0:x1] == 7).all()


def test_unchanged_ground_is_grey_without_any_glow():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    blended = blend_heat(image, np.zeros((6, 8), np.float32))
    assert (blended == blended[..., :1]).all()


def test_the_colour_of_a_heat_does_not_depend_on_the_rest_of_the_picture():
    image = np.full((4, 4, 3), 100, np.uint8)
    weak, strong = np.full((2, 4, 4), 0.3, np.float32)
    strong[0, 0] = 1.0
    np.testing.assert_array_equal(blend_heat(image, weak)[3], blend_heat(image, strong)[3])


def test_heat_of_another_size_is_stretched_over_the_image():
    blended = blend_heat(np.zeros((40, 40, 3), np.uint8), np.float32([[0, 1], [0, 1]]))
    assert (blended[:, :8] == 0).all()
    assert blended[:, -8:, 0].min() > 200


@pytest.mark.parametrize("kind", ChangeKind)
def test_an_outline_has_its_kinds_colour(kind):
    canvas = Pillow.new("RGB", (60, 60), (128, 128, 128))
    drawn = np.asarray(draw_outlines(canvas, [Outline(kind, (10.0, 10.0, 50.0, 40.0))], 3))
    assert tuple(drawn[10, 30]) == KIND_COLOURS[kind][0]
    assert tuple(drawn[25, 30]) == (128, 128, 128)


def test_a_tag_is_written_in_its_colour_above_the_box():
    canvas = Pillow.new("RGB", (200, 100), (128, 128, 128))
    draw_tags(canvas, [Outline(ChangeKind.ADDED, (20.0, 40.0, 90.0, 80.0), "added chair 0.93")])
    strip = np.asarray(canvas)[17:40, 20:120].reshape(-1, 3)
    fill, ink = KIND_COLOURS[ChangeKind.ADDED]
    assert (strip == fill).all(axis=1).mean() > 0.5
    assert (strip == ink).all(axis=1).any()
    assert (np.asarray(canvas)[40:] == 128).all()


def test_words_are_wrapped_to_the_width_and_the_number_of_lines():
    text = "Two people were added at the lower left; a red car was removed on the right."
    lines = wrapped(text, 240, 20, 9)
    assert " ".join(lines) == text
    assert all(font(20).getlength(line) <= 240 for line in lines)
    cut = wrapped(text, 240, 20, 2)
    assert cut[0] == lines[0]
    assert cut[1].endswith("…")
    assert font(20).getlength(cut[1]) <= 240


def test_a_word_without_end_is_cut_and_no_text_is_no_line():
    assert wrapped("", 240, 20, 3) == []
    (line,) = wrapped("x" * 500, 240, 20, 3)
    assert font(20).getlength(line) <= 240
