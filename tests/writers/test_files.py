import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.writers.files import alone, file_name, replacing, write_png

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@given(ANY_TEXT)
def test_any_pair_id_gives_one_plain_file_name(pair_id):
    name = file_name(pair_id, ".png")
    assert name.isascii()
    assert name.endswith(".png")
    assert len(name) <= 164
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert not name.removesuffix(".png").startswith(".")


@given(ANY_TEXT, ANY_TEXT)
def test_other_pair_ids_get_other_file_names(one, other):
    assert (file_name(one, ".png") == file_name(other, ".png")) == (one == other)


def test_long_pair_ids_that_differ_at_the_end_stay_apart():
    assert file_name("x" * 400 + "1", ".png") != file_name("x" * 400 + "2", ".png")


@pytest.mark.parametrize("pair_id", ["../../escape", "..", "/etc/passwd", "a/../../b"])
def test_a_hostile_pair_id_stays_in_its_folder(tmp_path, pair_id):
    folder = tmp_path / "folder"
    path = folder / file_name(pair_id, ".png")
    assert path.resolve().parent == folder.resolve()


def test_a_failed_block_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail():
        with replacing(path) as partial:
            partial.write_text("half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk is full"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_block_replaces_the_file_and_makes_its_folder(tmp_path):
    path = tmp_path / "new" / "table.csv"
    with replacing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_png_is_read_back_in_the_same_colours(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    write_png(image, tmp_path / "image.png")
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "image.png"))[..., ::-1], image)


def test_a_folder_is_for_one_run_at_a_time_and_free_again_after_it(tmp_path):
    out = tmp_path / "deep" / "out"
    with alone(out):
        with pytest.raises(ValueError, match="one is at work there"), alone(out):
            pass
        assert list(out.iterdir()) == []  # the lock is no file
    with alone(out), alone(tmp_path):
        pass
