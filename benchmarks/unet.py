"""A plain Siamese U-Net, trained on the same synthetic pairs as our model, to compare it with.

    pip install segmentation-models-pytorch==0.6.0
    python benchmarks/unet.py PHOTOS --annotations INSTANCES.json --split train --minutes 60 \
        --encoder-weights tf_efficientnet_lite0.safetensors --out unet.pt
    python scripts/evaluate.py suite=sbi data=DIR \
        +methods.unet._target_=spotdiff.evaluation.network_file.NetworkFile \
        +methods.unet.target=benchmarks/unet.py:SiameseUNet +methods.unet.weights=unet.pt

segmentation-models-pytorch (MIT) is needed by this file alone and is no dependency of the package;
it takes the torch and timm that are there. The weights are those of timm, inputs in [-1, 1]. The
same command again goes on where it stopped: unet.pt.state holds the rest of a training.

Daudt et al. 2018 (FC-Siam-diff): https://arxiv.org/abs/1810.08462
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from segmentation_models_pytorch import Unet
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.utils.data import DataLoader, Dataset

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.types import IGNORE, Pair
from spotdiff.writers.files import replacing

ENCODER = "tf_efficientnet_lite0"
FIRST_SEED = 1_000_000  # of seed 0: the synthetic pairs that our model is trained on
PAIRS = 100_000_000  # between the first pairs of two seeds, more than any training sees
SAVE_EVERY = 200
TELL_EVERY = 10
WEIGHT_DECAY = 0.01
ENCODER_RATE = 0.1  # of the rate of the decoder, which starts from nothing
MAX_GRADIENT = 1.0
FATE = ("size", "batch", "seed", "rate", "minutes", "steps", "bf16")  # what a training depends on


class SiameseUNet(nn.Module):
    """Both views pass one encoder; the decoder sees the absolute difference of their features.

    So the logits do not change when the views are exchanged.
    """

    def __init__(self) -> None:
        super().__init__()
        unet = Unet(f"tu-{ENCODER}", encoder_weights=None, classes=1)
        self.encoder, self.decoder, self.head = unet.encoder, unet.decoder, unet.segmentation_head

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Logits (b, 1, h, w) of change, of images (b, 3, h, w) in [-1, 1].

        Height and width are multiples of 32.
        """
        maps = self.encoder(torch.cat([before, after]))
        differences = [torch.sub(*views.chunk(2)).abs() for views in maps]
        logits: Tensor = self.head(self.decoder(differences))
        return logits

    def load_encoder(self, path: Path) -> None:
        """Fills the encoder from a state dict of timm; its classifier is left out.

        Raises:
            ValueError: If the file lacks a tensor of the encoder.
        """
        given = load_file(path)
        wanted = self.encoder.model.state_dict()
        if missing := sorted(wanted.keys() - given.keys()):
            raise ValueError(
                f"Expected the weights of {ENCODER} in {path}, but {missing[0]!r} is missing: "
                "give those of timm, with their batch norms."
            )
        self.encoder.model.load_state_dict({name: given[name] for name in wanted})


@dataclass(frozen=True, slots=True)
class Batch:
    """Views (b, 3, h, w) in [-1, 1]; what changed and what is known, (b, 1, h, w) of 0 and 1."""

    before: Tensor
    after: Tensor
    changed: Tensor
    known: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(*(t.to(device) for t in (self.before, self.after, self.changed, self.known)))


class Drawn(Dataset[Pair]):
    """Synthetic pair i has seed first + i."""

    def __init__(self, pairs: SyntheticPairs, first: int) -> None:
        self.pairs = pairs
        self.first = first

    def __getitem__(self, index: int) -> Pair:
        return self.pairs(self.first + index)


def collate(pairs: list[Pair]) -> Batch:
    """A batch of pairs that all have a mask."""
    before, after = (
        torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2).float() / 127.5 - 1
        for views in ([pair.before for pair in pairs], [pair.after for pair in pairs])
    )
    masks = [pair.truth.mask for pair in pairs if pair.truth.mask is not None]
    bits = torch.from_numpy(np.stack(masks))[:, None]
    return Batch(before, after, (bits & ~IGNORE & 255 > 0).float(), (bits & IGNORE == 0).float())


def change_loss(logits: Tensor, changed: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy + dice / 2 where something is known; all are (b, 1, h, w).

    Milletari et al. 2016 (V-Net), eq. 2, for the dice term: https://arxiv.org/abs/1606.04797
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, changed, known, reduction="sum")
    probability, target = logits.sigmoid() * known, changed * known
    dice = (2 * (probability * target).sum() + 1) / (probability.sum() + target.sum() + 1)
    return entropy / known.sum().clamp(min=1) + (1 - dice) / 2


def one_cycle(progress: float, rise: float = 0.1, start: float = 0.04) -> float:
    """Share of the highest rate at a progress in [0, 1]: up from `start`, then down to 0.

    Smith and Topin 2018: https://arxiv.org/abs/1708.07120. Both parts are cosines, and the momentum
    stays as it is.
    """
    if progress < rise:
        return start + (1 - start) * (1 - math.cos(math.pi * progress / rise)) / 2
    return (1 + math.cos(math.pi * (min(1.0, progress) - rise) / (1 - rise))) / 2


@dataclass
class Training:
    """A network on its way, and how far it has come."""

    net: SiameseUNet
    optimizer: AdamW
    asked: argparse.Namespace
    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)

    @property
    def progress(self) -> float:
        """What is done of the time or the steps asked for."""
        if self.asked.steps is not None:
            return self.step / self.asked.steps
        return self.seconds / (60 * self.asked.minutes)

    def take(self, batch: Batch) -> None:
        """One step."""
        share = one_cycle(self.progress)
        for group in self.optimizer.param_groups:
            group["lr"] = share * group["highest"]
        with torch.autocast(batch.before.device.type, torch.bfloat16, enabled=self.asked.bf16):
            logits = self.net(batch.before, batch.after)
        loss = change_loss(logits.float(), batch.changed, batch.known)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), MAX_GRADIENT)
        self.optimizer.step()
        self.step += 1
        self.losses.append(float(loss.detach()))

    def save(self) -> None:
        """The weights, and beside them what it takes to go on."""
        with replacing(self.asked.out) as path:
            torch.save(self.net.state_dict(), path)
        state = {"step": self.step, "seconds": self.seconds, "fate": fate(self.asked)}
        parts = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        with replacing(state_file(self.asked)) as path:
            torch.save(state | parts, path)

    def resume(self) -> None:
        """Goes on from the file, if there is one.

        Raises:
            ValueError: If it belongs to a training with other settings.
        """
        path = state_file(self.asked)
        if not path.is_file():
            return
        state: dict[str, Any] = torch.load(path, map_location=self.asked.device, weights_only=True)
        if state["fate"] != fate(self.asked):
            raise ValueError(
                f"Expected the settings of the training in {path}, {state['fate']}, got "
                f"{fate(self.asked)}: choose another --out, or remove the file."
            )
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        print(f"going on after step {self.step}", flush=True)


def fate(asked: argparse.Namespace) -> dict[str, Any]:
    """The settings that a training depends on, but for its photographs."""
    return {name: getattr(asked, name) for name in FATE}


def state_file(asked: argparse.Namespace) -> Path:
    """Where the rest of a training lies."""
    return asked.out.with_name(f"{asked.out.name}.state")


def begun(asked: argparse.Namespace) -> Training:
    """The training at its start, or where it stopped."""
    torch.manual_seed(asked.seed)
    net = SiameseUNet()
    if asked.encoder_weights is not None:
        net.load_encoder(asked.encoder_weights)
    net.to(asked.device, memory_format=torch.channels_last).train()
    inside = {id(parameter) for parameter in net.encoder.parameters()}
    outside = [parameter for parameter in net.parameters() if id(parameter) not in inside]
    groups = [
        {"params": list(net.encoder.parameters()), "highest": asked.rate * ENCODER_RATE},
        {"params": outside, "highest": asked.rate},
    ]
    training = Training(net, AdamW(groups, asked.rate, weight_decay=WEIGHT_DECAY), asked)
    training.resume()
    return training


def batches(asked: argparse.Namespace, done: int) -> Iterator[Batch]:
    """Fresh pairs without end, after those of the steps that are done."""
    cv2.setNumThreads(1)  # OpenCV's threads do not survive the fork of a worker
    library = PhotoLibrary.from_folder(asked.photos, asked.annotations, asked.split)
    pairs = SyntheticPairs(library, (asked.size, asked.size))
    loader = DataLoader(
        Drawn(pairs, FIRST_SEED + asked.seed * PAIRS),
        batch_size=asked.batch,
        sampler=range(done * asked.batch, PAIRS),
        collate_fn=collate,
        num_workers=asked.workers,
    )
    return iter(loader)


def main() -> None:
    """Trains; prints the mean loss of the last steps and how long a step takes."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    device = torch.device(asked.device)
    training = begun(asked)
    drawn = batches(asked, training.step)
    before = training.seconds
    start = time.perf_counter()
    while training.progress < 1:
        training.take(next(drawn).to(device))
        training.seconds = before + time.perf_counter() - start
        if training.step % TELL_EVERY == 0:
            loss = np.mean(training.losses[-TELL_EVERY:])
            speed = training.seconds / training.step
            print(f"step {training.step} loss {loss:.3f} {speed:.2f} s/step", flush=True)
        if training.step % SAVE_EVERY == 0:
            training.save()
    training.save()
    print(f"{training.step} steps in {training.seconds / 60:.1f} minutes: {asked.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("photos", type=Path, help="folder of photographs")
    add("--annotations", type=Path, help="COCO instances file of that folder")
    add("--split", help="keeps images whose split begins with this word")
    add("--encoder-weights", type=Path, help="state dict of timm's tf_efficientnet_lite0")
    add("--out", type=Path, required=True, help="state dict to write")
    add("--size", type=int, default=256, help="side of the views, in pixels, a multiple of 32")
    add("--batch", type=int, default=8, help="pairs a step")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of training, pairs drawn meanwhile")
    length.add_argument("--steps", type=int)
    add("--seed", type=int, default=0, help="of the decoder's first weights and of the pairs")
    add("--rate", type=float, default=1e-3, help="highest learning rate, of the decoder")
    add("--bf16", action="store_true", help="compute in bfloat16 where it is safe")
    add("--device", default="cpu")
    add("--workers", type=int, default=1, help="processes that draw pairs")
    add("--threads", type=int, help="of torch; all cores if left out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
