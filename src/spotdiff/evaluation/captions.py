"""How close sentences come to those that people wrote: BLEU-4, ROUGE-L and CIDEr-D.

Sentences are compared as lower-case words without punctuation. METEOR is left out: the library that
has it looks synonyms up in WordNet, which would have to be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotdiff.ops.cider import CiderD


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """What some sentences score.

    Attributes:
        bleu_4: Of all sentences together, 0 to 1 (Papineni et al. 2002).
        rouge_l: Mean of the F1 of the longest common subsequence with the reference that suits the
            sentence best, 0 to 1 (Lin 2004).
        cider_d: Mean, 0 to 10 (Vedantam et al. 2015); None of a single item, of which it tells
            nothing.
    """

    bleu_4: float
    rouge_l: float
    cider_d: float | None


def words_of(sentence: str) -> list[str]:
    """The words of a sentence as they are compared.

    Example:
        >>> words_of("A person's dog was added; nothing else.")
        ['a', "person's", 'dog', 'was', 'added', 'nothing', 'else']
    """
    return re.findall(r"\w+(?:['\u2019-]\w+)*", sentence.lower())


def caption_scores(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionScores:
    """The scores of one sentence an item; an empty one scores nothing.

    Args:
        candidates: What was said of each item.
        references: What people said of it, at least one sentence an item.

    Raises:
        ValueError: If there are no items, or one has no reference.
    """
    if not candidates or not all(references):
        raise ValueError(
            f"Expected references for each of {len(candidates)} sentences, got "
            f"{[len(sentences) for sentences in references]}."
        )
    from torchmetrics.functional.text import bleu_score, rouge_score

    said = [words_of(sentence) for sentence in candidates]
    known = [[words_of(sentence) for sentence in sentences] for sentences in references]
    lines = [" ".join(words) for words in said]
    targets = [[" ".join(words) for words in sentences] for sentences in known]
    rouge = rouge_score(
        lines, targets, "best", rouge_keys="rougeL", normalizer=str, tokenizer=str.split
    )
    cider = CiderD(known)
    scores = [cider.score(*both) for both in zip(said, known, strict=True)]
    return CaptionScores(
        float(bleu_score(lines, targets)),
        float(rouge["rougeL_fmeasure"]),
        float(np.mean(scores)) if len(scores) > 1 else None,
    )
