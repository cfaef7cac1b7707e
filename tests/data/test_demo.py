from __future__ import annotations

import json

import numpy as np
import pytest

from spotdiff.data import photographs
from spotdiff.data.demo import FILES, demo_pair, demo_scene
from spotdiff.data.images import read_image
from spotdiff.data.photographs import bundled_photograph, bundled_photographs
from spotdiff.data.sets import read_pair
from spotdiff.data.sources import open_source
from spotdiff.types import ChangeKind, Pair, TrueChange


@pytest.fixture(scope="module")
def scene() -> Pair:
    return demo_scene()


def of_kind(scene: Pair, kind: ChangeKind) -> TrueChange:
    (change,) = [c for c in scene.truth.changes or () if c.kind is kind]
    return change


def test_one_coin_comes_one_goes_and_one_moves(scene):
    added, removed, moved = (of_kind(scene, kind) for kind in ChangeKind)
    assert added.box_before is None
    assert removed.box_after is None
    assert moved.box_before is not None
    assert moved.box_after is not None
    sizes = [
        (box[2] - box[0], box[3] - box[1])
        for box in (added.box_after, removed.box_before, moved.box_before, moved.box_after)
        if box is not None
    ]
    assert len(sizes) == 4
    assert all(40 <= side <= 80 for size in sizes for side in size)
    assert sizes[2] == sizes[3]


def test_the_views_are_photographs_of_one_size_that_differ_little_where_nothing_changed(scene):
    assert scene.before.shape == scene.after.shape == (400, 600, 3)
    assert scene.truth.mask is not None
    difference = np.abs(scene.before.astype(int) - scene.after).mean(axis=2)
    changed = scene.truth.mask > 0
    assert 0.01 < changed.mean() < 0.1
    assert 1 < difference[~changed].mean() < 25
    assert difference[changed].mean() > 2 * difference[~changed].mean()


def test_the_coin_that_stays_is_in_no_box_and_not_in_the_mask(scene):
    stays = scene.truth.mask[345:380, 505:545]
    table = read_image(bundled_photograph("coffee.png"))[345:380, 505:545]
    assert not stays.any()
    for view in (scene.before, scene.after):
        assert np.abs(view[345:380, 505:545].astype(int) - table).mean() > 30


def test_the_scene_is_the_same_every_time(scene):
    again = demo_scene()
    assert np.array_equal(scene.before, again.before)
    assert np.array_equal(scene.after, again.after)
    assert scene.truth.changes == again.truth.changes


def test_the_files_hold_the_scene_and_its_truth(tmp_path, scene):
    row = demo_pair(tmp_path / "demo")
    assert (row.pair_id, row.before.name, row.after.name) == ("demo", "before.jpg", "after.jpg")
    pair = read_pair(row)
    assert pair.truth.changes == scene.truth.changes
    assert np.array_equal(pair.truth.mask, scene.truth.mask)
    assert np.abs(pair.before.astype(int) - scene.before).mean() < 4
    assert [found.pair_id for found in open_source(tmp_path / "demo")] == ["demo"]
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == sorted(FILES)


def test_files_that_are_there_are_used_again_and_missing_ones_come_back(tmp_path):
    first = demo_pair(tmp_path)
    written = first.before.stat().st_mtime_ns
    assert demo_pair(tmp_path) == first
    assert first.before.stat().st_mtime_ns == written
    (tmp_path / "after.jpg").unlink()
    assert demo_pair(tmp_path).after.is_file()
    assert json.loads((tmp_path / "manifest.jsonl").read_text())["pair_id"] == "demo"


def test_the_bundled_photographs_are_readable_files_in_order():
    found = bundled_photographs()
    assert [path.name for path in found] == sorted(path.name for path in found)
    assert {"coffee.png", "coins.png"} <= {path.name for path in found}
    assert all(min(read_image(path).shape[:2]) >= 300 for path in found)


def test_a_photograph_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        FileNotFoundError, match=r"tea\.png: expected .* there are astronaut\.png, "
    ):
        bundled_photograph("tea.png")


def test_without_scikit_image_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(photographs, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-image"):
        bundled_photographs()
