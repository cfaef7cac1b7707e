"""Whether differences of two sets are found where there are some, and where there are none.

    python benchmarks/sets.py --photos DATA/coco_subset/images

Planted: half of the photographs are altered, and the table says which hypothesis comes first, with
its AUROC on the half that nothing was proposed on. Objects: photographs with and without a thing,
by the annotations of COCO; its number is the detector. Null: the photographs are split at random,
a hundred times, and every hypothesis with q of at most 0.05 is a false one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from spotdiff.apps.describing import Describer
from spotdiff.data.folders import pictures
from spotdiff.data.images import read_image
from spotdiff.data.picture_store import PictureStore
from spotdiff.stages.set_difference import SetRules
from spotdiff.types import Detections, Image, ImageSets, ModelInfo, SetItem, SetReport

OBJECTS = ("person", "cup", "car")
SIGNIFICANT = 0.05


def main() -> None:
    """Prints a table of planted differences, one of objects, and what random halves gave."""
    asked = _arguments()
    paths = list(pictures(asked.photos))
    with tempfile.TemporaryDirectory() as folder:
        store = PictureStore(asked.cache)
        _planted(paths, Path(folder), store)
        if asked.annotations is not None:
            _objects(paths, asked.annotations, store)
        _null(paths, asked.seeds, store)


def _darker(image: Image) -> Image:
    return (image * 0.5).astype(np.uint8)


def _blurred(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 3), np.uint8)


def _grey(image: Image) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=-1)


def _warm(image: Image) -> Image:
    return (image * np.array([1.0, 0.9, 0.65])).astype(np.uint8)


def _noisy(image: Image) -> Image:
    rng = np.random.default_rng(image.size)
    return (image + rng.normal(0, 20, image.shape)).clip(0, 255).astype(np.uint8)


def _framed(image: Image) -> Image:
    edge = max(4, min(image.shape[:2]) // 16)
    image = image.copy()
    for side in (np.s_[:edge], np.s_[-edge:], np.s_[:, :edge], np.s_[:, -edge:]):
        image[side] = 255
    return image


def _with_a_ball(image: Image) -> Image:
    """A red ball of a fifth of the smaller side, somewhere."""
    height, width = image.shape[:2]
    rng, radius = np.random.default_rng(image.size), min(height, width) // 5
    place = int(rng.integers(radius, width - radius)), int(rng.integers(radius, height - radius))
    return np.asarray(cv2.circle(image.copy(), place, radius, (220, 25, 30), -1), np.uint8)


ALTERED: dict[str, Callable[[Image], Image]] = {
    "half as bright": _darker,
    "blurred, sigma 3": _blurred,
    "without colour": _grey,
    "warmer": _warm,
    "noise of 20 levels": _noisy,
    "a white frame": _framed,
    "a red ball pasted": _with_a_ball,
}


def _planted(paths: Sequence[Path], folder: Path, store: PictureStore) -> None:
    print("\n| planted | first hypothesis | AUROC | interval | significant of all |")
    print("| --- |" + " --- |" * 4)
    for name, alter in ALTERED.items():
        changed = []
        for path in paths[::2]:
            target = folder / name / f"{path.stem}.png"
            target.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(target), alter(read_image(path))[..., ::-1])
            changed.append(target)
        _row(name, Describer(store=store)(_sets(changed, paths[1::2])))


class Annotated:
    """A detector that knows what people have annotated, by the pixels of a picture."""

    def __init__(self, annotations: Path, paths: Sequence[Path]) -> None:
        told = json.loads(annotations.read_text("utf-8"))
        names = {one["id"]: one["name"] for one in told["categories"]}
        files = {one["id"]: one["file_name"] for one in told["images"]}
        self.info, self.classes = ModelInfo("annotations", "1"), ()
        self.of: dict[str, list[str]] = {path.name: [] for path in paths}
        for one in told["annotations"]:
            self.of.setdefault(files[one["image_id"]], []).append(names[one["category_id"]])
        self.names = {_look(read_image(path)): path.name for path in paths}

    def __call__(self, images: Sequence[Image], names: Sequence[str]) -> list[Detections]:
        """Every annotated object of those names, with certainty."""
        found = []
        for image in images:
            labels = [one for one in self.of[self.names[_look(image)]] if one in names]
            boxes, scores = np.zeros((len(labels), 4), np.float32), np.ones(len(labels), np.float32)
            found.append(Detections(boxes, scores, tuple(labels)))
        return found


def _look(image: Image) -> bytes:
    return image[::16, ::16].tobytes()


def _objects(paths: Sequence[Path], annotations: Path, store: PictureStore) -> None:
    detector = Annotated(annotations, paths)
    names = sorted({name for some in detector.of.values() for name in some})
    print("\n| all with | first hypothesis | AUROC | interval | significant of all |")
    print("| --- |" + " --- |" * 4)
    for name in OBJECTS:
        first = [path for path in paths if name in detector.of[path.name]]
        second = [path for path in paths if name not in detector.of[path.name]]
        describer = Describer(store=store, detector=detector, objects=names)
        _row(name, describer(_sets(first, second)))


def _null(paths: Sequence[Path], seeds: int, store: PictureStore) -> None:
    runs = wrong = told = inside = 0
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(paths)).tolist()
        halves = order[: len(paths) // 2], order[len(paths) // 2 :]
        sets = _sets(*([paths[i] for i in half] for half in halves))
        ranked = Describer(store=store, rules=SetRules(seed=seed))(sets).ranked
        false = sum(one.q <= SIGNIFICANT for one in ranked)
        runs, wrong, told = runs + bool(false), wrong + false, told + len(ranked)
        inside += sum(one.low <= 0.5 <= one.high for one in ranked)
    print(
        f"\nRandom halves, {seeds} times: {wrong} of {told} hypotheses had q of at most "
        f"{SIGNIFICANT}, in {runs} runs; {inside / told:.1%} of the intervals hold 0.5."
    )


def _sets(first: Sequence[Path], second: Sequence[Path]) -> ImageSets:
    one, other = (tuple(SetItem(str(path)) for path in paths) for paths in (first, second))
    return ImageSets(("first", "second"), one, other)


def _row(name: str, report: SetReport) -> None:
    best = report.ranked[0]
    holds = sum(one.q <= SIGNIFICANT for one in report.ranked)
    print(
        f"| {name} | {best.hypothesis.text} | {best.auroc:.3f} | {best.low:.3f}–{best.high:.3f} "
        f"| {holds} of {len(report.ranked)} |",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Differences of two sets, planted and absent.")
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photographs")
    parser.add_argument(
        "--annotations", type=Path, help="of COCO, for sets with and without things"
    )
    parser.add_argument("--cache", type=Path, help="a folder that keeps measures")
    parser.add_argument("--seeds", type=int, default=100, help="of random halves")
    return parser.parse_args()


if __name__ == "__main__":
    main()
