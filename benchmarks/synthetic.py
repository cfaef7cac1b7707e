"""How many synthetic pairs one core draws in a second.

    python benchmarks/synthetic.py PHOTOS --annotations INSTANCES.json --size 256 --pairs 200

Without PHOTOS the pairs are procedural. Photographs are decoded once before the clock starts, as
in a training that has run for a while; the time is that of the processor, so that other programs
on the machine disturb it less.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import cv2

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.synthetic import SyntheticPairs


def main() -> None:
    """Prints pairs per second and core: the slowest, the median and the fastest repeat."""
    asked = _arguments()
    cv2.setNumThreads(1)
    library = PhotoLibrary.procedural()
    if asked.photos is not None:
        library = PhotoLibrary.from_folder(asked.photos, asked.annotations, asked.split)
        library.warm()
    pairs = SyntheticPairs(library, (asked.size, asked.size))
    for seed in range(20):
        pairs(seed)
    speeds = sorted(_speed(pairs, asked.pairs, 1000 * (1 + i)) for i in range(asked.repeats))
    print(f"{len(library.photos)} photographs, {asked.size}x{asked.size}, {asked.pairs} pairs")
    print(f"{'min':>8} {'median':>8} {'max':>8}   pairs/s and core")
    print(f"{speeds[0]:8.1f} {statistics.median(speeds):8.1f} {speeds[-1]:8.1f}")


def _speed(pairs: SyntheticPairs, count: int, first_seed: int) -> float:
    start = time.process_time()
    for seed in range(first_seed, first_seed + count):
        pairs(seed)
    return count / (time.process_time() - start)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="?", type=Path, help="folder of photographs")
    parser.add_argument("--annotations", type=Path, help="COCO instances file of that folder")
    parser.add_argument("--split", help="keeps images whose split begins with this word")
    parser.add_argument("--size", type=int, default=256, help="side of the views, in pixels")
    parser.add_argument("--pairs", type=int, default=200, help="pairs per repeat")
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
