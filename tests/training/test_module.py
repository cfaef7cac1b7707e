"""The Lightning module: it learns, it calibrates, it keeps what a checkpoint needs."""

import numpy as np
import pytest
import torch
from lightning import Trainer
from torch.utils.data import DataLoader

from spotdiff.data.datamodule import Collate
from spotdiff.training.checkpoint import KEY, read
from spotdiff.training.losses import ChangeLoss
from spotdiff.training.module import ChangeModule
from spotdiff.training.optimizers import LayerwiseAdamW
from spotdiff.types import ChangeKind, Pair, PairResult, PairRow, TrueChange, Truth, ViewInfo
from tests.fakes import RECIPE, VOCABULARY, noise, tiny_network


def _pair(seed: int, kind: ChangeKind | None) -> Pair:
    """A block of noise that came, went, or (None) nothing at all."""
    before = noise(seed, 64, 64) // 2
    after, mask = before.copy(), np.zeros((64, 64), np.uint8)
    changes: tuple[TrueChange, ...] = ()
    if kind is not None:
        view = after if kind is ChangeKind.ADDED else before
        view[20:44, 12:40] = 255
        mask[20:44, 12:40] = kind.bit
        box = (12, 20, 40, 44)
        boxes = (None, box) if kind is ChangeKind.ADDED else (box, None)
        changes = (TrueChange(kind, "cone", *boxes),)
    return Pair(f"{kind}-{seed}", before, after, Truth(None, changes, mask))


@pytest.fixture(scope="module")
def loader() -> DataLoader:
    kinds = [ChangeKind.ADDED, ChangeKind.REMOVED, None, ChangeKind.ADDED]
    pairs = [_pair(i, kind) for i, kind in enumerate(kinds)]
    return DataLoader(pairs, batch_size=4, collate_fn=Collate(VOCABULARY))


def _module() -> ChangeModule:
    return ChangeModule(
        tiny_network(), ChangeLoss(), LayerwiseAdamW(3e-3), RECIPE, vocabulary=VOCABULARY
    )


def _trainer(folder, **settings) -> Trainer:
    off = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary"), False)
    return Trainer(
        accelerator="cpu", default_root_dir=folder, num_sanity_val_steps=0, **off, **settings
    )


@pytest.fixture(scope="module")
def trained(loader, tmp_path_factory):
    """A module after a few steps on four pairs, its trainer, and its losses before and after."""
    folder = tmp_path_factory.mktemp("fit")
    module = _module()
    batch = next(iter(loader))
    with torch.no_grad():
        start = float(module.loss(module(batch.before, batch.after), batch).total)
    trainer = _trainer(
        folder, max_epochs=25, check_val_every_n_epoch=25, enable_checkpointing=False
    )
    trainer.fit(module, loader, loader)
    module.train()
    with torch.no_grad():
        end = float(module.loss(module(batch.before, batch.after), batch).total)
    return module, trainer, start, end


def test_the_loss_falls_on_pairs_that_it_sees_again(trained):
    *_, start, end = trained
    assert end < 0.6 * start


def test_validation_logs_the_metrics_by_stage_and_name(trained):
    _, trainer, *_ = trained
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    assert {"train/loss", "val/loss", "val/pixel_ap", "val/auroc"} <= set(logged)
    assert all(np.isfinite(value) for value in logged.values())
    assert logged["val/pixel_ap"] > 0.3


def test_a_training_checkpoint_needs_nothing_else(trained, tmp_path):
    module, trainer, *_ = trained
    path = tmp_path / "whole.ckpt"
    trainer.save_checkpoint(path)
    loaded = read(path)
    assert loaded.recipe == RECIPE
    assert loaded.vocabulary == VOCABULARY
    assert loaded.thresholds == module.thresholds
    views = [torch.from_numpy(noise(s, 64, 64)).permute(2, 0, 1)[None] for s in (0, 1)]
    module.eval()
    with torch.inference_mode():
        torch.testing.assert_close(loaded.network()(*views).kinds, module(*views).kinds)


def test_saving_adds_our_part_alone():
    content: dict = {"state_dict": {}}
    _module().on_save_checkpoint(content)
    assert set(content) == {"state_dict", KEY}
    assert set(content[KEY]) == {"recipe", "vocabulary", "thresholds"}


def test_the_test_loop_reports_and_leaves_the_thresholds(trained, loader, tmp_path):
    module, *_ = trained
    before = module.thresholds
    (metrics,) = _trainer(tmp_path).test(module, loader, verbose=False)
    assert "test/pixel_ap" in metrics
    assert module.thresholds == before


def test_the_predict_loop_gives_one_result_a_row(tmp_path):
    answered = []

    def predictor(rows):
        results = [PairResult(row.pair_id, ViewInfo("b"), ViewInfo("a")) for row in rows]
        answered.append([result.pair_id for result in results])
        return results

    module = ChangeModule(tiny_network(), ChangeLoss(), predictor=predictor)
    rows = [PairRow(str(i), tmp_path / "b", tmp_path / "a") for i in range(3)]
    loader = DataLoader(rows, batch_size=2, collate_fn=list)
    _trainer(tmp_path).predict(module, loader, return_predictions=False)
    assert answered == [["0", "1"], ["2"]]


def test_what_is_missing_for_a_loop_is_said():
    bare = ChangeModule(tiny_network(), ChangeLoss())
    with pytest.raises(ValueError, match="ChangeModule\\(predictor="):
        bare.predict_step([], 0)
    with pytest.raises(ValueError, match="ChangeModule\\(optimizer="):
        bare.configure_optimizers()
