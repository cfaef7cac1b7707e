"""What models answer in words, read strictly: lists, grades, yes and no. Never a guess."""

from __future__ import annotations

import json
import re

_BULLET = re.compile(r"^\s*(?:[-*•–—·▪◦]|\(?\d{1,3}[.):])\s+")
_FENCE = re.compile(r"^\s*```\w*\s*$")
_MARKS = "\"'`*_ \t\u201c\u201d\u2018\u2019"
_GRADE = re.compile(r"(?<![\d.,/-])([0-9]+)(?![\d/]|[.,]\d)")
_YES_NO = re.compile(r"^\W*(yes|no)\b(?!\s*(?:/|or)\b)", re.IGNORECASE)
_LONGEST = 300  # letters of an item; what is longer is talk


def items(text: str) -> tuple[str, ...]:
    r"""The items of a list that a model wrote, each once, in order.

    Bullets, numbers, quotes, stars and the points at their ends go. Where some lines have bullets,
    lines without are preamble or talk; where none has, lines that end in a colon are. A JSON list
    is a list too.

    Example:
        >>> items('Here are two:\n1. "red cars"\n2) **a dog.**\n3. Red cars\nHope this helps!')
        ('red cars', 'a dog')
        >>> items("a dog\na cat"), items('["a dog", "a cat"]'), items("Sure:")
        (('a dog', 'a cat'), ('a dog', 'a cat'), ())
    """
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    lines = _json_list("\n".join(lines)) or lines
    bulleted = [line for line in lines if _BULLET.match(line)]
    told = bulleted or [line for line in lines if not line.rstrip().endswith(":")]
    cleaned = (_cleaned(_BULLET.sub("", line)) for line in told)
    distinct: dict[str, str] = {}
    for item in cleaned:
        if item:
            distinct.setdefault(item.casefold(), item)
    return tuple(distinct.values())


def grade(text: str, highest: int = 2) -> int | None:
    """The whole number from 0 to `highest` that a model answered; None where it is not clear.

    Example:
        >>> [grade(text) for text in ("2", "Score: 1.", "**0**", "10", "1.5", "1 or 2")]
        [2, 1, 0, None, None, None]
    """
    found = {int(number) for number in _GRADE.findall(text)}
    if len(found) != 1:
        return None
    (number,) = found
    return number if number <= highest else None


def yes_or_no(text: str) -> bool | None:
    """Whether an answer begins with yes or with no; None where with neither.

    Example:
        >>> [yes_or_no(text) for text in ("Yes.", "**No**, it is snow", "I cannot know", "yes/no")]
        [True, False, None, None]
    """
    found = _YES_NO.match(text)
    return None if found is None else found[1].lower() == "yes"


def _json_list(text: str) -> list[str]:
    start, end = text.find("["), text.rfind("]")
    if start < 0 or end < start:
        return []
    try:
        parsed = json.loads(text[start : end + 1])
    except ValueError:
        return []
    whole = isinstance(parsed, list) and all(isinstance(item, str) for item in parsed)
    return [f"- {item}" for item in parsed] if whole else []


def _cleaned(line: str) -> str:
    item = line.strip(_MARKS).rstrip(".,;").strip(_MARKS)
    return item if len(item) <= _LONGEST and any(letter.isalnum() for letter in item) else ""
