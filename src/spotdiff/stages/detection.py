"""Objects of single images by several detectors and several looks, fused into one list.

A detector looks at an image once, whatever is asked about its answer later: what it said is kept
by the content of the image and the identity of the detector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np

from spotdiff.contracts import Detector, EvidenceStore
from spotdiff.labels import Meanings, Vocabulary
from spotdiff.ops.fingerprints import of_words
from spotdiff.ops.fusion import Rescale, fuse
from spotdiff.stages.looks import Tta, looks
from spotdiff.types import Detections, Image


class DetectorFailed(RuntimeError):  # noqa: N818 it happened
    """A detector could not look at images; says which one and why."""


@dataclass(frozen=True, slots=True)
class Voting:
    """How the boxes of several detectors and looks become one list; see `fuse`.

    Attributes:
        weights: Of detectors by their name, in the mean of boxes; 1 where none is given.
        min_score: Of a box of any detector.
        min_overlap: IoU from which on boxes are of one object.
        rescale: How scores of one object become one.

    Raises:
        ValueError: If a setting cannot be one.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    min_score: float = 0.05
    min_overlap: float = 0.55
    rescale: Rescale = "max"

    def __post_init__(self) -> None:
        if self.rescale not in get_args(Rescale):
            known = ", ".join(get_args(Rescale))
            raise ValueError(f"Expected rescale to be one of {known}, got {self.rescale!r}.")
        for name in ("min_score", "min_overlap"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"Expected {name} to be a number from 0 to 1, got {value!r}.")
        for name, value in self.weights.items():
            if not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise ValueError(
                    f"Expected the weight of {name} to be a number from 0 on, got {value!r}."
                )


class Detection:
    """Asks every detector for the labels of a vocabulary and fuses what they say.

    Args:
        detectors: By a name of one's own.
        vocabulary: Its labels are looked for; its words are what objects are labelled with.
        meanings: Translates the words of detectors that know only their own; what means no label
            of the vocabulary is left out.
        tta: Ways to look at an image besides as it is; see `looks`.
        scales: Factors of the sides for `flip+scales`.
        voting: How what they say becomes one list.

    Raises:
        ValueError: If there is nothing to look for, no detector has a weight, or weights are of
            detectors that are not there.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        vocabulary: Vocabulary,
        meanings: Meanings | None = None,
        *,
        tta: Tta = "none",
        scales: tuple[float, ...] = (0.75, 1.5),
        voting: Voting | None = None,
    ) -> None:
        if detectors and not len(vocabulary):
            raise ValueError("Expected labels for detectors to look for, got an empty vocabulary.")
        voting = voting or Voting()
        if strange := sorted(set(voting.weights) - set(detectors)):
            raise ValueError(
                f"Expected weights of detectors that are there ({', '.join(detectors)}), got "
                f"{', '.join(strange)}."
            )
        if detectors and not any(voting.weights.get(name, 1.0) for name in detectors):
            raise ValueError("Expected a detector whose weight is above 0, got none.")
        self.detectors = dict(detectors)
        self.vocabulary = vocabulary
        self.meanings = meanings or Meanings()
        self.looks = looks(tta, tuple(scales))
        self.voting = voting

    @property
    def identity(self) -> str:
        """All that decides an answer, in a short name."""
        voters = [
            (self._voter(name, look.name), float(self.voting.weights.get(name, 1.0)))
            for name in self.detectors
            for look in self.looks
        ]
        maps = self.meanings.synonyms.aliases, self.meanings.broader
        plain = [sorted(one.items()) for one in maps]
        rules = self.voting.min_score, self.voting.min_overlap, self.voting.rescale
        return of_words(voters, plain, rules, self.vocabulary.words)

    def __call__(
        self, images: Sequence[Image], keys: Sequence[str], store: EvidenceStore
    ) -> list[Detections]:
        """The objects of every image, best first, labelled with words of the vocabulary.

        Args:
            images: Of any sizes.
            keys: Of their content; images of one key are looked at once.
            store: What was said before is found there, what is said now is put there.

        Raises:
            DetectorFailed: If a detector cannot look at them.
        """
        distinct = dict(zip(keys, images, strict=True))
        said = {name: self._asked(name, distinct, store) for name in self.detectors}
        fused = {key: self._fused([said[name][key] for name in said]) for key in distinct}
        return [fused[key] for key in keys]

    def _asked(
        self, name: str, images: Mapping[str, Image], store: EvidenceStore
    ) -> dict[str, list[Detections]]:
        """What a detector says of each image, look by look; it is asked for what is not known."""
        said: dict[str, dict[str, Detections]] = {key: {} for key in images}
        unknown = []
        for look in self.looks:
            voter = self._voter(name, look.name)
            for key in images:
                known = store.detections.get(f"{key} {voter}")
                if known is None:
                    unknown.append((key, look))
                else:
                    said[key][look.name] = known
        shown = [look.shown(images[key]) for key, look in unknown]
        for (key, look), seen in zip(unknown, self._look(name, shown), strict=True):
            found = look.back(seen, images[key])
            store.detections.put(f"{key} {self._voter(name, look.name)}", found)
            said[key][look.name] = found
        return {key: [own[look.name] for look in self.looks] for key, own in said.items()}

    def _look(self, name: str, images: Sequence[Image]) -> list[Detections]:
        if not images:
            return []
        try:
            return self.detectors[name](images, self.vocabulary.labels)
        except (RuntimeError, ValueError, ArithmeticError, LookupError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DetectorFailed(
                f"The detector {name} failed: {reason}; ~detectors.{name} leaves it out"
            ) from error

    def _fused(self, said: Sequence[Sequence[Detections]]) -> Detections:
        """One list of the votes of all detectors, look by look."""
        voters = [self._named(seen) for own in said for seen in own]
        weights = [self.voting.weights.get(n, 1.0) for n in self.detectors for _ in self.looks]
        if not voters:
            return Detections.none()
        found = fuse(
            voters,
            min_overlap=self.voting.min_overlap,
            min_score=self.voting.min_score,
            weights=weights,
            rescale=self.voting.rescale,
        )
        words = tuple(self.vocabulary.emit(label) for label in found.labels)
        return replace(found, labels=words)

    def _named(self, seen: Detections) -> Detections:
        """With labels of the vocabulary; without what means none of them."""
        names = {
            word: self.meanings.name_among(word, self.vocabulary.labels)
            for word in dict.fromkeys(seen.labels)
        }
        kept = seen[np.array([names[word] is not None for word in seen.labels], bool)]
        labels = tuple(name for word in kept.labels if (name := names[word]) is not None)
        return Detections(kept.boxes, kept.scores, labels)

    def _voter(self, name: str, look: str) -> str:
        """One detector and one look, by all that decides what they say."""
        detector = self.detectors[name]
        asked = () if detector.classes else self.vocabulary.labels
        return of_words(detector.info.sha256, asked, look)
