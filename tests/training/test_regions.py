"""The module that trains names of regions: only the head learns, its average is kept."""

from functools import partial

import pytest
import torch
from lightning import Trainer
from torch.utils.data import DataLoader

from spotdiff.models.batch import RegionBatch
from spotdiff.models.regions import RegionHead
from spotdiff.training.optimizers import LayerwiseAdamW
from spotdiff.training.region_loss import RegionLoss
from spotdiff.training.regions import RegionModule
from tests.fakes import tiny_network


def _batch(seed: int) -> RegionBatch:
    """Bright windows are of label 0, dark ones of label 1; lists name what a pair has."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (8,), generator=generator)
    after = (200 - 180 * labels)[:, None, None, None].expand(8, 3, 32, 32).to(torch.uint8)
    words = torch.zeros(4, 2)
    owner = torch.arange(4).repeat_interleave(2)
    words[owner, labels] = 1
    return RegionBatch(
        before=torch.full_like(after, 110),
        after=after.contiguous(),
        owner=owner,
        kinds=torch.zeros(8, dtype=torch.long),
        words=words[:, None].repeat(1, 3, 1),
        has_kinds=torch.zeros(4, dtype=torch.bool),
        targets=torch.full((8,), -1),
    )


def _module(**options: object) -> RegionModule:
    net = tiny_network(0)
    torch.manual_seed(0)
    net.regions = RegionHead(("bright", "dark"), side=32, width=8)
    return RegionModule(net, RegionLoss(), LayerwiseAdamW(lr=5e-3), **options)  # type: ignore[arg-type]


def _fit(module: RegionModule, steps: int, tmp_path) -> None:
    batches = [_batch(seed) for seed in range(steps)]
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(module, DataLoader(batches, batch_size=None))


def test_lists_of_words_teach_which_region_is_which_and_nothing_else_moves(tmp_path):
    module = _module(decay=0.9)
    rest = {k: v.clone() for k, v in module.net.state_dict().items() if "regions" not in k}
    _fit(module, 60, tmp_path)
    for name, value in rest.items():
        assert torch.equal(module.net.state_dict()[name], value), name
    test = _batch(999)
    with torch.inference_mode():
        said = module.logits(test).argmax(dim=1)
    assert torch.equal(said, (test.after[:, 0, 0, 0] < 110).long())


def test_the_average_is_what_is_kept(tmp_path):
    module = _module()
    _fit(module, 3, tmp_path)
    assert module.net.regions is module.teacher
    assert not module.net.training


def test_the_teacher_speaks_from_its_share_of_the_steps_on(tmp_path):
    heard = []

    class Listening(RegionLoss):
        def forward(self, logits, batch, teacher=None):
            heard.append(teacher is not None)
            return super().forward(logits, batch, teacher)

    module = _module(warmup=0.5)
    module.loss = Listening(teacher=0.5)
    _fit(module, 6, tmp_path)
    assert heard == [False] * 3 + [True] * 3


def test_a_network_without_a_head_is_refused():
    with pytest.raises(ValueError, match="region head"):
        RegionModule(tiny_network(0), RegionLoss(), partial(LayerwiseAdamW()))
