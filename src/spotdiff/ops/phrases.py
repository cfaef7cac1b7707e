"""Noun phrases: the things that a sentence mentions, with what describes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spotdiff.types import Token

_LINKS = {"and", "or", "&", ","}
_SAYS_NOTHING = _LINKS | {"one"}  # "one dog" is "a dog"
_DETERMINERS = {"a", "an", "the", "his", "her", "its", "their", "this", "that", "these", "those"}
# What ends the part of a sentence in which a predicate finds its noun.
_BOUNDS = _LINKS | {".", ";", ":", "?", "!", "(", ")", "while", "as", "but", "who", "which", "be"}


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A thing as a sentence mentions it; texts are in lower case.

    Attributes:
        text: Its nouns as they are written.
        lemmas: The dictionary forms of its nouns; the last one is the head.
        modifiers: The dictionary forms of the adjectives and numbers that describe it.
        described: Its nouns with these adjectives and numbers.
    """

    text: str
    lemmas: tuple[str, ...]
    modifiers: tuple[str, ...] = ()
    described: str = ""


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a noun phrase lies: its description from `first`, its nouns from `start` to `end`."""

    first: int
    start: int
    end: int


def noun_phrases(tokens: Sequence[Token]) -> tuple[NounPhrase, ...]:
    """The things that a sentence mentions, in its order, repeats kept.

    A run of nouns is one thing. What describes it stands before it ("a blue and white bus") or
    is said of it ("the bus on the road is blue"). What is said not to be there ("no people",
    "without a hat") is not mentioned.

    Example:
        >>> a, red = Token("A", "a", "other"), Token("red", "red", "adjective")
        >>> traffic, lights = Token("traffic", "traffic", "noun"), Token("lights", "light", "noun")
        >>> noun_phrases([a, red, traffic, lights])  # doctest: +NORMALIZE_WHITESPACE
        (NounPhrase(text='traffic lights', lemmas=('traffic', 'light'), modifiers=('red',),
                    described='red traffic lights'),)
    """
    spans = list(_spans(tokens))
    predicates: dict[int, Sequence[Token]] = {}
    for place, span in enumerate(spans):
        if said := _predicate(tokens, span.end):
            predicates[_subject(tokens, spans, place)] = said
    return tuple(
        _phrase(tokens, span, predicates.get(place, ()))
        for place, span in enumerate(spans)
        if not _denied(tokens[max(0, span.first - 2) : span.first])
    )


def _spans(tokens: Sequence[Token]) -> Iterator[_Span]:
    end = 0
    while end < len(tokens):
        start = end
        while end < len(tokens) and tokens[end].part == "noun":
            end += 1
        if end > start:
            yield _Span(_first_modifier(tokens, start), start, end)
        else:
            end += 1


def _phrase(tokens: Sequence[Token], span: _Span, predicate: Sequence[Token]) -> NounPhrase:
    nouns, before = tokens[span.start : span.end], tokens[span.first : span.start]
    numbers = next((i for i, token in enumerate(before) if token.part != "number"), len(before))
    said = [*before[:numbers], *predicate, *before[numbers:]]
    return NounPhrase(
        text=_text(nouns),
        lemmas=tuple(token.lemma for token in nouns),
        modifiers=tuple(token.lemma for token in said if token.lemma not in _SAYS_NOTHING),
        described=_text([*said, *nouns]),
    )


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.word.lower() for token in tokens).replace(" ,", ",")


def _denied(before: Sequence[Token]) -> bool:
    """Whether these one or two words say that what follows is not there."""
    last = [token.lemma for token in before]
    return last[-1:] in (["no"], ["without"]) or (
        last[:1] == ["without"] and last[-1] in ("a", "an", "any")
    )


def _first_modifier(tokens: Sequence[Token], start: int) -> int:
    """Where the description of the noun at `start` begins."""
    while start and tokens[start - 1].part in ("adjective", "number"):
        link = start - 1
        while link and tokens[link - 1].lemma in _LINKS:
            link -= 1
        linked = link and link < start - 1 and tokens[link - 1].part == "adjective"
        start = link if linked and tokens[start - 1].part == "adjective" else start - 1
    return start


def _predicate(tokens: Sequence[Token], end: int) -> Sequence[Token]:
    """The adjectives that are said of the noun before `end`: "is black and white"."""
    if end >= len(tokens) or tokens[end].lemma != "be" or tokens[end].part != "verb":
        return ()
    first = last = end + 1
    for place in range(first, len(tokens)):
        if tokens[place].part == "adjective":
            last = place + 1
        elif tokens[place].lemma not in _LINKS:
            return () if tokens[place].part == "noun" and last == place else tokens[first:last]
    return tokens[first:last]


def _subject(tokens: Sequence[Token], spans: Sequence[_Span], place: int) -> int:
    """The phrase that a predicate after phrase `place` is about.

    In "the car on the street is blue" it is the car: the street only says where.
    """
    while place:
        between = [token.lemma for token in tokens[spans[place - 1].end : spans[place].first]]
        places = between and between[0] not in _DETERMINERS and _BOUNDS.isdisjoint(between)
        if not places:
            break
        place -= 1
    return place
