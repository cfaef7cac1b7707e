"""Samples -> questions about two framed pictures, with answers that are known to be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import cv2
import numpy as np

from spotdiff.data.images import read_image
from spotdiff.ops.boxes import transform
from spotdiff.ops.frames import scaling
from spotdiff.ops.montage import framed
from spotdiff.ops.seeds import seed_of
from spotdiff.ops.wording import noun_of
from spotdiff.types import Box, Change, ChangeKind, Exchange, Image, Sample
from spotdiff.writers.files import file_name, replacing

Ask: TypeAlias = Literal["difference", "presence"]

DIFFERENCE = (
    "Both pictures show the same place at different times. Look at the part inside the red frame: "
    "what is different in the second picture? Answer in one to three short sentences."
)
PRESENCE = (
    "One of these two pictures shows {thing} inside the red frame and the other one does not. "
    "Which one shows it?\nA. the first picture\nB. the second picture\nAnswer with the letter only."
)
_JPEG = [
    *(cv2.IMWRITE_JPEG_QUALITY, 95),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),  # thin red lines
]


class Questions:
    """Asks about every change of samples, and writes the pictures that are shown.

    `difference` asks what changed in the frame; the answer is the caption of the change, and a
    change without one is not asked about. `presence` asks which picture shows a thing that only
    one of them does; which of both comes first is drawn by the seed and the name of the question,
    and the right letter follows from it.

    Args:
        folder: Of the export; pictures go to `images` in it.
        ask: Which of the two.
        seed: Of the order.

    Raises:
        ValueError: There is no such question.
    """

    def __init__(self, folder: Path, ask: Ask = "difference", seed: int = 0) -> None:
        if ask not in get_args(Ask):
            raise ValueError(f"Expected ask to be one of {', '.join(get_args(Ask))}, got {ask!r}.")
        self.folder, self.ask, self.seed = folder, ask, seed

    def __call__(self, samples: Iterable[Sample]) -> Iterator[Exchange]:
        """The questions about all samples, in order; pictures are there when one comes.

        Raises:
            ImageError: A picture of a sample that stayed cannot be read any more.
        """
        for sample in samples:
            asked = [(n, c) for n, c in enumerate(sample.changes) if self._is_asked(c)]
            if asked and sample.before and sample.after:
                views = (read_image(Path(sample.before)), read_image(Path(sample.after)))
                for number, change in asked:
                    yield self._exchange(sample.id, number, change, views)

    def _is_asked(self, change: Change) -> bool:
        if self.ask == "difference":
            return bool(change.caption)
        return change.kind is not ChangeKind.CHANGED and bool(_thing(change))

    def _exchange(
        self, sample_id: str, number: int, change: Change, views: tuple[Image, Image]
    ) -> Exchange:
        name = f"{sample_id}-{number}"
        order = (0, 1) if self.ask == "difference" else self._order(name)
        boxes = in_both(change, *((view.shape[0], view.shape[1]) for view in views))
        shown = [_Shown(views[i], boxes[i]) for i in order]
        captions = change.region_captions or ("", "")
        question, answer = DIFFERENCE, change.caption or ""
        if self.ask == "presence":
            holder = 0 if change.kind is ChangeKind.REMOVED else 1
            question = PRESENCE.format(thing=_thing(change))
            answer = "AB"[order.index(holder)]
        return Exchange(
            name,
            question,
            answer,
            self._written(name, shown),
            _share(shown[0]),
            (captions[order[0]], captions[order[1]]),
        )

    def _order(self, name: str) -> tuple[int, int]:
        return (0, 1) if seed_of(self.seed, name) % 2 else (1, 0)

    def _written(self, name: str, shown: list[_Shown]) -> tuple[str, str]:
        names = [f"images/{file_name(f'{name}_{place}', '.jpg')}" for place in range(2)]
        for path, picture in zip(names, shown, strict=True):
            _write_jpeg(framed(picture.view, picture.box), self.folder / path)
        return names[0], names[1]


class _Shown(NamedTuple):
    """A picture of a question, and where its frame goes."""

    view: Image
    box: Box


def in_both(change: Change, size: tuple[int, int], size_after: tuple[int, int]) -> tuple[Box, Box]:
    """Where a change lies in both views; a view that does not show it has the place of the other.

    Args:
        change: With a box in one view at least.
        size: Height and width of before.
        size_after: Those of after; sizes are evened out as a pair's are when it is compared.

    Raises:
        ValueError: There is no box.
    """
    before, after = change.box_before, change.box_after
    before = before or (after and _mapped(after, size_after, size))
    after = after or (before and _mapped(before, size, size_after))
    if before is None or after is None:
        raise ValueError("Expected a change with a box in one of the views, got none.")
    return before, after


def _mapped(box: Box, size: tuple[int, int], target: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = transform(np.array([box], np.float32), scaling(size, target))[0].tolist()
    return x0, y0, x1, y1


def _share(shown: _Shown) -> Box:
    height, width = shown.view.shape[:2]
    x0, y0, x1, y1 = (
        min(max(edge / side, 0.0), 1.0)
        for edge, side in zip(shown.box, (width, height, width, height), strict=True)
    )
    return x0, y0, x1, y1


def _thing(change: Change) -> str:
    """What came or went, in words that fit a sentence."""
    if change.region_captions is not None:
        told = change.region_captions[0 if change.kind is ChangeKind.REMOVED else 1]
        return told.strip().rstrip(".")
    noun = noun_of(change.label)
    return "" if noun is None else noun.counted(1)


def _write_jpeg(image: Image, path: Path) -> None:
    done, data = cv2.imencode(".jpg", image[..., ::-1], _JPEG)
    if not done:
        raise ValueError(f"{path}: an image of shape {image.shape} cannot be encoded as JPEG")
    with replacing(path) as partial:
        partial.write_bytes(data.tobytes())
