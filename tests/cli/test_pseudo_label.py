"""Boxes for a table of words, and a training on them that finds them anew."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from spotdiff.cli import pseudo_label as module
from spotdiff.cli.relabel import own_copy
from spotdiff.data.sets import TableSet
from spotdiff.training.checkpoint import read
from spotdiff.types import IGNORE, ChangeKind
from tests.fakes import noise, run_program, write_image

COUNT = 12
WORDS = ("added_objs", "removed_objs", "changed_objs")
EVERYTHING = (
    "areas.min_similarity=-1",
    "areas.max_similarity=1",
    "areas.max_region_similarity=1",
    "areas.min_area=0",
    "min_difference=0",
)
TRAINING = (
    "experiment=siamese_pseudo",
    "model=tiny",
    "init=none",
    "trainer=cpu",
    "data.size=[64,64]",
    "data.val_share=0.4",
    "data.module.batch_size=4",
    "data.module.num_workers=0",
    "vocabulary.min_count=1",
    "callbacks.refresh.every=1",
    "refresh.min_difference=0",
    "refresh.areas.min_similarity=-1",
    "refresh.areas.max_similarity=1",
    "refresh.areas.max_region_similarity=1",
    "trainer.max_epochs=2",
    "~callbacks.progress",
    "+trainer.enable_progress_bar=false",
)


def write_words(folder: Path) -> None:
    """Pairs with a block of other noise each, and words of one kind or two."""
    folder.mkdir()
    with (folder / "words.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("img_id", *WORDS))
        for i in range(COUNT):
            before, after = noise(i), noise(i)
            after[16:48, 24:72] = noise(100 + i, 32, 48)
            for view, image in ((1, before), (2, after)):
                write_image(folder / f"p{i}_{view}.png", image)
            table.writerow((f"p{i}", "none", "car" if i % 3 else "none", "dog cone"))


def lines(path: Path) -> dict[str, dict]:
    rows = map(json.loads, path.read_text().splitlines())
    return {row["pair_id"]: row for row in rows}


@pytest.fixture(scope="module")
def labelled(tiny_checkpoint, tmp_path_factory) -> Path:
    """A folder with words in `in` and their pseudo labels in `found`."""
    folder = tmp_path_factory.mktemp("pseudo")
    write_words(folder / "in")
    arguments = ("pairs=in/words.csv", "out=found", f"ckpt={tiny_checkpoint}", "device=cpu")
    assert run_program(folder, "pseudo_label", *arguments, "trainer=cpu", *EVERYTHING) == 0
    return folder


@pytest.fixture(scope="module")
def trained(labelled) -> Path:
    """The folder of a training on these labels, which labelled anew after its first epoch."""
    arguments = (*TRAINING, "data.root=found", "hydra.run.dir=run")
    assert run_program(labelled, "train", *arguments) == 0
    return labelled / "run"


def test_every_pair_has_a_line_with_its_words_and_the_areas_that_they_allow(labelled):
    found = lines(labelled / "found" / "pseudo.jsonl")
    answers = lines(labelled / "found" / "predictions.jsonl")
    assert list(found) == [f"p{i}" for i in range(COUNT)]
    kinds = set()
    for i, (name, line) in enumerate(found.items()):
        words = [[], ["car"] if i % 3 else [], ["dog", "cone"]]
        assert [line[column] for column in WORDS] == words
        told = {kind.value for kind, some in zip(ChangeKind, words, strict=True) if some}
        allowed = [c for c in answers[name]["changes"] if c["kind"] in told]
        assert [(c["kind"], c["box_before"], c["box_after"]) for c in line["changes"]] == [
            (c["kind"], c["box_before"], c["box_after"]) for c in allowed
        ]
        labels = {c["kind"]: c["label"] for c in line["changes"]}
        assert labels.get("removed", "car") == "car"
        assert labels.get("changed") is None  # there are two words
        missed = told - {c["kind"] for c in allowed}
        assert line["outside_boxes"] == ("unknown" if missed else "unchanged")
        kinds |= {c["kind"] for c in answers[name]["changes"]}
    assert any(line["changes"] for line in found.values())
    assert len(kinds) > 1  # so some were dropped


def test_a_set_reads_them_with_masks(labelled):
    pairs = TableSet(labelled / "found")
    for index, row in enumerate(pairs.rows):
        mask = pairs.pair(index).truth.mask
        assert mask.shape == (64, 96)
        shown = {kind for kind in ChangeKind if (mask & kind.bit).any()}
        assert shown == {change.kind for change in row.changes}
        outside = np.ones(mask.shape, bool)
        for change in row.changes:
            for x0, y0, x1, y1 in filter(None, (change.box_before, change.box_after)):
                rows, columns = (
                    slice(max(0, int(a) - 5), int(b) + 6) for a, b in ((y0, y1), (x0, x1))
                )
                outside[rows, columns] = False
        assert (mask[outside] == (0 if row.outside == "unchanged" else IGNORE)).all()
    assert {row.outside for row in pairs.rows} == {"unchanged", "unknown"}


def test_a_second_run_writes_the_same(labelled, tiny_checkpoint):
    before = (labelled / "found" / "pseudo.jsonl").read_bytes()
    arguments = ("pairs=in/words.csv", "out=found", f"ckpt={tiny_checkpoint}", "device=cpu")
    assert run_program(labelled, "pseudo_label", *arguments, "trainer=cpu", *EVERYTHING) == 0
    assert (labelled / "found" / "pseudo.jsonl").read_bytes() == before


def test_a_pair_that_cannot_be_read_has_no_line(program, tiny_checkpoint, tmp_path):
    write_words(tmp_path / "in")
    broken = tmp_path / "in" / "p3_2.png"
    broken.write_bytes(broken.read_bytes()[:100])
    (tmp_path / "in" / "p5_1.png").unlink()
    fixed = (f"ckpt={tiny_checkpoint}", "device=cpu", "engine=local")
    assert program("pseudo_label", "pairs=in/words.csv", "out=found", *fixed) == 2
    found = lines(tmp_path / "found" / "pseudo.jsonl")
    assert sorted(found) == sorted({f"p{i}" for i in range(COUNT)} - {"p3", "p5"})


def test_words_behind_an_address_are_labelled_too(program, tiny_checkpoint, tmp_path):
    from upath import UPath

    write_words(tmp_path / "in")
    folder = UPath("memory://words")
    folder.mkdir(parents=True)
    row = {"before": "a.png", "after": "b.png", "labels": {"added": ["car"]}}
    (folder / "m.jsonl").write_text(json.dumps({"pair_id": "x", **row}))
    for name, view in (("a", 1), ("b", 2)):
        (folder / f"{name}.png").write_bytes((tmp_path / "in" / f"p0_{view}.png").read_bytes())
    fixed = (f"ckpt={tiny_checkpoint}", "device=cpu", "engine=local")
    assert program("pseudo_label", "pairs=memory://words/m.jsonl", "out=found", *fixed) == 0
    assert lines(tmp_path / "found" / "pseudo.jsonl")["x"]["before"] == "memory://words/a.png"


def test_a_further_process_of_a_trainer_leaves_the_labels_to_the_first(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "predict", lambda _: 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    cfg = DictConfig({"pairs": "words.csv", "areas": {"x": 1}, "out": str(tmp_path)})
    assert module.pseudo_label(cfg) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Expected pairs=TABLE"),
        (["pairs=nowhere.csv"], "nowhere.csv does not exist"),
        (["pairs=x", "~areas"], "add areas=paper"),
    ],
)
def test_what_cannot_be_labelled_is_one_sentence(program, capsys, arguments, said):
    assert program("pseudo_label", *arguments) == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert said in error


def test_a_training_on_them_keeps_their_words_and_measures_itself(trained):
    assert set(read(trained / "model.ckpt").vocabulary.labels) == {"car", "dog", "cone"}
    assert 0 <= json.loads((trained / "metrics.json").read_text())["val/set_f1"] <= 1


def test_training_pairs_are_labelled_anew_and_validation_pairs_left_alone(trained, labelled):
    given = lines(labelled / "found" / "pseudo.jsonl")
    anew = lines(trained / "pseudo" / "pseudo.jsonl")
    assert list(anew) == list(given)
    for part, changed in (("train", True), ("val", False)):
        names = [row.pair_id for row in TableSet(labelled / "found", part, 0.4).rows]
        assert names
        differ = [name for name in names if anew[name] != given[name]]
        assert bool(differ) == changed
    for name, line in anew.items():
        for column in (*WORDS, "before", "after"):
            assert line[column] == given[name][column]


def test_the_labels_that_were_given_stay_as_they_were(trained, labelled):
    given = (labelled / "found" / "pseudo.jsonl").read_text()
    assert (trained / "pseudo" / "pseudo.jsonl").read_text() != given
    own = TableSet(trained / "pseudo")
    assert [row.outside is not None for row in own.rows] == [True] * COUNT


@pytest.mark.parametrize("root", ["in", "in/words.csv"])
def test_words_without_pseudo_labels_are_one_sentence(program, tmp_path, capsys, root):
    write_words(tmp_path / "in")
    assert program("train", *TRAINING, f"data.root={root}", "hydra.run.dir=run") == 64
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert f"Expected pseudo labels in {root}" in error
    assert f"python scripts/pseudo_label.py pairs={root} out=DIR" in error


def test_a_run_has_labels_of_its_own_from_a_folder_or_a_file(tmp_path):
    (tmp_path / "pseudo.jsonl").write_text("{}\n")
    for place in (tmp_path, tmp_path / "pseudo.jsonl"):
        copy = own_copy(place, tmp_path / "run")
        assert copy == tmp_path / "run" / "pseudo" / "pseudo.jsonl"
        assert copy.read_text() == "{}\n"
