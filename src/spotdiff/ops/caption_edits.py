"""One noun of a caption replaced by another, and the check that nothing else was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spotdiff.types import Swap, Token

_ARTICLES = ("a", "an", "the")
_DESCRIBING = ("noun", "adjective", "number")
_COUNTED = (
    "a",
    "an",
    "the",
    "some",
    "several",
    "many",
    "his",
    "her",
    "its",
    "their",
    "this",
    "that",
)
_LONGEST = 6  # words of the part that changed


class Span(NamedTuple):
    """A run of nouns: places of its first token and of the one after its last."""

    start: int
    stop: int


def noun_spans(tokens: Sequence[Token]) -> list[Span]:
    """Every run of nouns of a sentence.

    Example:
        >>> a, hot, dog = Token("a", "a", "other"), *(Token(w, w, "noun") for w in ("hot", "dog"))
        >>> noun_spans([a, hot, dog, a, dog])
        [Span(start=1, stop=3), Span(start=4, stop=5)]
    """
    spans, start = [], None
    for place, part in enumerate([*(token.part for token in tokens), "other"]):
        if part == "noun":
            start = place if start is None else start
        elif start is not None:
            spans.append(Span(start, place))
            start = None
    return spans


def places(caption: str, tokens: Sequence[Token]) -> list[tuple[int, int]] | None:
    """Where each token lies in the caption, first letter and one after the last.

    None where a token is not written there as it is.

    Example:
        >>> places("A dog.", [Token("A", "a", "other"), Token("dog", "dog", "noun")])
        [(0, 1), (2, 5)]
    """
    found, cursor = [], 0
    for token in tokens:
        at = caption.find(token.word, cursor)
        if at < 0:
            return None
        cursor = at + len(token.word)
        found.append((at, cursor))
    return found


def replaced(
    caption: str, tokens: Sequence[Token], span: Span, noun: str, article: str
) -> str | None:
    """The caption with a run of nouns replaced.

    Args:
        caption: As it was read.
        tokens: What was read.
        span: Which nouns go.
        noun: What comes, in the right number.
        article: Its indefinite article, `a` or `an`, for where one stands right before.

    Example:
        >>> words = [Token("An", "a", "other"), Token("owl", "owl", "noun")]
        >>> replaced("An owl.", words, Span(1, 2), "crow", "a")
        'A crow.'
    """
    written = places(caption, tokens)
    if written is None:
        return None
    start, stop = written[span.start][0], written[span.stop - 1][1]
    if start and span.start and tokens[span.start - 1].word.lower() in ("a", "an"):
        before, end = written[span.start - 1]
        fitting = article.capitalize() if caption[before].isupper() else article
        return caption[:before] + fitting + caption[end:start] + noun + caption[stop:]
    cased = noun[0].upper() + noun[1:] if caption[start].isupper() and not start else noun
    return caption[:start] + cased + caption[stop:]


def swapped(before: Sequence[Token], after: Sequence[Token]) -> Swap | str:
    """What two sentences differ in, if it is one noun phrase; else why it is not, in one clause.

    All words around it must be the same, articles left aside. So an answer that talks about the
    edit, changes two things or only says the same differently does not pass.

    Example:
        >>> def read(text, nouns):
        ...     return [Token(w, w, "noun" if w in nouns else "other") for w in text.split()]
        >>> swapped(read("a dog on a mat", "dog mat"), read("an owl on a mat", "owl mat"))
        Swap(before='dog', after='owl')
        >>> swapped(read("a dog on a mat", "dog mat"), read("an owl on a rug", "owl rug"))
        'more than one thing changed: "dog on mat" became "owl on rug"'
        >>> swapped(read("a dog", "dog"), read("a dog", "dog"))
        'nothing changed'
    """
    mine, theirs = (_telling(tokens) for tokens in (before, after))
    head = _alike(mine, theirs)
    tail = _alike(mine[head:][::-1], theirs[head:][::-1])
    old, new = mine[head : len(mine) - tail], theirs[head : len(theirs) - tail]
    if not old and not new:
        return "nothing changed"
    if not old or not new:
        return f'words {"came" if new else "went"}: "{_text(new or old)}"'
    if max(len(old), len(new)) > _LONGEST or not (_is_phrase(old) and _is_phrase(new)):
        return f'more than one thing changed: "{_text(old)}" became "{_text(new)}"'
    if not (_nouns(old) or _nouns(new)):
        return f'no thing changed: "{_text(old)}" became "{_text(new)}"'
    return Swap(_whole(mine, head, tail), _whole(theirs, head, tail))


def _telling(tokens: Sequence[Token]) -> list[Token]:
    """Without articles and the mark that ends the sentence, which an edit may change."""
    told = [token for token in tokens if token.word.lower() not in _ARTICLES]
    while told and told[-1].word in (".", "!", "…"):
        told.pop()
    return told


def _alike(mine: Sequence[Token], theirs: Sequence[Token]) -> int:
    pairs = zip(mine, theirs, strict=False)
    same = [a.word.lower() == b.word.lower() for a, b in pairs]
    return same.index(False) if False in same else len(same)


def _is_phrase(tokens: Sequence[Token]) -> bool:
    return all(t.part in _DESCRIBING or t.word.lower() in _COUNTED for t in tokens)


def _nouns(tokens: Sequence[Token]) -> bool:
    return any(token.part == "noun" for token in tokens)


def _whole(tokens: Sequence[Token], head: int, tail: int) -> str:
    """The changed words with the nouns beside them: of "traffic light" both."""
    start, stop = head, len(tokens) - tail
    while start and tokens[start - 1].part == "noun":
        start -= 1
    while stop < len(tokens) and tokens[stop].part == "noun":
        stop += 1
    return _text(tokens[start:stop]).lower()


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.word for token in tokens)
