"""What two captions differ in: the things that only one of them mentions.

A thing is a noun phrase: a run of nouns ("traffic light") with the adjectives and numbers that
describe it. Things are the same if their nouns have the same dictionary forms.

The idea is that of Jiao et al. 2024 (Img-Diff), section 3: https://arxiv.org/abs/2408.04594.
`operator_nouns` is the rule of the published operator, which knows single words only.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from string import punctuation

from spotdiff.contracts import Tagger
from spotdiff.ops.phrases import NounPhrase, noun_phrases
from spotdiff.ops.plurals import singular
from spotdiff.types import Token

__all__ = ["NounPhrase", "differing", "noun_phrases", "operator_nouns"]


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
