"""Written sets read back equal, and a run that was cut off goes on where it stopped."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.export import SetWriter, write_drawn, write_set
from spotdiff.data.sets import read_pair
from spotdiff.data.sources import open_source
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.data.tables import checked
from spotdiff.types import LabelSets, Pair, Truth

DRAW = SyntheticPairs(PhotoLibrary.procedural(), (40, 48))


def grey(pair_id, labels=None):
    image = np.full((4, 6, 3), 90, np.uint8)
    return Pair(pair_id, image, image, Truth(labels or LabelSets()))


def test_a_manifest_reads_back_equal(tmp_path):
    pairs = [DRAW(seed) for seed in range(6)]
    table = write_set(pairs, tmp_path / "set", format="manifest")
    assert table == tmp_path / "set" / "manifest.jsonl"
    for pair, row in zip(pairs, checked(open_source(tmp_path / "set")), strict=True):
        again = read_pair(row)
        assert again.pair_id == pair.pair_id
        np.testing.assert_array_equal(again.before, pair.before)
        np.testing.assert_array_equal(again.after, pair.after)
        np.testing.assert_array_equal(again.truth.mask, pair.truth.mask)
        assert again.truth.changes == pair.truth.changes
        assert again.truth.labels == pair.truth.labels


def test_weak_labels_read_back_equal(tmp_path):
    pairs = [DRAW(seed) for seed in range(6)]
    write_set(pairs, tmp_path, format="weak")
    for pair, row in zip(pairs, checked(open_source(tmp_path)), strict=True):
        again = read_pair(row)
        assert again.truth == Truth(labels=pair.truth.labels)
        np.testing.assert_array_equal(again.after, pair.after)


def test_the_weak_table_has_the_columns_of_the_competition(tmp_path):
    labels = LabelSets(added=("traffic light", "car", "car"))
    table = write_set([grey("a", labels)], tmp_path, format="weak")
    with table.open(newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows == [
        ["img_id", "added_objs", "removed_objs", "changed_objs"],
        ["a", "traffic-light car car", "none", "none"],
    ]
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["a_1.png", "a_2.png"]


@pytest.mark.parametrize("layout", ["weak", "manifest"])
def test_a_run_that_was_cut_off_goes_on_where_it_stopped(tmp_path, layout):
    whole = write_drawn(DRAW, range(5), tmp_path / "whole", format=layout)

    def failing(seed):
        if seed == 3:
            raise KeyboardInterrupt
        return DRAW(seed)

    with pytest.raises(KeyboardInterrupt):
        write_drawn(failing, range(5), tmp_path / "cut", format=layout)
    part = tmp_path / "cut" / f"{whole.name}.part"
    assert not (tmp_path / "cut" / whole.name).exists()
    with part.open("a") as file:
        file.write('{"pair_id": "torn')
    drawn = []
    table = write_drawn(lambda s: drawn.append(s) or DRAW(s), range(5), part.parent, format=layout)
    assert drawn == [3, 4]
    assert table.read_bytes() == whole.read_bytes()
    assert not part.exists()


def test_a_finished_set_can_grow(tmp_path):
    write_drawn(DRAW, range(2), tmp_path, format="manifest")
    drawn = []
    write_drawn(lambda s: drawn.append(s) or DRAW(s), range(4), tmp_path, format="manifest")
    assert drawn == [2, 3]
    assert [r.pair_id for r in checked(open_source(tmp_path))] == [f"{s:08d}" for s in range(4)]


def test_no_temporary_file_stays_behind(tmp_path):
    write_drawn(DRAW, range(2), tmp_path, format="manifest")
    left = [p.name for p in tmp_path.rglob("*") if p.name.startswith(".") or "part" in p.name]
    assert left == []


def test_an_id_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'a' comes twice"):
        write_set([grey("a"), grey("a")], tmp_path, format="weak")


@pytest.mark.parametrize("pair_id", ["../a", "/a", "", "a/../../b"])
def test_an_id_cannot_leave_the_folder(tmp_path, pair_id):
    with pytest.raises(ValueError, match="expected a relative path"):
        write_set([grey(pair_id)], tmp_path / "set", format="manifest")


def test_an_id_with_a_folder_gets_one(tmp_path):
    write_set([grey("street/7")], tmp_path, format="weak")
    assert (tmp_path / "data" / "street" / "7_1.png").is_file()
    assert [row.pair_id for row in checked(open_source(tmp_path))] == ["street/7"]


def test_weak_labels_need_words(tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="its labels are unknown"):
        write_set([Pair("a", image, image)], tmp_path, format="weak")


def test_what_is_unknown_stays_unknown(tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    write_set([Pair("a", image, image)], tmp_path, format="manifest")
    (row,) = checked(open_source(tmp_path))
    assert read_pair(row).truth == Truth()


def test_another_format_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="'coco': expected one of weak, manifest"):
        SetWriter(tmp_path, "coco")


def test_a_closed_writer_says_so(tmp_path):
    with pytest.raises(ValueError, match="is not open"):
        SetWriter(tmp_path, "weak").write(grey("a"))
