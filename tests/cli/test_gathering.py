"""What models say of a table, gathered once: what is known is not even read again."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from spotdiff.cli.gathering import Gathering, gather
from spotdiff.data.sources import open_source
from spotdiff.training.checkpoint import read
from spotdiff.types import PairRow
from tests.cli.object_parts import ALONE, FIXED, SCENES, TRUCK, detector, write_scenes
from tests.conftest import ROOT
from tests.fakes import write_image
from tests.object_parts import Blocks, street

NAMES = list(SCENES)


@pytest.fixture
def gathered(tiny_checkpoint, tmp_path) -> Callable[..., Gathering]:
    """Gathers rows by the settings of a command."""
    checkpoint = read(tiny_checkpoint)

    def run(rows, *words: str) -> Gathering:
        GlobalHydra.instance().clear()
        kept = f"evidence={tmp_path / 'kept'}"
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            cfg = compose("tune", [*FIXED, *ALONE, kept, *words])
        return gather(cfg, checkpoint, rows)

    return run


@pytest.fixture
def rows(tmp_path) -> list[PairRow]:
    return list(open_source(write_scenes(tmp_path / "in")))


@pytest.fixture
def looked(monkeypatch) -> list[int]:
    """How many images a detector looked at, call by call."""
    found: list[int] = []
    detect = Blocks.__call__

    def detecting(self, images, names):
        found.append(len(images))
        return detect(self, images, names)

    monkeypatch.setattr(Blocks, "__call__", detecting)
    return found


def seen(gathering: Gathering) -> list[tuple | None]:
    """What both views of each pair show."""
    return [
        None if one is None else (one.before.detections.labels, one.after.detections.labels)
        for one in gathering.evidence
    ]


def test_every_row_has_what_was_said_of_it(gathered, rows):
    found = gathered(rows, *detector(), "batch_size=2")
    blocks = lambda view: tuple(sorted(label for label, _ in view))  # noqa: E731
    assert [tuple(map(blocks, (zip(v, v, strict=True) for v in one))) for one in seen(found)] == [
        (blocks(before), blocks(after)) for before, after, _ in SCENES.values()
    ]
    assert [one.identical for one in found.evidence] == [name == "same" for name in NAMES]
    assert found.problems == {}
    assert found.comparer.witnesses == "objects"


def test_what_is_known_is_not_even_read_again(gathered, rows, looked, monkeypatch):
    first = seen(gathered(rows[:3], *detector()))
    looked.clear()
    read_files = []
    from spotdiff import pipeline

    reading = pipeline.read_hashed
    monkeypatch.setattr(
        pipeline, "read_hashed", lambda path: read_files.append(path.name) or reading(path)
    )
    again = seen(gathered(rows, *detector(), "batch_size=9"))
    assert again[:3] == first
    assert sorted(read_files) == ["moved_1.png", "moved_2.png", "same_1.png", "same_2.png"]
    assert looked == [3]  # images of two pairs, one of them with equal views
    looked.clear()
    read_files.clear()
    assert seen(gathered(list(reversed(rows)), *detector())) == again[::-1]
    assert (looked, read_files) == ([], [])


def test_a_picture_that_changed_is_looked_at_again(gathered, rows, looked):
    gathered(rows, *detector())
    looked.clear()
    write_image(rows[0].after, street(TRUCK))
    found = gathered(rows, *detector())
    assert seen(found)[0] == ((), ("truck",))
    assert looked == [1]


def test_other_ways_to_lay_views_are_other_evidence(gathered, rows):
    there = gathered(rows, *detector())
    back = gathered(rows, *detector(), "alignment=shift")
    assert len(there.evidence) == len(back.evidence) == len(rows)
    index = Path(there.comparer.witness.store.pairs.folder).parent / "rows"
    assert len(list(index.glob("*.json"))) == 2


def test_pairs_that_fail_are_none_with_their_reasons_and_are_tried_again(gathered, rows):
    whole = rows[1].after.read_bytes()
    rows[1].after.write_bytes(b"torn")
    fussy = detector("fussy", "tests.cli.object_parts.Fussy")
    found = gathered(rows, *fussy, "batch_size=5")
    assert [one is None for one in found.evidence] == [name in ("went", "same") for name in NAMES]
    assert list(found.problems) == ["went", "same"]
    assert "went_2.png" in found.problems["went"]
    assert found.problems["same"].startswith("The detector fussy failed: no trucks, please")
    rows[1].after.write_bytes(whole)
    assert list(gathered(rows, *fussy).problems) == ["same"]


def test_a_file_that_is_not_there_is_a_problem_of_its_pair(gathered, rows):
    lost = replace(rows[0], pair_id="lost", after=rows[0].after.with_name("gone.png"))
    found = gathered([lost, *rows], *detector())
    assert list(found.problems) == ["lost"]
    assert seen(found)[0] is None
    assert None not in seen(found)[1:]


def test_evidence_that_somebody_removed_is_gathered_anew(gathered, rows, looked, tmp_path):
    first = seen(gathered(rows, *detector()))
    shutil.rmtree(tmp_path / "kept" / "pairs")
    looked.clear()
    found = gathered(rows, *detector())
    assert (seen(found), found.problems) == (first, {})
    assert looked == []  # what detectors said of the images is still there


@pytest.mark.parametrize("text", ['{"a', "[1]", '{"a": 1}'])
def test_a_damaged_list_of_rows_is_gathered_anew(gathered, rows, looked, tmp_path, text, caplog):
    first = seen(gathered(rows, *detector()))
    [index] = (tmp_path / "kept" / "rows").iterdir()
    index.write_text(text)
    looked.clear()
    found = gathered(rows, *detector())
    assert (seen(found), found.problems, looked) == (first, {}, [])
    assert f"{index} is damaged" in caplog.text
    assert [one.name for one in index.parent.iterdir()] == [index.name]


def test_evidence_that_was_damaged_is_gathered_anew(gathered, rows, looked, tmp_path, caplog):
    first = seen(gathered(rows, *detector()))
    for part in (tmp_path / "kept" / "pairs").iterdir():
        data = bytearray(part.read_bytes())
        data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
        part.write_bytes(data)
    looked.clear()
    found = gathered(rows, *detector())
    assert (seen(found), found.problems, looked) == (first, {}, [])
    assert "is asked for anew" in caplog.text


def test_without_a_folder_any_number_of_pairs_is_kept_until_the_end(gathered, rows, tmp_path):
    """More than the memory of a run that predicts."""
    many = []
    for i in range(70):
        view = write_image(tmp_path / "many" / f"{i}.png", street(("car", (5, 5, 20 + i, 20))))
        many.append(PairRow(f"m{i}", rows[0].before, view))
    found = gathered(many, *detector(), "evidence=null", "embedder=none", "batch_size=10")
    assert [one for one in seen(found) if one is None] == []
    assert found.problems == {}


def test_rows_of_equal_pictures_share_what_was_said(gathered, rows, looked):
    twin = replace(rows[2], pair_id="twin")
    found = gathered([rows[2], twin], *detector())
    assert seen(found) == [(("car",), ("cone",))] * 2
    assert sum(looked) == 2
