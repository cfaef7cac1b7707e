import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spotdiff.contracts import Writer
from spotdiff.writers.heatmap import HeatmapWriter, heat_image


def test_the_heatmap_has_its_golden_file(street, golden_image):
    golden_image(heat_image(street.change_map.heat), "heatmap.png")


def test_each_kind_has_its_channel():
    added, removed, changed = np.float32(0.2), np.float32(1.0), np.float32(0.4)
    heat = np.stack([np.full((2, 3), value) for value in (added, removed, changed)])
    np.testing.assert_array_equal(heat_image(heat), np.broadcast_to([255, 51, 102], (2, 3, 3)))


@settings(max_examples=25)
@given(arrays(np.float32, (3, 4, 5), elements=st.floats(0, 1, width=32)))
def test_all_three_maps_can_be_read_back_from_the_picture(heat):
    removed, added, changed = np.moveaxis(heat_image(heat), 2, 0) / 255
    np.testing.assert_allclose([added, removed, changed], heat, atol=0.5 / 255 + 1e-6)


def test_the_result_names_the_file_relative_to_the_output_folder(tmp_path, street):
    with HeatmapWriter(tmp_path / "heatmaps") as writer:
        assert isinstance(writer, Writer)
        written = writer.write(street)
    assert written.heatmap == "heatmaps/street%2F1.png"
    read = cv2.imread(str(tmp_path / written.heatmap))[..., ::-1]
    np.testing.assert_array_equal(read, heat_image(street.change_map.heat))
    assert written.changes == street.changes


def test_a_pair_that_failed_has_no_heatmap(tmp_path, failure):
    with HeatmapWriter(tmp_path / "heatmaps") as writer:
        assert writer.write(failure("1")) == failure("1")
    assert list((tmp_path / "heatmaps").iterdir()) == []


def test_a_light_result_is_refused_by_name(tmp_path, street):
    with HeatmapWriter(tmp_path) as writer, pytest.raises(ValueError, match=r"'street/1'.*light"):
        writer.write(street.light())
