"""What a GPU answers and how fast: the model that ships, training, experts and stages.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --only answers speed
    python benchmarks/gpu.py --device cpu --tiny

Answers: the shipped model in every way to compute it, against float32 on the CPU. Speed: the bare
network by batch size, then all of predict from files to records, with its parts. Training: steps
of experiment=siamese from random weights by the trainer and the loaders that train.py takes.
Stages: experts with random weights, of published size but for --tiny, and the stages that ask them,
beside the CPU. Clocks are events of the card, or wait for it; medians after some turns to warm up.
How busy the card was is the sum of its kernels and copies, from a run of their own under the
profiler. With `--device cpu` the same code runs where there is no GPU, to see that it does.
"""

from __future__ import annotations

import argparse
import logging
import sys

import torch
from gpu_answers import print_answers
from gpu_clock import named
from gpu_speed import print_network, print_whole
from gpu_stages import print_stages
from gpu_training import print_training

TABLES = ("answers", "speed", "training", "stages")


def main() -> None:
    """Prints the tables that are asked for."""
    asked = _arguments()
    if asked.device != "cpu" and not torch.cuda.is_available():
        sys.exit(
            "Expected a GPU that torch can use, found none: --device cpu --tiny tries the code."
        )
    logging.getLogger("spotdiff").setLevel(logging.ERROR)
    print(f"{named(asked.device)}, torch {torch.__version__}")
    size = (96, 128) if asked.tiny else (480, 640)
    if "answers" in asked.only:
        print_answers(asked.device, 3 if asked.tiny else asked.pairs, size)
    if "speed" in asked.only:
        batches = (1, 2) if asked.tiny else (1, 2, 3, 4, 8, 16, 32)
        print_network(asked.device, batches, size, 2 if asked.tiny else 20)
        settings = [(2, 2)] if asked.tiny else [(1, 2), (4, 2), (16, 2), (16, 8)]
        print_whole(asked.device, size, 8 if asked.tiny else 2 * asked.pairs, settings)
    if "training" in asked.only:
        steps, warm_up = (2, 1) if asked.tiny else (20, 10)
        print_training(asked.device, steps, warm_up, asked.overrides)
    if "stages" in asked.only:
        print_stages(asked.device, 2 if asked.tiny else 4, size, asked.tiny)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("overrides", nargs="*", default=[], help="of training, as for train.py")
    add("--only", nargs="+", default=TABLES, choices=TABLES)
    add("--device", default="cuda", choices=("cuda", "cpu"))
    add("--pairs", type=int, default=48, help="whose answers are compared")
    add("--tiny", action="store_true", help="a few small pairs, to try the code")
    asked = parser.parse_args()
    if asked.tiny and not asked.overrides:
        asked.overrides = ["model=tiny", "data.module.batch_size=2", "data.module.num_workers=1"]
    return asked


if __name__ == "__main__":
    main()
