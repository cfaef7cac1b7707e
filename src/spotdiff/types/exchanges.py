"""What a multimodal model is taught by: a question about two pictures, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from spotdiff.types.arrays import Box


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer.

    Attributes:
        id: Unique among those of a data set.
        question: About the two pictures.
        answer: What the model should say.
        images: Both pictures in the order in which they are shown, relative to the export.
        box: The part that the question is about, x0, y0, x1, y1 as shares of the width and height.
        captions: What that part shows in each picture, in the same order; empty where not known.
    """

    id: str
    question: str
    answer: str
    images: tuple[str, str]
    box: Box
    captions: tuple[str, str] = ("", "")
