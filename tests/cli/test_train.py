"""Training as a user starts it: two tiny epochs, the same twice, and on from where it stopped."""

import csv
import json
from pathlib import Path

import pytest
import torch

from spotdiff.training.checkpoint import KEY, read
from tests.fakes import noise, run_program, write_image

SMALL = (
    "experiment=smoke",
    "data.size=[64,64]",
    "data.length=12",
    "data.val_length=6",
    "data.module.batch_size=4",
    "data.module.num_workers=0",
    "trainer.max_epochs=2",
    "~callbacks.progress",
    "+trainer.enable_progress_bar=false",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with the run `first` in `runs/`."""
    folder = tmp_path_factory.mktemp("training")
    assert run_program(folder, "train", *SMALL, "hydra.run.dir=runs/first") == 0
    return folder


def _metrics(run: Path) -> dict[str, float]:
    return json.loads((run / "metrics.json").read_text())


def test_a_run_leaves_metrics_checkpoints_and_a_model(runs):
    run = runs / "runs" / "first"
    assert 0 <= _metrics(run)["val/pixel_ap"] <= 1
    assert sorted(p.name for p in (run / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert (run / "logs" / "metrics.csv").is_file()
    assert (run / "model.ckpt").is_file()


def test_the_model_carries_recipe_thresholds_and_vocabulary(runs):
    loaded = read(runs / "runs" / "first" / "model.ckpt")
    assert loaded.recipe["encoder"]["name"] == "test_vit"
    assert len(loaded.vocabulary) > 0
    assert loaded.network().vocabulary == loaded.vocabulary.labels
    assert 0 < loaded.thresholds.min_heat < 1


def test_the_weights_that_are_kept_are_averaged(runs):
    content = torch.load(runs / "runs/first/checkpoints/last.ckpt", weights_only=True)
    average, current = content["state_dict"], content["current_model_state"]
    name = "net.head.1.weight"
    assert (average[name] != current[name]).any()
    # both moved away from their start, which is the same for the same seed
    assert content["averaging_state"]["n_averaged"] == content["global_step"] == 6
    assert set(content[KEY]) == {"recipe", "vocabulary", "thresholds"}


def test_the_same_seed_gives_the_same_numbers(runs):
    assert run_program(runs, "train", *SMALL, "hydra.run.dir=again/second") == 0
    assert _metrics(runs / "again" / "second") == _metrics(runs / "runs" / "first")


def test_a_training_goes_on_from_its_last_checkpoint(runs, capsys):
    more = [a for a in SMALL if not a.startswith("trainer.max_epochs")]
    longer = (*more, "trainer.max_epochs=3", "ckpt_path=last", "hydra.run.dir=runs/third")
    assert run_program(runs, "train", *longer) == 0
    told = capsys.readouterr().err
    assert "Going on from " in told
    assert "runs/first/checkpoints/last.ckpt" in told
    with (runs / "runs" / "third" / "logs" / "metrics.csv").open() as file:
        epochs = {row["epoch"] for row in csv.DictReader(file)}
    assert epochs == {"2"}
    content = torch.load(runs / "runs/third/checkpoints/last.ckpt", weights_only=True)
    assert content["global_step"] == 9
    assert content["averaging_state"]["n_averaged"] == 9


def test_what_was_trained_predicts(runs):
    for i, view in enumerate(("before", "after")):
        write_image(runs / f"{view}.png", noise(i))
    command = ("before=before.png", "after=after.png", "ckpt=runs/first/model.ckpt", "out=answer")
    assert run_program(runs, "predict", *command) == 0
    assert json.loads((runs / "answer" / "predictions.jsonl").read_text())["status"] == "ok"


def test_a_sweep_trains_each_value(program, tmp_path):
    command = [a for a in SMALL if not a.startswith("trainer.max_epochs")]
    limits = ("trainer.max_epochs=1", "trainer.limit_train_batches=1")
    arguments = ("-m", *command, *limits, "optimizer.lr=1e-3,3e-4", "hydra.sweep.dir=sweep")
    assert program("train", *arguments) == 0
    scores = [_metrics(tmp_path / "sweep" / name)["val/pixel_ap"] for name in ("0", "1")]
    assert len(scores) == 2


def test_weak_labels_train_a_model_that_names_their_words(program, tmp_path):
    rows = ["img_id,added_objs,removed_objs,changed_objs"]
    for i in range(16):
        rows.append(f"p{i},{'car' if i % 2 else 'none'},none,traffic cone")
        for view in (1, 2):
            write_image(tmp_path / "weak" / f"p{i}_{view}.png", noise(3 * i + view, 64, 64))
    (tmp_path / "weak" / "train.csv").write_text("\n".join(rows) + "\n")
    weak = (
        "experiment=siamese",
        "model=tiny",
        "init=none",
        "trainer=cpu",
        "data.root=weak",
        "data.size=[64,64]",
        "data.val_share=0.3",
        "vocabulary.min_count=1",
        "hydra.run.dir=run",
        "trainer.max_epochs=1",
    )
    assert program("train", *weak, *SMALL[4:6], *SMALL[7:]) == 0
    loaded = read(tmp_path / "run" / "model.ckpt")
    assert set(loaded.vocabulary.labels) == {"car", "cone"}
    assert set(loaded.vocabulary.words) == {"car", "traffic cone"}
    assert 0 <= _metrics(tmp_path / "run")["val/set_f1"] <= 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("data.root=nowhere", "nowhere does not exist"),
        ("ckpt_path=last", "Expected an earlier run to go on with"),
        ("ckpt_path=none.ckpt", "none.ckpt does not exist"),
        ("vocabulary.synonyms=none.yaml", "none.yaml does not exist"),
        ("model.encoder.name=vit_base_patch16_242", "Did you mean 'vit_base_patch16_224'?"),
        ("init.encoder=weights.pth", "weights.pth does not exist"),
    ],
)
def test_what_cannot_be_trained_is_one_line(program, capsys, wrong, said):
    assert program("train", *SMALL, "hydra.run.dir=runs/x", wrong) == 64
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "Traceback" not in error
    assert error.splitlines()[-1].startswith("train: ")
