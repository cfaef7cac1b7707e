"""Asks in batches; where that fails, one by one, so that what fails costs nobody else an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")

# What models and arithmetic raise about a pair; anything else is a mistake of ours, and ends a run.
FAILURES: tuple[type[Exception], ...] = (RuntimeError, ValueError, ArithmeticError, LookupError)

log = logging.getLogger("spotdiff")


def answers_or_reasons(
    ask: Callable[[Sequence[Asked]], Sequence[Told]],
    items: Sequence[Asked],
    failures: tuple[type[Exception], ...] = FAILURES,
) -> list[Told | str]:
    """What is answered to each item, or why there is no answer.

    Example:
        >>> answers_or_reasons(lambda numbers: [1 / number for number in numbers], [2, 0])
        [0.5, 'division by zero']
    """
    try:
        return [*ask(items)] if items else []
    except failures as error:
        if len(items) > 1:
            return [told for item in items for told in answers_or_reasons(ask, [item], failures)]
        log.debug("What failed:", exc_info=True)
        return [" ".join(str(error).split()) or type(error).__name__]
