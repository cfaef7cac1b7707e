"""Answers in words: what a captioner says, and what becomes of a pair that it fails at."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from spotdiff.contracts import DifferenceCaptioner
from spotdiff.stages.asking import FAILURES, answers_or_reasons
from spotdiff.types import Answer, Pair

_FAILURES = (*FAILURES, OSError)  # a captioner may ask a server

log = logging.getLogger("spotdiff")


def in_words(
    captioner: DifferenceCaptioner | None, pairs: Sequence[Pair], answers: Sequence[Answer | str]
) -> list[Answer | str]:
    """The answers with their captions, in their order.

    An answer that cannot be captioned keeps all else, and the reason in each of its changes and in
    itself.

    Args:
        captioner: None leaves all answers as they are.
        pairs: In one frame each.
        answers: Of the pairs; a reason why there is none stays as it is.
    """
    if captioner is None:
        return list(answers)
    asked = [(p, a) for p, a in zip(pairs, answers, strict=True) if isinstance(a, Answer)]

    def say(some: Sequence[tuple[Pair, Answer]]) -> list[Answer]:
        return captioner([pair for pair, _ in some], [answer for _, answer in some])

    told = answers_or_reasons(say, asked, _FAILURES)
    worded = iter([_worded(*one, said) for one, said in zip(asked, told, strict=True)])
    return [answer if isinstance(answer, str) else next(worded) for answer in answers]


def _worded(pair: Pair, answer: Answer, told: Answer | str) -> Answer:
    if isinstance(told, Answer):
        return told
    log.error("%s: it has no captions: %s", pair.pair_id, told)
    changes = tuple(replace(change, caption_reason=told) for change in answer.changes)
    return replace(answer, changes=changes, caption_reason=told)
