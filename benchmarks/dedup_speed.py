"""How fast files are hashed: ours exact, ours fast, imagededup in one loop and in its own pool.

    python benchmarks/dedup_speed.py --photos DATA/coco_subset/images

JPEGs of two sizes are generated; photographs come beside them. All ways run in turns, each reads
every file anew. A table says the images/s of the fastest turn, and the least processor time of a
picture, which other programs on the machine disturb less. Ratios are to imagededup's single loop.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from imagededup import methods

from spotdiff.data.folders import pictures
from spotdiff.data.image_hashing import ImageHasher
from spotdiff.ops.image_hashes import METHODS

SIZES = ((480, 640), (3000, 4000))
THEIRS = {"phash": "PHash", "dhash": "DHash", "ahash": "AHash", "whash": "WHash"}
LOOP, POOL, EXACT, FAST = "imagededup, loop", "imagededup, pool", "exact", "fast"


def main() -> None:
    """Prints a table for each size of generated pictures, and one for photographs."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            count = asked.images if size == SIZES[0] else max(8, asked.images // 16)
            paths = _generated(Path(folder) / str(size[0]), size, count)
            _print_table(f"{count} JPEGs of {size[1]} x {size[0]}", paths, asked)
        if asked.photos is not None:
            # a folder of links: imagededup's pool takes all that is in a folder
            links = Path(folder) / "photos"
            links.mkdir()
            for path in list(pictures(asked.photos))[: asked.images]:
                (links / path.name).symlink_to(path.resolve())
            paths = sorted(links.iterdir())
            _print_table(f"{len(paths)} photographs", paths, asked)


def _print_table(title: str, paths: Sequence[Path], asked: argparse.Namespace) -> None:
    print(
        f"\n{title}; images/s and times as many as imagededup's loop; processor ms a picture\n\n"
        f"| | {LOOP} | {POOL} | {EXACT} | {FAST} | ms, loop | ms, exact | ms, fast "
        "| exact equals | bits apart, fast |\n| --- |" + " --- |" * 9
    )
    for method in asked.methods:
        ways = _ways(method, paths)
        wall, processor = _least(ways, asked.turns)
        speed = {name: len(paths) / seconds for name, seconds in wall.items()}
        speeds = [f"{speed[LOOP]:,.1f}"]
        speeds += [
            f"{own:,.1f} ({own / speed[LOOP]:.1f}x)"
            for own in (speed[name] for name in (POOL, EXACT, FAST))
        ]
        spent = [f"{1e3 * processor[name] / len(paths):.2f}" for name in (LOOP, EXACT, FAST)]
        print(
            f"| {method} | {' | '.join([*speeds, *spent, *_agreement(method, paths)])} |",
            flush=True,
        )


def _ways(method: str, paths: Sequence[Path]) -> dict[str, Callable[[], object]]:
    theirs = getattr(methods, THEIRS[method])(verbose=False)
    exact, fast = ImageHasher(method), ImageHasher(method, "fast")
    return {
        LOOP: lambda: [theirs.encode_image(image_file=path) for path in paths],
        POOL: lambda: theirs.encode_images(str(paths[0].parent)),
        EXACT: lambda: list(exact(paths)),
        FAST: lambda: list(fast(paths)),
    }


def _least(
    ways: dict[str, Callable[[], object]], turns: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds by the clock and of processors, those of child processes with them."""
    wall, processor = dict.fromkeys(ways, np.inf), dict.fromkeys(ways, np.inf)
    for _ in range(turns):
        for name, way in ways.items():
            start, before = time.perf_counter(), sum(os.times()[:4])
            way()
            wall[name] = min(wall[name], time.perf_counter() - start)
            processor[name] = min(processor[name], sum(os.times()[:4]) - before)
    return wall, processor


def _agreement(method: str, paths: Sequence[Path]) -> tuple[str, str]:
    """For how many pictures exact is imagededup's hash, and the share of bits fast has wrong."""
    theirs = getattr(methods, THEIRS[method])(verbose=False)
    known = [int(theirs.encode_image(image_file=path), 16) for path in paths]
    exact, fast = (
        [item.bits or 0 for item in ImageHasher(method, mode)(paths)] for mode in ("exact", "fast")
    )
    same = sum(a == b for a, b in zip(known, exact, strict=True))
    apart = sum((a ^ b).bit_count() for a, b in zip(known, fast, strict=True))
    return f"{same} of {len(paths)}", f"{apart / len(paths) / 64:.2%}"


def _generated(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """Pictures of smooth structure and grain, as photographs have."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 256, (24, 32, 3)).astype(np.uint8)
        image = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        grain = rng.integers(0, 24, size).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), cv2.add(image, cv2.merge([grain] * 3)))
    return sorted(folder.glob("*.jpg"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--photos", type=Path, help="a folder of photographs")
    add("--images", type=int, default=200, help="generated, or photographs at most")
    add("--turns", type=int, default=5, help="of each way")
    add("--methods", nargs="+", choices=METHODS, default=METHODS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
