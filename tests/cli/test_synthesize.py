"""The program that writes synthetic sets, on drawn pairs of a few pixels."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from spotdiff.cli import synthesize as program
from spotdiff.cli.door import enter
from spotdiff.cli.synthesize import synthesize
from spotdiff.data.sources import open_source
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.types import LabelSets, PairRow

CONF = Path(__file__).resolve().parents[2] / "conf"


def config(out, **changes):
    cfg = OmegaConf.load(CONF / "synthesize.yaml")
    del cfg.defaults, cfg.hydra
    small = {"out": str(out), "length": 4, "size": [48, 64], "workers": 1}
    return OmegaConf.merge(cfg, small | changes)


def test_a_set_is_written_that_the_reader_of_pairs_knows(tmp_path, caplog):
    caplog.set_level("INFO", "spotdiff")
    assert synthesize(config(tmp_path / "set")) == 0
    rows = list(open_source(tmp_path / "set"))
    assert [row.pair_id for row in rows] == [f"{seed:08d}" for seed in range(4)]
    assert all(isinstance(row, PairRow) and row.mask and row.labels for row in rows)
    assert caplog.messages[-1] == f"4 synthetic pairs: {tmp_path / 'set' / 'manifest.jsonl'}"


def test_a_table_of_words_names_every_change(tmp_path):
    synthesize(config(tmp_path / "set", format="weak", unchanged_rate=0.0))
    rows = list(open_source(tmp_path / "set"))
    assert len(rows) == 4
    assert all(row.labels != LabelSets() for row in rows)


def test_a_longer_set_goes_on_where_the_shorter_one_ended(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "spotdiff")
    synthesize(config(tmp_path / "set", length=3))
    drawn = []
    draw = SyntheticPairs.__call__
    monkeypatch.setattr(
        SyntheticPairs, "__call__", lambda self, seed: drawn.append(seed) or draw(self, seed)
    )
    synthesize(config(tmp_path / "set", length=5))
    assert drawn == [3, 4]
    assert len(list(open_source(tmp_path / "set"))) == 5
    assert "5 synthetic pairs (3 of them by an earlier run)" in caplog.messages[-1]


def test_other_settings_need_another_folder(tmp_path):
    synthesize(config(tmp_path / "set", length=1))
    with pytest.raises(ValueError, match="seed, size differ: choose another out="):
        synthesize(config(tmp_path / "set", length=2, seed=1, size=[32, 32]))


def test_sets_of_different_seeds_share_no_pair(tmp_path):
    names = set()
    for seed in (0, 1):
        synthesize(config(tmp_path / str(seed), length=2, seed=seed))
        names |= {row.pair_id for row in open_source(tmp_path / str(seed))}
    assert len(names) == 4


def test_processes_write_the_same_files_as_one(tmp_path):
    synthesize(config(tmp_path / "one", length=3))
    synthesize(config(tmp_path / "two", length=3, workers=2))
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 3 * 3 + 2
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_photographs_are_the_ground_when_there_are_some(tmp_path, real_data):
    photos = real_data / "coco_subset"
    table = str(photos / "instances.json")
    cfg = config(tmp_path / "set", photos=str(photos), annotations=table, split="val", length=2)
    assert synthesize(cfg) == 0
    settings = json.loads((tmp_path / "set" / "settings.json").read_text())
    assert (settings["photos"], settings["split"]) == (str(photos), "val")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "coco"}, "Expected format to be one of weak, manifest, got 'coco'"),
        ({"length": 0}, "Expected length to be 1 to"),
        ({"annotations": "table.json"}, "Expected photos=DIR beside annotations"),
    ],
)
def test_values_that_make_no_sense_get_a_sentence(tmp_path, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        synthesize(config(tmp_path / "set", **changes))
    assert not (tmp_path / "set").exists()


def test_a_wrong_key_gets_one_line_with_the_right_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)  # an earlier command leaves it
    with pytest.raises(SystemExit) as ended:
        enter(program.synthesize, "synthesize", ["photo=x"])
    assert ended.value.code == 64
    assert "Did you mean 'photos'?" in capsys.readouterr().err
