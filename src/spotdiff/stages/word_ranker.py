"""Hypotheses ranked by whether captions say them: without a model of pictures or of chats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from spotdiff.contracts import Album, Tagger
from spotdiff.stages.set_captions import told_of
from spotdiff.types import Hypothesis, ModelInfo, Token

_DENIALS = frozenset(["no", "not", "without", "nobody", "nothing"])


class WordRanker:
    """Scores pictures by the share of a hypothesis' words that their captions have; a `SetRanker`.

    Nouns, adjectives, verbs and numbers count, in their dictionary forms. It knows no synonyms:
    what captions call otherwise is not found. Pictures without a caption are NaN, and so is what
    says that something is not there.

    Args:
        tagger: Reads captions and hypotheses.
    """

    name = "words"

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger

    @property
    def info(self) -> ModelInfo:
        """Who reads."""
        return self.tagger.info

    def __call__(
        self, hypotheses: Sequence[Hypothesis], album: Album
    ) -> Float64[np.ndarray, "h n"]:
        """Shares in [0, 1]; NaN for a hypothesis without a word that counts."""
        rows = list(album.rows)
        captions = told_of(album, rows).captions
        scores = np.full((len(hypotheses), len(rows)), np.nan)
        columns = [column for column, row in enumerate(rows) if row in captions]
        read = self.tagger([captions[rows[column]] for column in columns])
        said = [{token.lemma for token in tokens} for tokens in read]
        asked = self.tagger([one.text for one in hypotheses])
        for row, words in enumerate(map(_words, asked)):
            if words:
                scores[row, columns] = [len(words & caption) / len(words) for caption in said]
        return scores


def _words(tokens: Sequence[Token]) -> set[str]:
    """Those that count; none where something is denied."""
    if any(token.word.lower() in _DENIALS for token in tokens):
        return set()
    return {token.lemma for token in tokens if token.part != "other"}
