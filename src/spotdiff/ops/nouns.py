"""What two captions differ in: the things that only one of them mentions.

A thing is a noun phrase: a run of nouns ("traffic light") with the adjectives and numbers that
describe it. Things are the same if their nouns have the same dictionary forms.

The idea is that of Jiao et al. 2024 (Img-Diff), section 3: https://arxiv.org/abs/2408.04594.
`operator_nouns` is the rule of the published operator, which knows single words only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from string import punctuation

from spotdiff.contracts import Tagger
from spotdiff.ops.plurals import singular
from spotdiff.types import Token

_LINKS = {"and", "or", "&", ","}
_SAYS_NOTHING = _LINKS | {"one"}  # "one dog" is "a dog"


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


def noun_phrases(tokens: Sequence[Token]) -> tuple[NounPhrase, ...]:
    """The things that a sentence mentions, in its order, repeats kept.

    A run of nouns is one thing. What describes it stands before it ("a blue and white bus") or
    after it and a form of *be* ("the bus is blue"). What is said not to be there ("no people",
    "without a hat") is not mentioned.

    Example:
        >>> a, red = Token("A", "a", "other"), Token("red", "red", "adjective")
        >>> traffic, lights = Token("traffic", "traffic", "noun"), Token("lights", "light", "noun")
        >>> noun_phrases([a, red, traffic, lights])  # doctest: +NORMALIZE_WHITESPACE
        (NounPhrase(text='traffic lights', lemmas=('traffic', 'light'), modifiers=('red',),
                    described='red traffic lights'),)
    """
    phrases: list[NounPhrase] = []
    end = 0
    while end < len(tokens):
        start = end
        while end < len(tokens) and tokens[end].part == "noun":
            end += 1
        if end == start:
            end += 1
            continue
        first = _first_modifier(tokens, start)
        if not _denied(tokens[:first]):
            phrases.append(_phrase(tokens[start:end], tokens[first:start], _predicate(tokens, end)))
    return tuple(phrases)


def _phrase(
    nouns: Sequence[Token], before: Sequence[Token], predicate: Sequence[Token]
) -> NounPhrase:
    numbers = next((i for i, token in enumerate(before) if token.part != "number"), len(before))
    said = [*before[:numbers], *predicate, *before[numbers:]]
    return NounPhrase(
        text=_text(nouns),
        lemmas=tuple(token.lemma for token in nouns),
        modifiers=tuple(token.lemma for token in said if token.lemma not in _SAYS_NOTHING),
        described=_text([*said, *nouns]),
    )


def _denied(before: Sequence[Token]) -> bool:
    """Whether these words say that what follows is not there."""
    last = [token.lemma for token in before[-2:]]
    return last[-1:] in (["no"], ["without"]) or (
        last[:1] == ["without"] and last[-1] in ("a", "an", "any")
    )


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.word.lower() for token in tokens).replace(" ,", ",")


def _describes(token: Token) -> bool:
    return token.part in ("adjective", "number")


def _first_modifier(tokens: Sequence[Token], start: int) -> int:
    """Where the description of the noun at `start` begins."""
    while start and _describes(tokens[start - 1]):
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


def differing(
    before: Sequence[Token], after: Sequence[Token]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What only the caption of before mentions, and what only that of after mentions.

    A thing that the other caption lacks is given without its description ("a red car" becomes
    "car"). One that both mention is given with its description where that says something which the
    other caption does not say of it: "red car" and "blue car", but nothing for a mere "car".

    Args:
        before: The words of the caption of before.
        after: The words of the caption of after.

    Returns:
        Texts in the order of their sentences, each thing once.

    Example:
        >>> a, car = Token("a", "a", "other"), Token("car", "car", "noun")
        >>> red, blue = Token("red", "red", "adjective"), Token("blue", "blue", "adjective")
        >>> dogs = Token("dogs", "dog", "noun")
        >>> differing([a, red, car], [a, blue, car])
        (('red car',), ('blue car',))
        >>> differing([a, red, car], [a, car, a, dogs])
        (('red car',), ('dogs',))
    """
    these, those = noun_phrases(before), noun_phrases(after)
    return _only(these, those), _only(those, these)


def _only(mine: Sequence[NounPhrase], others: Sequence[NounPhrase]) -> tuple[str, ...]:
    said: dict[tuple[str, ...], list[set[str]]] = {}
    for phrase in others:
        said.setdefault(phrase.lemmas, []).append(set(phrase.modifiers))
    found: dict[tuple[tuple[str, ...], frozenset[str]], str] = {}
    for phrase in mine:
        shared, modifiers = phrase.lemmas in said, frozenset(phrase.modifiers)
        if not shared:
            found.setdefault((phrase.lemmas, frozenset()), phrase.text)
        elif not any(modifiers <= known for known in said[phrase.lemmas]):
            found.setdefault((phrase.lemmas, modifiers), phrase.described)
    return tuple(found.values())


def operator_nouns(
    before: str, after: str, tagger: Tagger
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that the published operator takes from two captions.

    Words are what single spaces part, in lower case and without the punctuation around them. Those
    that a comparison of both sequences finds in one only are removed or added; a word that moved
    is both. A word whose singular is also among those of the other side is dropped, and so is one
    that the tagger, seeing that word alone, does not call a noun.

    Args:
        before: The caption of before.
        after: The caption of after.
        tagger: Is asked once, about all words that are left.

    Returns:
        Words of before and of after in the order of their captions, each once.

    Example:
        >>> class Nouns:
        ...     def __call__(self, sentences):
        ...         return [(Token(s, s, "noun" if s != "on" else "other"),) for s in sentences]
        >>> operator_nouns("A traffic light on street", "A light on streets, boat.", Nouns())
        (('traffic',), ('boat',))
    """
    sides = _line_difference(_words(before), _words(after))
    lemmas = [{singular(word) for word in side} for side in sides]
    left = [
        list(dict.fromkeys(word for word in side if singular(word) not in other))
        for side, other in zip(sides, reversed(lemmas), strict=True)
    ]
    alone = [*left[0], *left[1]]
    read = tagger(alone) if alone else []
    nouns = {word for word, tokens in zip(alone, read, strict=True) if _is_noun(tokens)}
    removed, added = (tuple(word for word in side if word in nouns) for side in left)
    return removed, added


def _is_noun(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and tokens[0].part == "noun"


def _words(caption: str) -> list[str]:
    stripped = (word.strip(punctuation) for word in caption.lower().split())
    return [word for word in stripped if word]


def _line_difference(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """What `difflib.Differ` marks with - and with +, without its costly search for like lines.

    The search only pairs lines that are marked anyway, so below the 200 words from which difflib
    ignores frequent ones nothing is different.
    """
    removed: list[str] = []
    added: list[str] = []
    for change, low, high, low_after, high_after in SequenceMatcher(
        None, before, after
    ).get_opcodes():
        if change != "equal":
            removed += before[low:high]
            added += after[low_after:high_after]
    return removed, added
