"""The weak-label set for users who have brought none."""

import csv

from spotdiff.cli.generated import weak_label_set
from spotdiff.data.sets import TableSet


def test_a_set_is_written_once_and_read_as_weak_labels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = weak_label_set(seed=3, length=4, size=(64, 64))
    pairs = TableSet(folder)
    assert len(pairs) == 4
    assert all(row.labels is not None and row.mask is None for row in pairs.rows)
    assert pairs.pair(0).before.shape == (64, 64, 3)
    with (folder / "train.csv").open() as file:
        assert [row["img_id"] for row in csv.DictReader(file)] == [r.pair_id for r in pairs.rows]
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    assert len(written) == 8
    assert weak_label_set(seed=3, length=4, size=(64, 64)) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")} == written
