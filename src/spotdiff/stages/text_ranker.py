"""Hypotheses ranked by how near they lie to pictures in a space of images and texts, as CLIP's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album, TextEmbedder
from spotdiff.types import Embeddings, Hypothesis, ModelInfo


class TextRanker:
    """Scores pictures by their cosine with a hypothesis; a `SetRanker`.

    Every picture and every hypothesis is embedded once; all scores are one product of matrices.

    Args:
        embedder: Of the space in which the album has its vectors; None until one is given.
        templates: How a hypothesis is embedded, with `{}` where it stands; several are averaged.

    Raises:
        ValueError: There is no template, or one has no place for a text.
    """

    name = "clip"

    def __init__(
        self, embedder: TextEmbedder | None = None, templates: Sequence[str] = ("a photo of {}",)
    ) -> None:
        if not templates or any("{}" not in template for template in templates):
            raise ValueError(f"Expected templates with {{}} for the text, got {list(templates)}.")
        self.embedder, self.templates = embedder, tuple(templates)

    @property
    def info(self) -> ModelInfo:
        """Who embeds."""
        return ModelInfo(self.name, "") if self.embedder is None else self.embedder.info

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """Cosines.

        Raises:
            ValueError: There is no embedder, or the album has vectors of another one.
        """
        if self.embedder is None:
            raise ValueError(
                "Expected an embedder of texts for the ranker clip, got none: give "
                "image_text=clip, which embeds pictures and texts."
            )
        if not hypotheses or not len(album.rows):
            return np.zeros((len(hypotheses), len(album.rows)))
        texts = self._texts(self.embedder, [one.text for one in hypotheses])
        pictures = album.embeddings(album.rows)
        if texts.shape[1] != pictures.shape[1]:
            raise ValueError(
                f"Expected vectors of pictures by {self.embedder.info.name}, which embeds texts "
                f"as {texts.shape[1]} numbers, got {pictures.shape[1]}: embed both by one model."
            )
        return np.asarray(texts @ pictures.T, np.float64)

    def _texts(self, embedder: TextEmbedder, texts: Sequence[str]) -> Embeddings:
        """A unit vector a text, the mean of its templates."""
        told = [template.format(text) for template in self.templates for text in texts]
        vectors = embedder.text_embeddings(told).reshape(len(self.templates), len(texts), -1)
        if len(self.templates) == 1:
            return np.asarray(vectors[0])
        mean = vectors.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)
