"""Proposers, rankers and judges whose models are asked nothing twice, in whatever run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spotdiff.data.kept_answers import KeptChat, KeptTexts
from spotdiff.data.picture_store import NUMBERS, TEXTS, PictureStore
from spotdiff.stages.yes_or_no import SaidRanker, ShownRanker


def remember(parts: Iterable[object], store: PictureStore) -> None:
    """Gives parts a memory: what they ask of chat models and embedders of texts is kept.

    A chat model is the attribute `model` of a part, an embedder the attribute `embedder`; a part
    that asks another one in rounds has it as `proposer`. Who asks of single pictures keeps answers
    by picture, so that none has to be read again.

    Args:
        parts: Proposers, rankers, judges.
        store: Where answers are kept, beside what is known of pictures.
    """
    replies, choices = store.shelf("replies", TEXTS), store.shelf("choices", NUMBERS)
    answers = store.shelf("answers", NUMBERS)
    for part in parts:
        one: Any = getattr(part, "proposer", part)
        if isinstance(one, ShownRanker | SaidRanker):
            one.shelf = one.shelf or answers
            continue
        model: Any = getattr(one, "model", None)
        embedder: Any = getattr(one, "embedder", None)
        if hasattr(model, "choose") and not isinstance(model, KeptChat):
            one.model = KeptChat(model, replies, choices)
        if hasattr(embedder, "text_embeddings") and not isinstance(embedder, KeptTexts):
            one.embedder = KeptTexts(embedder, store.embeddings)
