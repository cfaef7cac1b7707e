"""The step that draws pairs from photographs and cut-outs; it needs no model."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from spotdiff.building.sample_records import change_cells
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.photos import Photo
from spotdiff.data.swapped_pairs import SwapError, SwappedPairs
from spotdiff.ops.plurals import singular
from spotdiff.ops.seeds import seed_of
from spotdiff.ops.wording import listed, noun_of, sentence
from spotdiff.types import Change, Pair, Plain, Sample
from spotdiff.writers.files import file_name, write_png

PHOTOGRAPH, NUMBER = "photograph", "number"  # cells: what a row is of, and which of its rows it is
_SAID = 4  # sorts of things that a caption names


class Composer:
    """Draws what two captions differ in; a `Step`.

    The photograph of a sample is its `before`, or the first of its images, or none. What is drawn
    becomes its pair; the truth of it is kept in what was made, and in `changes` until another step
    looks for itself.

    Args:
        library: Where photographs and cut-outs come from.
        out: Folder of the pictures.
        seed: Of what is drawn; beside it counts the id of a sample, and nothing else.
        nuisance: Strength of what is no change; 0 for none.
        name: Of the step.
    """

    def __init__(
        self,
        library: PhotoLibrary,
        out: str | Path,
        seed: int = 0,
        nuisance: float = 0.0,
        name: str = "compose",
    ) -> None:
        self.draw = SwappedPairs(library, nuisance=nuisance)
        self.out, self.seed, self.name = Path(out), seed, name
        # once: a walk through all photographs for every sample would be quadratic
        self._photos = frozenset(photo.path for photo in library.photos)
        self._names = library.names
        told = "\n".join(f"{photo.path.name} {len(photo.outlines)}" for photo in library.photos)
        self._sha256 = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The photographs by name and number of objects, the seed, the nuisances."""
        return {
            "library": self._sha256,
            "seed": self.seed,
            "nuisance": self.draw.nuisance,
        }

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples as pairs; one that cannot be drawn says why."""
        return [self._composed(sample) for sample in samples]

    def _composed(self, sample: Sample) -> Sample:
        if sample.swap is None:
            return sample.failed(self.name, "expected captions with one swap: edit them first")
        shown = sample.before or (sample.images[0] if sample.images else None)
        photo = None if shown is None else Path(shown)
        if photo is not None and photo not in self._photos:
            return sample.failed(self.name, f"expected a photograph of the library, got {photo}")
        seed = seed_of(self.seed, sample.id)
        old, new = (_named(words, self._names) for words in (sample.swap.before, sample.swap.after))
        try:
            pair = self.draw(sample.id, seed, old, new, photo)
        except SwapError as error:
            return sample.rejected(self.name, str(error))
        return self._written(sample, pair, seed, old)

    def _written(self, sample: Sample, pair: Pair, seed: int, old: str) -> Sample:
        paths = [self.out / file_name(f"{sample.id}.{v}", ".png") for v in ("before", "after")]
        for path, view in zip(paths, (pair.before, pair.after), strict=True):
            write_png(view, path)
        known = (pair.truth.changes if pair.truth else None) or ()
        changes = tuple(
            Change(c.kind, 1.0, c.label, c.box_before, c.box_after, label_before=old)
            for c in known
            if c.kind
        )
        truth: list[Plain] = [change_cells(change) for change in changes]
        made = {**sample.made, self.name: {**self.settings, "seed": seed, "truth": truth}}
        before, after = map(str, paths)
        return replace(sample, before=before, after=after, changes=changes, made=made)


def captioned(photos: Iterable[Photo], each: int = 1) -> Iterator[Sample]:
    """Photographs with objects that have names as samples: what they show is their caption.

    Named are the sorts of things that take most room, with their number. Photographs that show
    nothing with a name are left out.

    Args:
        photos: With outlines.
        each: Samples of one photograph, for as many edits. Ids are the stems of files, with a
            number from the second on; cells keep both, as all samples of a photograph belong into
            the same part of a data set.
    """
    seen: dict[str, int] = {}
    for photo in photos:
        areas: dict[str, float] = {}
        counts: dict[str, int] = {}
        for outline in photo.outlines:
            if outline.label is not None:
                areas[outline.label] = areas.get(outline.label, 0.0) + outline.area
                counts[outline.label] = counts.get(outline.label, 0) + 1
        told = [
            noun.counted(counts[label])
            for label in sorted(areas, key=lambda label: (-areas[label], label))[:_SAID]
            if (noun := noun_of(label))
        ]
        if told:
            stem, caption = photo.path.stem, sentence([listed(told)])
            for _ in range(each):
                seen[stem] = number = seen.get(stem, 0) + 1
                cells: dict[str, Plain] = {PHOTOGRAPH: stem, NUMBER: number}
                name = stem if number == 1 else f"{stem}-{number}"
                yield Sample(name, images=(str(photo.path),), caption_before=caption, cells=cells)


def _named(words: str, names: Collection[str]) -> str:
    """What a library calls things that a caption names, by number and look perhaps."""
    *describing, last = words.split()
    parts = [*describing, singular(last)]
    shorter = (" ".join(parts[start:]) for start in range(len(parts)))
    return next((name for name in shorter if name in names), " ".join(parts))
