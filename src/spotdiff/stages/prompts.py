"""What chat models are asked, word for word, each with a version that goes into records.

Whoever changes a word gives the prompt a new version: answers to the old one are other answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from spotdiff.types import Box, ModelInfo


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question with gaps.

    Attributes:
        version: Its name and number, such as `region/1`.
        text: The words, with the gaps as `{name}`.
    """

    version: str
    text: str

    def ask(self, **words: str) -> str:
        """The question with its gaps filled; braces in the words stay as they are."""
        return self.text.format(**words)


REGION = Prompt(
    "region/1",
    "Look only at the part of the picture inside the box {box}. The numbers are left, top, right "
    "and bottom, as shares of the width and the height of the picture. In one clear sentence, say "
    "what is there: the main object, its colour and its state. Do not mention the box.",
)
DIFFERENCE = Prompt(
    "difference/1",
    "You see two photographs of one place, parted by a black bar: before on the left, after on the "
    "right. In both a red frame marks the same spot.\n"
    "In the frame on the left there is this: {before}\n"
    "In the frame on the right there is this: {after}\n"
    "In at most three short sentences, say how the spot inside the red frames differs from left to "
    "right. Say nothing of what is outside of them, and do not mention the frames.",
)
PAIR = Prompt(
    "pair/1",
    "You see two photographs of one place, parted by a black bar: before on the left, after on the "
    "right. In at most three short sentences, say what is different in the right one.",
)
CAPTION_EDIT = Prompt(
    "caption-edit/1",
    'Here is a caption of a photograph: "{caption}"\n'
    "Replace exactly one thing that it names (an animal, a vehicle, a piece of furniture or "
    "another object) by a different thing that could be in the same place in the same photograph. "
    "Keep all other words as they are. Answer with the new caption alone.",
)
NATURALNESS = Prompt(
    "naturalness/1",
    "Look at every picture above. Could each of them be a real photograph, with nothing in it that "
    "is deformed, melted together or impossible? Answer with one word, yes or no.",
)


def versions(prompts: Iterable[Prompt]) -> str:
    """The versions of prompts in one line.

    Example:
        >>> versions([REGION, DIFFERENCE])
        'region/1 difference/1'
    """
    return " ".join(prompt.version for prompt in prompts)


def texts_sha256(prompts: Iterable[Prompt]) -> str:
    """A hash of all words of prompts."""
    told = "\n".join(f"{prompt.version}\n{prompt.text}" for prompt in prompts)
    return hashlib.sha256(told.encode()).hexdigest()


def with_prompts(info: ModelInfo, *prompts: Prompt) -> ModelInfo:
    """A model with what it is asked, for records."""
    digest = hashlib.sha256(f"{info.sha256}\n{texts_sha256(prompts)}".encode()).hexdigest()
    return ModelInfo(f"{info.name}, {versions(prompts)}", digest)


def box_words(box: Box, size: tuple[int, int]) -> str:
    """A box as shares of a view, as long in every question, so that questions pad alike.

    Args:
        box: In pixels, `xyxy`.
        size: Height and width of the view.

    Example:
        >>> box_words((-3, 0, 64, 33.3), (100, 128))
        '[0.00, 0.00, 0.50, 0.33]'
    """
    height, width = size
    shares = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    return f"[{', '.join(f'{min(max(share, 0.0), 1.0):.2f}' for share in shares)}]"
