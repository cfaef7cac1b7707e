"""The step that makes pairs of single pictures: one thing is taken out of each.

Jiao et al. 2024 (Img-Diff), the branch of object removal: https://arxiv.org/abs/2408.04594
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from spotdiff.building.drawn_files import drawn_path, key_of
from spotdiff.building.opened import READERS, open_images
from spotdiff.building.outlined_things import OutlinedThings
from spotdiff.building.removable import Removable, RemovalRules
from spotdiff.building.score_filter import told
from spotdiff.contracts import ImageCaptioner, Inpainter, Proposer, RegionTextScorer
from spotdiff.types import Change, ChangeKind, Detections, Image, Plain, Sample
from spotdiff.writers.files import write_png


class Removal:
    """Takes a thing out of the picture of a sample: before shows it, after does not; a `Step`.

    Things are tried one after another, the best first, until one is gone as far as the rules see.
    What became of the pair is known for certain: the change is removed and lies in `box_before`.

    Args:
        inpainter: Paints over.
        things: Finds things, in pictures or of files; masks where it gives them, else boxes.
        out: Folder of the pictures.
        image_captioner: Says what a thing is, and what its place shows afterwards.
        matcher: Whether a thing shows its caption, and its place does not afterwards. Without a
            captioner the label of the region is its caption.
        rules: Which things, and when they are gone.
        readers: Threads that decode.
        name: Of the step.
    """

    def __init__(
        self,
        inpainter: Inpainter,
        things: Proposer | OutlinedThings,
        out: Path | str,
        image_captioner: ImageCaptioner | None = None,
        matcher: RegionTextScorer | None = None,
        rules: RemovalRules | None = None,
        readers: int = READERS,
        name: str = "removal",
    ) -> None:
        self.inpainter, self.things, self.out = inpainter, things, Path(out)
        self.image_captioner, self.matcher = image_captioner, matcher
        self.rules = rules or RemovalRules()
        self.readers, self.name = readers, name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """The models and the rules."""
        captioner, matcher = self.image_captioner, self.matcher
        return {
            "inpainter": dict(self.inpainter.settings),
            "things": told(self.things.info),
            "image_captioner": None if captioner is None else told(captioner.info),
            "matcher": None if matcher is None else told(matcher.info),
            "rules": asdict(self.rules),
        }

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples as pairs; where no thing could be taken out, the best one says why."""
        done = list(samples)
        pending: dict[int, _Case] = {}
        for row, case in enumerate(self._cases(samples)):
            if isinstance(case, _Case):
                pending[row] = case
            else:
                done[row] = case
        for attempt in range(self.rules.attempts):
            rows = [row for row, case in pending.items() if attempt < len(case.things)]
            trials = [_Trial(pending[row], pending[row].things[attempt]) for row in rows]
            for row, sample in zip(rows, self._tried(trials), strict=True):
                if sample.verdict is None:
                    done[row] = sample
                    del pending[row]
                elif attempt == 0:
                    done[row] = sample
        return done

    def _cases(self, samples: Sequence[Sample]) -> list[_Case | Sample]:
        """The things of every picture, or the sample with its verdict."""
        names = [sample.before or (sample.images or (None,))[0] for sample in samples]
        opened = open_images((name for name in names if name is not None), self.readers)
        images = {name: i for name, i in opened.items() if not isinstance(i, str)}
        things = {
            name: self.rules.things(regions, images[name].shape[:2])
            for name, regions in zip(images, self._regions(images), strict=True)
        }
        found: list[_Case | Sample] = []
        for sample, name in zip(samples, names, strict=True):
            image = "there is no picture" if name is None else opened[name]
            if name is None or isinstance(image, str):
                found.append(sample.failed(self.name, str(image)))
            elif not things[name]:
                reason = "no region has the size of a thing that can be taken out"
                found.append(sample.rejected(self.name, reason))
            else:
                found.append(_Case(sample, name, image, tuple(things[name])))
        return found

    def _regions(self, images: Mapping[str, Image]) -> list[Detections]:
        """What is found in pictures, by their files."""
        if isinstance(self.things, OutlinedThings):
            return self.things.of_files(list(images), list(images.values()))
        return self.things(list(images.values())) if images else []

    def _tried(self, trials: Sequence[_Trial]) -> list[Sample]:
        """The samples without the thing of their trial, or with the verdict on it."""
        if not trials:
            return []
        images = [trial.case.image for trial in trials]
        afters = self.inpainter(images, [trial.thing.mask for trial in trials])
        texts = self._texts(trials)
        matches = self._matches(trials, afters, texts)
        tried = [self._judged(*one) for one in zip(trials, afters, texts, matches, strict=True)]
        good = [row for row, sample in enumerate(tried) if sample.verdict is None]
        shown = self._captions([trials[row].thing.crop(afters[row]) for row in good])
        for row, caption in zip(good, shown, strict=True):
            both = None if caption is None else (texts[row] or "", caption)
            tried[row] = self._pair(tried[row], trials[row], afters[row], both)
        return tried

    def _captions(self, images: Sequence[Image]) -> list[str | None]:
        captioner = self.image_captioner
        return list(captioner(images)) if captioner and images else [None] * len(images)

    def _texts(self, trials: Sequence[_Trial]) -> list[str | None]:
        """What every thing is, as far as anybody says it."""
        if self.image_captioner is None:
            return [trial.thing.label for trial in trials]
        return self._captions([trial.thing.crop(trial.case.image) for trial in trials])

    def _matches(
        self, trials: Sequence[_Trial], afters: Sequence[Image], texts: Sequence[str | None]
    ) -> list[tuple[float, float] | None]:
        """How well every place shows the text of its thing, before and after."""
        matcher = self.matcher
        if matcher is None:
            return [None] * len(trials)
        boxes, said = [t.thing.as_boxes for t in trials], [[text] if text else [] for text in texts]
        both = [matcher(i, boxes, said) for i in ([t.case.image for t in trials], afters)]
        return [
            (float(one[0, 0]), float(other[0, 0])) if text else None
            for text, one, other in zip(texts, *both, strict=True)
        ]

    def _judged(
        self, trial: _Trial, after: Image, text: str | None, match: tuple[float, float] | None
    ) -> Sample:
        """The sample with its verdict, or with what was measured."""
        sample = trial.case.sample
        if self.matcher is not None and match is None:
            return sample.failed(self.name, "nothing says what the thing is: give image_captioner")
        difference = np.abs(after.astype(np.int16) - trial.case.image)
        contrast = float(difference[trial.thing.mask > 0].mean())
        found = self.rules.objection(contrast, text, match)
        if found is not None:
            return sample.rejected(self.name, found.reason, found.score, found.threshold)
        measured: Plain = None if match is None else list(match)
        made = {**self.settings, "contrast": contrast, "match": measured}
        return replace(sample, made={**sample.made, self.name: made})

    def _pair(
        self, sample: Sample, trial: _Trial, after: Image, captions: tuple[str, str] | None
    ) -> Sample:
        """The sample with both views and the thing that is gone; after lies in its file."""
        case, thing = trial.case, trial.thing
        pixels = [hashlib.sha256(a.tobytes()).hexdigest() for a in (case.image, thing.mask)]
        key = key_of(sample.id, dict(self.inpainter.settings), *pixels)
        path = drawn_path(self.out, sample.id, key, "after")
        write_png(after, path)
        change = Change(
            ChangeKind.REMOVED, thing.score, thing.label, thing.box, region_captions=captions
        )
        return replace(sample, before=case.path, after=str(path), changes=(change,))


@dataclass(frozen=True, slots=True)
class _Case:
    """A sample, its picture, and the things that are tried."""

    sample: Sample
    path: str
    image: Image
    things: tuple[Removable, ...]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One thing of a case."""

    case: _Case
    thing: Removable
