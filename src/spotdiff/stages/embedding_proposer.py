"""What may differ between two sets: the words of a bank that lie in the direction between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album, TextEmbedder
from spotdiff.types import Embeddings, Hypothesis, ModelInfo


class EmbeddingProposer:
    """Retrieves texts by the difference of mean embeddings; a `SetProposer` without a chat model.

    How much nearer a text lies to the first set than to the second one is told in standard
    deviations of its nearness to single pictures of both, for some texts are near to all pictures.

    Args:
        bank: Texts that may be said.
        embedder: Of the space in which the album has its vectors; None until one is given.
        template: How a text is embedded, with `{}` where it stands.
        min_contrast: Standard deviations that a text needs to be said.

    Raises:
        ValueError: The bank is empty, or the template has no place for a text.
    """

    name = "embedding"

    def __init__(
        self,
        bank: Sequence[str],
        embedder: TextEmbedder | None = None,
        template: str = "a photo of {}",
        min_contrast: float = 0.1,
    ) -> None:
        self.bank = tuple(dict.fromkeys(text.strip() for text in bank if text.strip()))
        if not self.bank:
            raise ValueError("Expected texts in the bank of the embedding proposer, got none.")
        if "{}" not in template:
            raise ValueError(f"Expected a template with {{}} for the text, got {template!r}.")
        self.embedder, self.template, self.min_contrast = embedder, template, min_contrast

    @property
    def info(self) -> ModelInfo:
        """Who embeds."""
        return ModelInfo(self.name, "") if self.embedder is None else self.embedder.info

    def __call__(
        self,
        first: Album,
        second: Album,
        count: int,
        seed: int,  # noqa: ARG002 - nothing is drawn
    ) -> tuple[list[Hypothesis], list[str]]:
        """The texts of the largest contrast.

        Raises:
            ValueError: There is no embedder, or the album has vectors of another one.
        """
        if self.embedder is None:
            raise ValueError("Expected an embedder of texts for the embedding proposer, got none.")
        if not len(first.rows) or not len(second.rows):
            return [], [f"{self.name}: a set has no picture that can be read"]
        seen = first.embeddings(first.rows), second.embeddings(second.rows)
        texts = self.embedder.text_embeddings([self.template.format(text) for text in self.bank])
        told = contrasts(*seen, texts)
        order = np.argsort(-told, kind="stable")[:count]
        return [
            Hypothesis(self.bank[i], (self.name,)) for i in order if told[i] >= self.min_contrast
        ], []


def contrasts(
    first: Embeddings, second: Embeddings, texts: Embeddings
) -> Float64[np.ndarray, " t"]:
    """How much nearer each text is to a first set than to a second one, in standard deviations.

    Args:
        first: A vector for each picture of the first set.
        second: Those of the second one.
        texts: A vector for each text.

    Raises:
        ValueError: The vectors are of different spaces.

    Example:
        >>> axes = np.eye(2, dtype=np.float32)
        >>> contrasts(axes[[0, 0, 1]], axes[[1, 1, 0]], axes).round(2).tolist()
        [0.67, -0.67]
    """
    widths = [len(vectors.T) for vectors in (first, second, texts)]
    if len(set(widths)) != 1:
        raise ValueError(
            f"Expected vectors of pictures and texts by one model, got {widths} numbers: the "
            "embedder of the program must be the one that embeds the texts."
        )
    near = texts.astype(np.float64) @ np.concatenate([first, second]).astype(np.float64).T
    apart = near[:, : len(first)].mean(axis=1) - near[:, len(first) :].mean(axis=1)
    spread = near.std(axis=1)
    return np.asarray(np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 1e-9))
