"""The anchors that carry cosines of our own encoders to the scale of CLIP ViT-B/32.

    python benchmarks/similarity_scale.py --pairs 200
    python benchmarks/similarity_scale.py --photos P --annotations P/instances.json --split train

Published thresholds mean: views less alike than 0.90 show different places, views more alike than
0.98 hold no change, regions less alike than 0.85 differ. So, for conf/similarity/siamese.yaml,

* 0.90 goes to the cosine that 95 % of pairs of different photographs stay below;
* 0.98 goes halfway from the largest cosine of a changed synthetic pair to 1, to lose none of them;
* 0.85 goes to the cosine that best parts changed regions (the true boxes) from unchanged ones
  (random boxes of the same sizes that touch no true one), by balanced accuracy.

Without --photos, everything is drawn: grounds and shapes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from spotdiff.apps.own_experts import siamese_embedder
from spotdiff.apps.places import travelling
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.ops.boxes import iou
from spotdiff.stages.similarity import Similarity
from spotdiff.types import Boxes, Pair

QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
TRIES = 20  # to find a place for an unchanged region


@dataclass(frozen=True)
class Cosines:
    """What was seen; a value a pair, or a value a region."""

    elsewhere: np.ndarray
    changed: np.ndarray
    unchanged: np.ndarray
    changed_regions: np.ndarray
    unchanged_regions: np.ndarray


@dataclass(frozen=True)
class Anchors:
    """The cosines that become 0.90 and 0.98 for views, and 0.85 for regions."""

    lower: float
    upper: float
    limit: float

    @classmethod
    def kept(cls) -> Anchors:
        """Those in use."""
        path = travelling("conf") / "similarity" / "siamese.yaml"
        values = yaml.safe_load(path.read_text("utf-8"))
        whole, region = ({y: x for x, y in values[f"{k}_scale"]} for k in ("whole", "region"))
        return cls(whole[0.90], whole[0.98], region[0.85])


def main() -> None:
    """Prints the anchors, and what they part."""
    asked = _arguments()
    library = PhotoLibrary.procedural()
    if asked.photos is not None:
        library = PhotoLibrary.from_folder(asked.photos, asked.annotations, asked.split)
    similarity = Similarity(siamese_embedder(asked.ckpt))
    seen = observed(asked, library, similarity)
    limit, accuracy = parting(seen.changed_regions, seen.unchanged_regions)
    fitted = Anchors(
        float(np.quantile(seen.elsewhere, 0.95)), (1 + float(seen.changed.max())) / 2, limit
    )
    print(
        f"{asked.pairs} synthetic pairs of {asked.size[1]}x{asked.size[0]} and {asked.pairs} of "
        f"different {'photographs' if library.photos else 'drawn grounds'}, "
        f"{similarity.info.name}\n"
    )
    _print_cosines(seen)
    _print_losses(seen, {"fitted": fitted, "conf/similarity/siamese.yaml": Anchors.kept()})
    print(
        f"Regions: AUROC {auroc(seen.changed_regions, seen.unchanged_regions):.3f}, balanced "
        f"accuracy {accuracy:.3f} at the fitted anchor\n"
    )
    print(
        f"whole_scale: [[-1, -1], [{fitted.lower:.4f}, 0.90], [{fitted.upper:.4f}, 0.98], [1, 1]]"
    )
    print(f"region_scale: [[-1, -1], [{fitted.limit:.4f}, 0.85], [1, 1]]")


def observed(asked: argparse.Namespace, library: PhotoLibrary, similarity: Similarity) -> Cosines:
    """The cosines of pairs and of regions."""
    draw = SyntheticPairs(library, tuple(asked.size))
    rng = np.random.default_rng(0)
    wholes: dict[bool, list[float]] = {True: [], False: []}
    regions: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for seed in range(asked.pairs):
        pair = draw(seed)
        changed = true_boxes(pair)
        wholes[len(changed) > 0].append(float(similarity.whole([pair])[0]))
        boxes = (changed, elsewhere(changed, pair.after.shape[:2], rng))
        for kind, found in zip((True, False), similarity.regions([pair] * 2, boxes), strict=True):
            regions[kind].append(found)
    strangers = [similarity.whole([pair])[0] for pair in strange_pairs(asked, library)]
    return Cosines(
        np.array(strangers),
        np.array(wholes[True]),
        np.array(wholes[False]),
        np.concatenate(regions[True]),
        np.concatenate(regions[False]),
    )


def true_boxes(pair: Pair) -> Boxes:
    """Where the views of a pair differ, each place once."""
    boxes = {
        box
        for change in pair.truth.changes or ()
        for box in (change.box_before, change.box_after)
        if box is not None
    }
    return np.array(sorted(boxes), np.float32).reshape(-1, 4)


def elsewhere(boxes: Boxes, size: tuple[int, int], rng: np.random.Generator) -> Boxes:
    """A box of the size of each that touches none of them; none where there is hardly a place."""
    found = []
    for box in boxes:
        extent = box[2:] - box[:2]
        starts = rng.uniform(0, 1, (TRIES, 2)) * (np.array(size[::-1]) - extent)
        placed = np.concatenate([starts, starts + extent], axis=1).astype(np.float32)
        free = placed[(iou(placed, boxes) == 0).all(axis=1)]
        found.extend(free[:1])
    return np.array(found, np.float32).reshape(-1, 4)


def strange_pairs(asked: argparse.Namespace, library: PhotoLibrary) -> Iterator[Pair]:
    """Views of different photographs, or different drawn grounds."""
    rng = np.random.default_rng(1)
    size = tuple(asked.size)
    for number in range(asked.pairs):
        one = two = library
        if library.photos:
            chosen = rng.choice(len(library.photos), 2, replace=False)
            one, two = (PhotoLibrary([library.photos[place]]) for place in chosen)
        yield Pair(str(number), one.background(rng, size), two.background(rng, size))


def parting(changed: np.ndarray, unchanged: np.ndarray) -> tuple[float, float]:
    """The cosine below which most changed and fewest unchanged regions lie, and the mean of both.

    Example:
        >>> parting(np.array([0.1, 0.2, 0.8, 0.8]), np.array([0.6, 0.9]))
        (0.4, 0.75)
    """
    values = np.unique(np.concatenate([changed, unchanged]))
    limits = (values[1:] + values[:-1]) / 2
    found = np.searchsorted(np.sort(changed), limits) / len(changed)
    spared = 1 - np.searchsorted(np.sort(unchanged), limits) / len(unchanged)
    balanced = (found + spared) / 2
    best = int(balanced.argmax())
    return float(limits[best]), float(balanced[best])


def auroc(changed: np.ndarray, unchanged: np.ndarray) -> float:
    """How often a changed region is less alike than an unchanged one; ties count half.

    Example:
        >>> auroc(np.array([0.1, 0.8]), np.array([0.6, 0.8]))
        0.625
    """
    ordered = np.sort(unchanged)
    above = len(ordered) - np.searchsorted(ordered, changed, side="right")
    level = len(ordered) - np.searchsorted(ordered, changed) - above
    return float((above + level / 2).mean() / len(ordered))


def _print_cosines(seen: Cosines) -> None:
    print("| cosine | number | min | 5 % | median | 95 % | max |\n|" + " --- |" * 7)
    rows = {
        "views, different places": seen.elsewhere,
        "views, same place, changed": seen.changed,
        "views, same place, unchanged": seen.unchanged,
        "regions, changed": seen.changed_regions,
        "regions, unchanged": seen.unchanged_regions,
    }
    for name, values in rows.items():
        quantiles = " | ".join(f"{value:.4f}" for value in np.quantile(values, QUANTILES))
        print(f"| {name} | {len(values)} | {quantiles} |")


def _print_losses(seen: Cosines, scales: Mapping[str, Anchors]) -> None:
    same = np.concatenate([seen.changed, seen.unchanged])
    lines = {
        "anchors": [f"{a.lower:.4f}, {a.upper:.4f}, {a.limit:.4f}" for a in scales.values()],
        "same place, taken for another": [share(same <= a.lower) for a in scales.values()],
        "of these, changed": [share(seen.changed <= a.lower) for a in scales.values()],
        "different places, let through": [
            share((seen.elsewhere > a.lower) & (seen.elsewhere < a.upper)) for a in scales.values()
        ],
        "changed, taken for unchanged": [share(seen.changed >= a.upper) for a in scales.values()],
        "unchanged, stopped as too alike": [
            share(seen.unchanged >= a.upper) for a in scales.values()
        ],
        "changed regions, lost": [share(seen.changed_regions >= a.limit) for a in scales.values()],
        "unchanged regions, let through": [
            share(seen.unchanged_regions < a.limit) for a in scales.values()
        ],
    }
    print(f"\n| at the anchors | {' | '.join(scales)} |\n| --- |{' --- |' * len(scales)}")
    for name, values in lines.items():
        print(f"| {name} | {' | '.join(values)} |")
    print()


def share(lost: np.ndarray) -> str:
    """Of how many it is true."""
    return f"{lost.mean():.1%}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--ckpt", help="checkpoint; the shipped one if left out")
    add("--photos", type=Path, help="folder of photographs; drawn grounds if left out")
    add("--annotations", type=Path, help="COCO outlines of things to cut out of them")
    add("--split", help="of the annotations")
    add("--pairs", type=int, default=200)
    add("--size", type=int, nargs=2, default=(256, 256), help="height and width")
    return parser.parse_args()


if __name__ == "__main__":
    main()
