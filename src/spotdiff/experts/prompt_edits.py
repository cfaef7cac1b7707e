"""What one prompt says that another does not, and how strongly a picture takes after another.

Hertz et al. 2022, Prompt-to-prompt image editing with cross attention control, section 3.2:
https://arxiv.org/abs/2208.01626
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float32

from spotdiff.ops.token_alignment import TokenMap, refined, replaced

EditKind: TypeAlias = Literal["refine", "replace"]
_MARKS = ".,;:!?\"'()"  # that words of a sentence carry


@dataclass(frozen=True, slots=True)
class Edit:
    """What after takes from before. The defaults are those that Img-Diff was made with.

    Args:
        kind: `refine`: tokens of both prompts are aligned, new ones get maps of their own;
            `replace`: word i takes the maps of word i, whatever it says.
        cross_share: Share of the steps, the first ones, in which maps of tokens are taken.
        self_share: Likewise for the attention of the picture to itself.
        self_positions: The most positions of a self-attention that is taken; 32² is a quarter of
            the side of SDXL's latents of 1024 px.
        factors: What the maps of a word are multiplied by, as more or less of it is wished. Words
            that after does not say are left alone.
        blend: Where neither picture attends to words that only one prompt says, relative to the
            most attention, after takes the latent of before; 0.3 is the paper's. None for nowhere.

    Raises:
        ValueError: If the kind is none, or a share lies outside of [0, 1].
    """

    kind: EditKind = "refine"
    cross_share: float = 1.0
    self_share: float = 0.4
    self_positions: int = 1024
    factors: Mapping[str, float] = field(default_factory=dict)
    blend: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(EditKind):
            known = " or ".join(get_args(EditKind))
            raise ValueError(f"Expected an edit of kind {known}, got '{self.kind}'.")
        for name in ("cross_share", "self_share", "blend"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"Expected {name} from 0 to 1, got {share}.")


class PromptReader:
    """Reads prompts as the text encoders of SDXL do: both see the same tokens, but for padding.

    Args:
        tokenizers: Of transformers, one for each text encoder.
    """

    def __init__(self, tokenizers: Sequence[Any]) -> None:
        self.tokenizers = tuple(tokenizers)
        self.window = int(self.tokenizers[0].model_max_length)

    def token_map(self, prompts: tuple[str, str], edit: Edit) -> TokenMap:
        """Which map of before each token of after takes.

        Raises:
            ValueError: If a prompt is too long, cannot be read word by word, or has not as many
                words as the other where the edit replaces them.
        """
        before, after = (self.words(prompt) for prompt in prompts)
        if edit.kind == "replace":
            return replaced(before, after, self.window)
        return refined([*chain(*before)], [*chain(*after)], self.window)

    def factors(self, prompt: str, edit: Edit) -> Float32[np.ndarray, " w"]:
        """What the map of every token of the window is multiplied by."""
        known = {word.lower(): factor for word, factor in edit.factors.items()}
        found = np.ones(self.window, np.float32)
        start = 1  # behind the start of the prompt
        for word, tokens in zip(prompt.split(), self.words(prompt), strict=True):
            found[start : start + len(tokens)] = known.get(word.strip(_MARKS).lower(), 1.0)
            start += len(tokens)
        return found

    def words(self, prompt: str) -> list[list[int]]:
        """The tokens of every word.

        Raises:
            ValueError: If the tokenizers do not agree, or a word reads otherwise among others.
        """
        words = prompt.split()
        readings: list[list[int]] = []
        each: list[list[int]] = []
        for tokenizer in self.tokenizers:
            whole, *each = tokenizer(
                [prompt, *words], add_special_tokens=False, verbose=False
            ).input_ids
            readings += [whole, [*chain(*each)]]
        if any(reading != readings[0] for reading in readings):
            raise ValueError(
                f"Expected tokens of '{prompt}' that are the same for both text encoders and word "
                "by word, got others: say it in plain words."
            )
        return each
