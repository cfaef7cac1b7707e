"""Who edits captions: one thing in a sentence becomes another thing.

Jiao et al. 2024 (Img-Diff), section 3.1: https://arxiv.org/abs/2408.04594
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from spotdiff.contracts import ChatModel, Tagger
from spotdiff.labels.swaps import CompatibleNouns
from spotdiff.ops.caption_edits import Span, noun_spans, replaced
from spotdiff.ops.wording import article, noun_of, plural
from spotdiff.stages.prompts import CAPTION_EDIT, with_prompts
from spotdiff.types import Chat, ModelInfo, Reply, Token

_OF_ONE = frozenset(["a", "an", "one", "the", "this", "that", "each", "his", "her", "its", "their"])


class RuleEditor:
    """Replaces a noun by one of like things; a `CaptionEditor` that needs no model.

    Args:
        nouns: Which may stand in for which.
        tagger: Finds nouns.
    """

    def __init__(self, nouns: CompatibleNouns, tagger: Tagger) -> None:
        self.nouns, self.tagger = nouns, tagger
        table = "\n".join(f"{noun}: {group}" for noun, group in sorted(nouns.groups.items()))
        words = "" if nouns.words is None else "\n".join(sorted(nouns.words))
        told = f"{tagger.info.sha256}\n{table}\n\n{words}"
        self.info = ModelInfo("rules", hashlib.sha256(told.encode()).hexdigest())

    def __call__(self, captions: Sequence[str], seeds: Sequence[int]) -> list[Reply]:
        """An edited caption each; which noun goes and which comes is drawn by the seed.

        Seeds that follow one another take other nouns, until none is left that was not taken. A
        caption without a noun that is in the table stays as it is.
        """
        read = self.tagger(captions)
        return [self._edited(*told) for told in zip(captions, read, seeds, strict=True)]

    def _edited(self, caption: str, tokens: Sequence[Token], seed: int) -> Reply:
        spans = noun_spans(tokens)
        heads = {tokens[span.stop - 1].lemma for span in spans}
        choices = [
            (span, others)
            for span in spans
            # what is mentioned already, if only as a table of another sort, would be no news
            if (others := [n for n in self._others(tokens, span) if n.split()[-1] not in heads])
        ]
        if not choices:
            return Reply(caption)  # there is nothing to swap, which is for others to judge
        span, others = choices[seed % len(choices)]
        noun = others[seed // len(choices) % len(others)]
        text = replaced(
            caption, tokens, span, plural(noun) if _several(tokens, span) else noun, article(noun)
        )
        return Reply(text, None if text else "the caption is not written as it was read")

    def _others(self, tokens: Sequence[Token], span: Span) -> tuple[str, ...]:
        """What may come in: counted alike, so that "some broccoli" becomes no "some carrot"."""
        name = " ".join(token.lemma for token in tokens[span.start : span.stop])
        others = self.nouns.others(name)
        return tuple(other for other in others if _counting(other) == _counting(name))


class ChatEditor:
    """Has a chat model edit captions; a `CaptionEditor`.

    Args:
        model: Is asked once a caption.
    """

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.info = with_prompts(model.info, CAPTION_EDIT)

    def __call__(self, captions: Sequence[str], seeds: Sequence[int]) -> list[Reply]:
        """An edited caption each; what a model draws depends on the seed beside its own."""
        asked = [
            Chat((CAPTION_EDIT.ask(caption=caption),), seed=seed)
            for caption, seed in zip(captions, seeds, strict=True)
        ]
        return [
            reply if reply.text is None else Reply(reply.text.strip().strip("\"'“”").strip())
            for reply in self.model(asked)
        ]


def _counting(name: str) -> str | None:
    noun = noun_of(name)
    return None if noun is None else noun.counting


def _several(tokens: Sequence[Token], span: Span) -> bool:
    """Whether a run of nouns is a plural; of "sheep" the word before tells."""
    last = tokens[span.stop - 1]
    if last.word.lower() != last.lemma:
        return True
    before = tokens[span.start - 1].word.lower() if span.start else ""
    return plural(last.lemma) == last.lemma and before not in _OF_ONE
