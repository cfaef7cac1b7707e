"""Labels as English: articles, plurals, numbers, verbs that agree.

Articles and plurals are those of `inflect`, which takes a second to import and is asked when the
first word is needed; abbreviations, which it spells wrongly, are told apart before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from spotdiff.ops.colours import TERMS
from spotdiff.ops.counting import Counting, counting_of, is_person

if TYPE_CHECKING:
    import inflect

MAX_LETTERS = 60  # of a label that is said
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

_SAID_OTHERWISE = {
    "personal": "person",  # a typo that occurs in real label files
    "tv": "TV",
    "suv": "SUV",
    "atm": "ATM",
    "cd": "CD",
    "dvd": "DVD",
}
_NO_WORDS = frozenset(["none", "null", "unknown", "other", "object", "thing"])


@dataclass(frozen=True, slots=True)
class Noun:
    """What a thing is called.

    Attributes:
        words: In lower case, as one of it is called.
        counting: How several are told.
    """

    words: str
    counting: Counting = "each"

    @property
    def takes_colour(self) -> bool:
        """Whether to say its colour: of people it is that of their clothes, of oranges no news."""
        return not is_person(self.words) and not set(self.words.split()) & set(TERMS)

    @property
    def is_plural(self) -> bool:
        """Whether one mention of it is a plural."""
        return self.counting == "several"

    def counted(self, count: int, colour: str | None = None) -> str:
        """So many of it.

        Example:
            >>> noun_of("umbrella").counted(1), noun_of("umbrella").counted(1, "red")
            ('an umbrella', 'a red umbrella')
            >>> noun_of("person").counted(3), noun_of("traffic light").counted(13)
            ('three people', '13 traffic lights')
            >>> noun_of("scissors").counted(2, "blue"), noun_of("debris").counted(2)
            ('two pairs of blue scissors', 'some debris')
        """
        words = f"{colour} {self.words}" if colour else self.words
        if self.counting == "mass":
            return f"some {words}"
        if self.counting == "several":
            return words
        if self.counting == "pairs":
            return f"a pair of {words}" if count == 1 else f"{number(count)} pairs of {words}"
        if count == 1:
            return f"{article(words)} {words}"
        many = plural(self.words)
        return f"{number(count)} {colour} {many}" if colour else f"{number(count)} {many}"


def noun_of(label: str | None) -> Noun | None:
    """What a label calls a thing; None where it says nothing.

    Example:
        >>> noun_of("Wine_Glass"), noun_of("people"), noun_of("wine glasses")
        (Noun(words='wine glass', counting='each'), Noun(words='people', counting='several'), \
Noun(words='wine glasses', counting='several'))
        >>> noun_of("glasses").counting, noun_of("bus").counting, noun_of(" ") is None
        ('pairs', 'each', True)
    """
    parts = (label or "").replace("_", " ").split()
    words = " ".join(_lowered(part) for part in parts)[:MAX_LETTERS].rstrip()
    if words in _NO_WORDS or not any(letter.isalpha() for letter in words):
        return None
    words = _SAID_OTHERWISE.get(words, words)
    return Noun(words, counting_of(words))


def subject(noun: Noun | None, count: int, colour: str | None = None) -> str:
    """What a sentence is about; without a noun it is something, or objects.

    Example:
        >>> subject(None, 1), subject(None, 1, "red"), subject(None, 2), subject(None, 2, "red")
        ('something', 'something red', 'two objects', 'two red objects')
    """
    if noun is not None:
        return noun.counted(count, colour)
    if count == 1:
        return f"something {colour}" if colour else "something"
    return Noun("object").counted(count, colour)


def was(noun: Noun | None, count: int) -> str:
    """The verb that goes with so many of it: `was` or `were`.

    Example:
        >>> was(noun_of("car"), 1), was(noun_of("car"), 2), was(noun_of("scissors"), 1)
        ('was', 'were', 'was')
        >>> was(noun_of("people"), 1), was(noun_of("debris"), 5), was(None, 1)
        ('were', 'was', 'was')
    """
    if noun is not None and noun.counting in ("mass", "several"):
        return "were" if noun.is_plural else "was"
    return "was" if count == 1 else "were"


def number(count: int) -> str:
    """A count, in words up to twelve.

    Example:
        >>> number(1), number(12), number(13)
        ('one', 'twelve', '13')
    """
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def listed(parts: Sequence[str]) -> str:
    """An enumeration.

    Example:
        >>> listed(["a cup"]), listed(["a cup", "a bowl"]), listed(["one", "two", "three"])
        ('a cup', 'a cup and a bowl', 'one, two and three')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(clauses: Sequence[str]) -> str:
    """Clauses as one sentence.

    Example:
        >>> sentence(["a cup was added", "TVs were removed"])
        'A cup was added; TVs were removed.'
    """
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}."


@lru_cache(maxsize=4096)
def article(words: str) -> str:
    """The indefinite article of words: by how they sound, not by how they are written.

    Example:
        >>> [article(words) for words in ("hour", "uniform", "orange car", "SUV", "UFO", "TV")]
        ['an', 'a', 'an', 'an', 'a', 'a']
    """
    first = words.split()[0]
    if _is_abbreviation(first):
        return "an" if first[0] in "AEFHILMNORSX" else "a"
    return str(_engine().a(words)).split(maxsplit=1)[0]


@lru_cache(maxsize=4096)
def plural(words: str) -> str:
    """Several of what words call one of.

    Example:
        >>> [plural(words) for words in ("person", "bag of chips", "knife", "sheep", "TV")]
        ['people', 'bags of chips', 'knives', 'sheep', 'TVs']
    """
    if _is_abbreviation(words.rpartition(" ")[2]):
        return f"{words}s"
    if not words[-1].isascii():
        return words  # not English: better left alone
    return str(_engine().plural(words))


def _lowered(word: str) -> str:
    return word if _is_abbreviation(word) else word.lower()


def _is_abbreviation(word: str) -> bool:
    return 2 <= len(word) <= 4 and word.isalpha() and word.isupper()


@cache
def _engine() -> inflect.engine:
    import inflect

    return inflect.engine()
