from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.contracts import Writer
from spotdiff.types import (
    Alignment,
    AreaReport,
    Change,
    ChangeKind,
    ChangeMap,
    NoAreas,
    Pair,
    PairResult,
    ViewInfo,
)
from spotdiff.writers.drawing import KIND_COLOURS
from spotdiff.writers.overlay import GAP, HEADER, TITLE, OverlayWriter, draw_panels

ADDED, REMOVED, CHANGED = (KIND_COLOURS[kind][0] for kind in ChangeKind)


def scene(shape, changes=(), heat=0.0, alignment=None):
    """A plain grey pair with the given changes."""
    image = np.full((*shape, 3), 128, np.uint8)
    none = np.zeros((0, 1, 1), np.float32)
    scores, labels = np.zeros(3, np.float32), np.zeros((3, 0), np.float32)
    return PairResult(
        "scene",
        ViewInfo("b.png", shape[1], shape[0]),
        ViewInfo("a.png"),
        change_score=0.5,
        changes=tuple(changes),
        alignment=alignment,
        pair=Pair("scene", image, image),
        change_map=ChangeMap(np.full((3, *shape), heat, np.float32), scores, labels, none, none),
    )


def panels(picture):
    """The four panels of a picture: before, after, heatmap, boxes."""
    width = (picture.shape[1] - 3 * GAP) // 2
    height = (picture.shape[0] - HEADER - 2 * TITLE - GAP - GAP // 2) // 2
    tops = [HEADER + TITLE, HEADER + 2 * TITLE + height + GAP // 2]
    return [picture[y : y + height, x : x + width] for y in tops for x in (GAP, 2 * GAP + width)]


def has(panel, colour):
    return bool((panel == colour).all(axis=-1).any())


def test_the_overlay_has_its_golden_file(street, golden_image):
    picture = draw_panels(street)
    small = cv2.resize(picture, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    golden_image(small, "overlay.png", max_difference=2.0)  # letters differ between releases


def test_each_view_wears_the_outlines_of_what_it_shows(street):
    before, after, heat, boxes = panels(draw_panels(street))
    assert [has(before, colour) for colour in (ADDED, REMOVED, CHANGED)] == [False, True, True]
    assert [has(after, colour) for colour in (ADDED, REMOVED, CHANGED)] == [True, False, True]
    assert [has(boxes, colour) for colour in (ADDED, REMOVED, CHANGED)] == [True, True, True]
    assert not any(has(heat, colour) for colour in (ADDED, REMOVED, CHANGED))


def test_an_outline_lies_on_the_border_of_its_box():
    box = (10.0, 20.0, 40.0, 50.0)
    picture = draw_panels(scene((80, 160), [Change(ChangeKind.ADDED, 0.5, None, None, box)]))
    rows, columns = np.nonzero((panels(picture)[1] == ADDED).all(axis=-1))
    np.testing.assert_allclose(
        [columns.min(), rows.min(), columns.max(), rows.max()], np.multiply(box, 4), atol=2
    )


def test_a_removed_thing_is_drawn_where_it_would_stand_in_the_after_view():
    shift = Alignment("resize", ((1.0, 0.0, 60.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    gone = Change(ChangeKind.REMOVED, 0.5, None, (10.0, 40.0, 30.0, 60.0))
    boxes = panels(draw_panels(scene((80, 160), [gone], alignment=shift)))[3]
    columns = np.nonzero((boxes[200] == REMOVED).all(axis=-1))[0]
    assert columns.min() == pytest.approx(4 * (10 + 60), abs=2)
    assert columns.max() == pytest.approx(4 * (30 + 60), abs=2)


def test_stripes_lie_over_what_before_does_not_show():
    shift = Alignment("resize", ((1.0, 0.0, 60.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    plain = panels(draw_panels(scene((80, 160))))
    laid = panels(draw_panels(scene((80, 160), alignment=shift)))
    for panel in (2, 3):  # heatmap and boxes
        np.testing.assert_array_equal(laid[panel][:, 240:], plain[panel][:, 240:])
        assert (laid[panel][:, :240] != plain[panel][:, :240]).any(axis=-1).all()
    for panel in (0, 1):
        np.testing.assert_array_equal(laid[panel], plain[panel])


def test_without_change_nothing_is_drawn_and_nothing_glows():
    before, after, heat, boxes = panels(draw_panels(scene((80, 160))))
    assert (before == 128).all()
    assert (after == 128).all()
    assert (boxes == 128).all()
    assert (heat == heat[0, 0, 0]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (48, 64), (1500, 2000)])
def test_pictures_of_any_size_are_readable_and_no_wider_than_a_screen(shape):
    height, width = shape
    change = Change(ChangeKind.CHANGED, 1.0, "sky", (0, 0, width, height), (0, 0, width, height))
    picture = draw_panels(scene(shape, [change], heat=1.0))
    assert 800 <= picture.shape[1] <= 2400
    assert picture.dtype == np.uint8
    assert has(panels(picture)[3], CHANGED)


def test_odd_words_and_boxes_do_not_break_the_picture():
    odd = Change(
        ChangeKind.ADDED, 0.5, "\ud800 line\nbreak " * 20, None, (-50.0, 70.0, 900.0, 71.0)
    )
    point = Change(ChangeKind.REMOVED, 0.5, "", (5.0, 5.0, 5.0, 5.0))
    result = replace(scene((80, 160), [odd, point]), pair_id="line\nbreak\udcff" * 100)
    assert has(panels(draw_panels(result))[3], ADDED)


def test_the_writer_leaves_one_file_a_pair_inside_its_folder(tmp_path, street, failure):
    folder = tmp_path / "overlays"
    hostile = replace(street, pair_id="../../escape")
    with OverlayWriter(folder) as writer:
        assert isinstance(writer, Writer)
        assert writer.write(street) is street
        writer.write(hostile)
        writer.write(failure("broken"))
    assert sorted(path.name for path in folder.iterdir()) == [
        "%2E.%2F..%2Fescape.png",
        "street%2F1.png",
    ]
    read = cv2.imread(str(writer.path_of("street/1")))[..., ::-1]
    np.testing.assert_array_equal(read, draw_panels(street))


def test_a_light_result_is_refused_by_name(tmp_path, street):
    with OverlayWriter(tmp_path) as writer, pytest.raises(ValueError, match=r"'street/1'.*light"):
        writer.write(street.light())


def areas(shape, *changes, alignment=None, reason=None):
    """The same scene, answered by difference areas."""
    plain = scene(shape, changes, alignment=alignment)
    return replace(plain, change_map=None, change_score=None, areas=AreaReport(reason))


def glow(result):
    """Where the heat panel is not as cold as it is where nothing differs, in its own pixels."""
    heat = panels(draw_panels(result))[2].astype(int)
    cold = panels(draw_panels(replace(result, changes=())))[2].astype(int)
    rows, columns = np.nonzero(np.abs(heat - cold).sum(axis=-1) > 12)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_areas_need_no_change_map_and_glow_where_their_boxes_are():
    came = Change(ChangeKind.ADDED, 0.9, None, None, (10.0, 20.0, 40.0, 50.0))
    np.testing.assert_allclose(glow(areas((80, 160), came)), [40, 80, 160, 200], atol=6)


def test_a_removed_area_glows_where_it_would_stand_in_the_after_view():
    shift = Alignment("fit", ((2.0, 0.0, 60.0), (0.0, 2.0, 0.0), (0.0, 0.0, 1.0)))
    gone = Change(ChangeKind.REMOVED, 0.9, None, (0.0, 10.0, 20.0, 30.0))
    # (60, 20, 100, 60) in after, whose panel is four times as large
    found = glow(areas((80, 160), gone, alignment=shift))
    np.testing.assert_allclose(found, [240, 80, 400, 240], atol=6)


def test_of_areas_that_overlap_the_more_different_one_is_seen():
    large = Change(ChangeKind.ADDED, 0.3, None, None, (0.0, 0.0, 80.0, 80.0))
    small = Change(ChangeKind.ADDED, 0.9, None, None, (20.0, 20.0, 60.0, 60.0))
    pictures = [panels(draw_panels(areas((80, 160), *c)))[2] for c in ([small], [small, large])]
    np.testing.assert_array_equal(*(heat[120:200, 120:200] for heat in pictures))
    assert (pictures[0][20:40, 20:40] != pictures[1][20:40, 20:40]).any()


def test_without_areas_nothing_glows_and_the_reason_stands_in_the_header():
    plain, told = areas((80, 160)), areas((80, 160), reason=NoAreas.TOO_SIMILAR)
    heat = panels(draw_panels(told))[2]
    assert (heat == heat[0, 0]).all()
    headers = [draw_panels(result)[:HEADER] for result in (plain, told)]
    assert (headers[0] != headers[1]).any()


def test_odd_boxes_of_areas_do_not_break_the_picture():
    odd = [(-50.0, 70.0, 900.0, 71.0), (5.0, 5.0, 5.0, 5.0), (200.0, 90.0, 210.0, 99.0)]
    changes = [Change(ChangeKind.CHANGED, 1.0, None, box, box) for box in odd]
    assert has(panels(draw_panels(areas((80, 160), *changes)))[3], CHANGED)


def test_a_result_without_map_and_areas_is_refused():
    bare = replace(scene((80, 160)), change_map=None)
    with pytest.raises(ValueError, match="'scene'"):
        draw_panels(bare)
