"""How fast images are hashed and grouped, and which copies are found.

    python benchmarks/dedup.py --photos DATA/coco_subset/images
    python benchmarks/dedup.py --only grouping --codes 10000 100000 1000000

Speed: generated JPEGs of two sizes, ours exact, ours fast and `imagededup`, in turns; images/s of
the fastest turn, and the share of bits in which fast differs. Grouping: random codes of which one
in a hundred has a planted neighbour at distance 4 or less. Copies: of every photograph a copy of
each kind, found or missed at some distances, beside the false ones.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from imagededup.methods import PHash

from spotdiff.apps.deduplication import DedupRules, deduplicate
from spotdiff.data.folders import pictures
from spotdiff.data.image_hashing import ImageHasher
from spotdiff.ops.hamming import components, neighbours
from spotdiff.types import ImageRow

TABLES = ("speed", "grouping", "copies")
SIZES = ((480, 640), (3000, 4000))
DISTANCES = (0, 2, 4, 6, 8, 10)


def main() -> None:
    """Prints the tables that are asked for."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        if "speed" in asked.only:
            for size in SIZES:
                _print_speed(Path(folder) / str(size[0]), size, asked)
    if "grouping" in asked.only:
        _print_grouping(asked.codes)
    if "copies" in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            _print_copies(asked.photos, Path(folder), asked.images)


def _print_speed(folder: Path, size: tuple[int, int], asked: argparse.Namespace) -> None:
    count = asked.images if size == SIZES[0] else max(8, asked.images // 16)
    paths = _generated(folder, size, count)
    exact, fast = ImageHasher(mode="exact"), ImageHasher(mode="fast")
    theirs = PHash(verbose=False)
    ways: dict[str, Callable[[], object]] = {
        "imagededup": lambda: theirs.encode_images(str(folder)),
        "spotdiff, exact": lambda: list(exact(paths)),
        "spotdiff, fast": lambda: list(fast(paths)),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(asked.turns):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    best = {name: count / min(own) for name, own in seconds.items()}
    print(
        f"\n{count} JPEGs of {size[1]} x {size[0]}\n\n| | images/s | ratio |\n| --- | --- | --- |"
    )
    for name, speed in best.items():
        print(f"| {name} | {speed:,.1f} | {speed / best['imagededup']:.1f} |", flush=True)
    bits = [[one.bits or 0 for one in hasher(paths)] for hasher in (exact, fast)]
    apart = sum((a ^ b).bit_count() for a, b in zip(*bits, strict=True))
    known = theirs.encode_images(str(folder))
    same = sum(int(known[path.name], 16) == one for path, one in zip(paths, bits[0], strict=True))
    print(
        f"\nexact equals imagededup for {same} of {count}; fast differs in {apart / count / 64:.2%}"
    )


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


def _print_grouping(counts: Sequence[int]) -> None:
    print(
        "\n| codes | seconds | peak of the process, MB | planted, found |\n"
        "| --- | --- | --- | --- |"
    )
    for count in counts:
        codes, planted = _planted(count)
        start = time.perf_counter()
        first = components(neighbours(codes, 4).pairs, count)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = int((first[planted[:, 0]] == first[planted[:, 1]]).sum())
        row = f"{count:,} | {seconds:.2f} | {peak:,.0f} | {found:,} of {len(planted):,}"
        print(f"| {row} |", flush=True)


def _planted(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random codes, and the rows of which the second is the first with up to 4 bits turned."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**64, count, dtype=np.uint64)
    rows = rng.permutation(count)[: 2 * (count // 100)].reshape(-1, 2)
    for one, other in rows:
        flips = rng.permutation(64)[: rng.integers(0, 5)].astype(np.uint64)
        codes[other] = codes[one] ^ np.bitwise_or.reduce(
            np.uint64(1) << flips, initial=np.uint64(0)
        )
    return codes, rows


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
    for name, place in kinds.items():
        shares = [f"{_found(originals, place, distance):.1%}" for distance in DISTANCES]
        print(f"| {name} | {' | '.join(shares)} |", flush=True)
    rows = [ImageRow(str(path), (path,)) for path in originals]
    wrong = [len(rows) - int(_rows_kept(rows, distance)) for distance in DISTANCES]
    print(f"| originals taken for copies | {' | '.join(map(str, wrong))} |")


def _found(originals: Sequence[Path], place: Path, distance: int) -> float:
    """The share of copies that are in one group with their original."""
    copies = sorted(place.glob("*.jpg"))
    rows = [ImageRow(str(path), (path,)) for path in (*originals, *copies)]
    first = deduplicate(rows, DedupRules(max_distance=distance)).first
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
    add("--images", type=int, default=200, help="generated, or photographs to copy")
    add("--turns", type=int, default=3, help="of each way")
    add("--codes", type=int, nargs="+", default=(10_000, 100_000, 1_000_000))
    add("--only", nargs="+", choices=TABLES, default=TABLES)
    asked = parser.parse_args()
    if "copies" in asked.only and asked.photos is None:
        parser.error("expected --photos for copies: a folder of photographs")
    return asked


if __name__ == "__main__":
    main()
