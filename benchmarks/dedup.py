"""How fast hashes are grouped, and which copies are found; dedup_speed.py times hashing.

    python benchmarks/dedup.py --photos DATA/coco_subset/images
    python benchmarks/dedup.py --only grouping --codes 10000 100000 1000000 10000000

Grouping: columns of random codes, in which one row in a hundred shows what another one shows; a
process a line, seconds of its one core. Copies: of every photograph a copy of each kind, found or
missed at some distances, beside the false ones.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from spotdiff.apps.deduplication import DedupRules, deduplicate
from spotdiff.data.folders import pictures
from spotdiff.ops.keepers import kept_of
from spotdiff.stages.deduplication import Sameness
from spotdiff.types import ImageRow, RowHashes

TABLES = ("grouping", "copies")
DISTANCES = (0, 2, 4, 6, 8, 10)


def main() -> None:
    """Prints the tables that are asked for."""
    asked = _arguments()
    if "grouping" in asked.only:
        _print_grouping(asked.codes)
    if "group" in asked.only:
        _print_group(asked.codes[0], asked.way)
    if "copies" in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            _print_copies(asked.photos, Path(folder), asked.images)


def _print_grouping(counts: Sequence[int]) -> None:
    """A process for each line, so that its peak is its own."""
    print(
        "\n| rows | compared | seconds | columns, MB | bytes a row | peak of the process, MB | "
        "planted, found |\n| --- | --- | --- | --- | --- | --- | --- |",
        flush=True,
    )
    for way in WAYS:
        for count in counts:
            words = [sys.executable, __file__, "--only", "group", "--codes", str(count)]
            subprocess.run([*words, "--way", way], check=True)


def _print_group(count: int, way: str) -> None:
    images, sameness = WAYS[way]
    rows, planted = _planted(count, images, sameness, "texts" in way)
    start = time.process_time()
    first = sameness.groups(rows)
    kept_of(first, "largest", rows.areas, rows.sharpness)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = int((first[planted[:, 0]] == first[planted[:, 1]]).sum())
    size = rows.nbytes
    told = f"{size / 2**20:,.1f} | {size / count:.0f} | {peak:,.0f}"
    print(
        f"| {count:,} | {way} | {seconds:.2f} | {told} | {found:,} of {len(planted):,} |",
        flush=True,
    )


def _planted(
    count: int, images: int, sameness: Sameness, worded: bool
) -> tuple[RowHashes, np.ndarray]:
    """Rows of random codes, and pairs of rows of which the second shows what the first shows."""
    rng = np.random.default_rng(0)
    codes, mirrored = rng.integers(0, 2**64, (2, count, images), dtype=np.uint64)
    planted = rng.choice(count, (count // 100, 2), replace=False)
    one, other = planted.T
    there = mirrored if sameness.mirrored else codes
    there[other] = codes[one] ^ _flips(rng, (len(one), images), sameness.max_distance)
    texts = rng.integers(0, 256, (count, 16), dtype=np.uint8) if worded else None
    if texts is not None:
        texts[other] = texts[one]
    rows = RowHashes(
        np.full(count, images, np.int32),
        np.ones(count, bool),
        rng.integers(1, 1 << 24, count),
        rng.random(count),
        np.arange(count, dtype=np.uint64),
        codes.ravel(),
        mirrored.ravel(),
        np.zeros(count * images, bool),
        np.full((count * images, 3), 90, np.uint8),
        texts,
    )
    return rows, planted


def _flips(rng: np.random.Generator, shape: tuple[int, int], most: int) -> np.ndarray:
    """Codes of at most so many bits."""
    bits = rng.integers(0, 64, (most, *shape)).astype(np.uint64)
    return np.bitwise_or.reduce(np.uint64(1) << bits, axis=0, initial=np.uint64(0))


def _print_copies(photos: Path, folder: Path, count: int) -> None:
    originals = list(pictures(photos))[:count]
    kinds = {name: folder / name for name in KINDS}
    for place in kinds.values():
        place.mkdir()
    for number, path in enumerate(originals):
        image = cv2.imread(str(path))
        for name, change in KINDS.items():
            change(image, path, kinds[name] / f"{number:05d}.jpg")
    print(f"\n{len(originals)} photographs, each with a copy of each kind; share of copies found\n")
    print(f"| phash, max_distance | {' | '.join(map(str, DISTANCES))} |")
    print(f"| --- |{' --- |' * len(DISTANCES)}")
    asked = [(name, place, False) for name, place in kinds.items()]
    asked.append(("mirrored, with mirrored=true", kinds["mirrored"], True))
    for name, place, mirrored in asked:
        rules = [DedupRules(max_distance=distance, mirrored=mirrored) for distance in DISTANCES]
        shares = [f"{_found(originals, place, rule):.1%}" for rule in rules]
        print(f"| {name} | {' | '.join(shares)} |", flush=True)
    rows = [ImageRow(str(path), (path,)) for path in originals]
    wrong = [len(rows) - int(_rows_kept(rows, distance)) for distance in DISTANCES]
    print(f"| originals taken for copies | {' | '.join(map(str, wrong))} |")


def _found(originals: Sequence[Path], place: Path, rules: DedupRules) -> float:
    """The share of copies that are in one group with their original."""
    copies = sorted(place.glob("*.jpg"))
    rows = [ImageRow(str(path), (path,)) for path in (*originals, *copies)]
    first = deduplicate(rows, rules).first
    return float((first[: len(copies)] == first[len(originals) :]).mean())


def _rows_kept(rows: Sequence[ImageRow], distance: int) -> int:
    return int(deduplicate(rows, DedupRules(max_distance=distance)).stays.sum())


def _encoded(image: np.ndarray, path: Path, target: Path) -> None:
    del path
    cv2.imwrite(str(target), image, [cv2.IMWRITE_JPEG_QUALITY, 50])


def _resized(image: np.ndarray, path: Path, target: Path) -> None:
    del path
    cv2.imwrite(str(target), cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _cropped(image: np.ndarray, path: Path, target: Path) -> None:
    del path
    down, right = (round(side * 0.02) for side in image.shape[:2])
    cv2.imwrite(str(target), image[down:, right:])


def _flipped(image: np.ndarray, path: Path, target: Path) -> None:
    del path
    cv2.imwrite(str(target), image[:, ::-1])


def _copied(image: np.ndarray, path: Path, target: Path) -> None:
    del image
    shutil.copy(path, target)


# what is compared: images of a row, and when rows are the same
WAYS: dict[str, tuple[int, Sameness]] = {
    "equal": (1, Sameness()),
    "equal, and their texts": (1, Sameness()),
    "within 4 bits": (1, Sameness(4)),
    "within 4 bits, or mirrored": (1, Sameness(4, mirrored=True)),
    "within 4 bits, two images": (2, Sameness(4)),
}

KINDS: dict[str, Callable[[np.ndarray, Path, Path], None]] = {
    "the same file": _copied,
    "encoded anew, quality 50": _encoded,
    "half the size": _resized,
    "2 % cut off above and left": _cropped,
    "mirrored": _flipped,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--photos", type=Path, help="a folder of photographs, for copies")
    add("--images", type=int, default=200, help="photographs to copy")
    add("--codes", type=int, nargs="+", default=(10_000, 100_000, 1_000_000))
    add("--only", nargs="+", choices=(*TABLES, "group"), default=TABLES)
    add("--way", choices=WAYS, default="equal", help="of group: one line of grouping")
    asked = parser.parse_args()
    if "copies" in asked.only and asked.photos is None:
        parser.error("expected --photos for copies: a folder of photographs")
    return asked


if __name__ == "__main__":
    main()
