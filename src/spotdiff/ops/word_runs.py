"""What a caption says, as runs of words: noun phrases and short pieces of the sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from spotdiff.ops.phrases import noun_phrases
from spotdiff.types import Token

MAX_WORDS = 4  # of a piece

# Nouns and verbs that say nothing of what a picture shows.
_EMPTY = frozenset(
    ["be", "have", "there", "image", "picture", "photo", "photograph", "view", "scene", "shot"]
)
_WHERE = frozenset(["in", "on", "under", "near", "behind", "without", "inside", "outside"])

Run = tuple[str, ...]  # dictionary forms, without articles


def word_runs(tokens: Sequence[Token], most: int = MAX_WORDS) -> dict[Run, str]:
    """The pieces of a sentence that may tell it from others, with how it writes them.

    A piece begins and ends with a word that says something, but for places, which begin with "in"
    or "on"; no mark is inside of it, and it does not end before the noun that it describes. Noun
    phrases are pieces whatever their length, and so are single words.

    Args:
        tokens: A sentence.
        most: Words of a piece, articles aside.

    Example:
        >>> words = [("two", "number"), ("dogs", "noun"), ("on", "other"), ("sand", "noun")]
        >>> tokens = [Token(word, word.rstrip("s"), part) for word, part in words]
        >>> list(word_runs(tokens).values())
        ['two dogs', 'sand', 'dogs', 'dogs on sand', 'on sand']
    """
    found: dict[Run, str] = {}
    for phrase in noun_phrases(tokens):
        found.setdefault((*phrase.modifiers, *phrase.lemmas), phrase.described)
    for start in range(len(tokens)):
        for run, text in _from(tokens, start, most):
            found.setdefault(run, text)
    return found


def _from(tokens: Sequence[Token], start: int, most: int) -> Iterator[tuple[Run, str]]:
    """The pieces that begin at a token."""
    first = tokens[start]
    if not (_says(first) or first.lemma in _WHERE):
        return
    run: list[str] = []
    words: list[str] = []
    for place, token in enumerate(tokens[start:], start):
        if not any(letter.isalnum() for letter in token.word):
            return
        words.append(token.word.lower())
        if token.lemma not in ("a", "an", "the"):
            run.append(token.lemma)
        if len(run) > most:
            return
        if _says(token) and (place == start or not _goes_on(tokens, place)):
            yield tuple(run), " ".join(words)


def _goes_on(tokens: Sequence[Token], place: int) -> bool:
    """Whether what a word describes, or is a part of the name of, comes next."""
    after = tokens[place + 1].part if place + 1 < len(tokens) else "other"
    return tokens[place].part != "verb" and after in ("noun", "adjective")


def _says(token: Token) -> bool:
    return token.part not in ("other", "number") and token.lemma not in _EMPTY


def without_parts(scores: Mapping[Run, float], near: float = 0.85) -> list[Run]:
    """Runs best first, each thing said once: of a run and a part of it one stays.

    The longer one stays where its score is near that of its part, for it says more.

    Args:
        scores: Of each run; larger is better.
        near: Share of the score of a part that a longer run must reach.

    Example:
        >>> red, car, both = ("red",), ("car",), ("red", "car")
        >>> without_parts({red: 5.0, both: 4.8, car: 1.0})
        [('red', 'car')]
        >>> without_parts({red: 5.0, both: 2.0, car: 1.0})
        [('red',), ('car',)]
    """
    kept: list[Run] = []
    order = sorted(scores, key=lambda run: (-scores[run], -len(run), run))
    for run in order:
        longer = [other for other in order if _within(run, other)]
        worthy = [other for other in longer if scores[other] >= near * scores[run]]
        best = max(worthy, key=lambda other: (len(other), scores[other]), default=run)
        free = [one for one in (best, run) if not any(_overlap(one, other) for other in kept)]
        kept += free[:1]
    return kept


def _overlap(one: Run, other: Run) -> bool:
    return one == other or _within(one, other) or _within(other, one)


def _within(part: Run, whole: Run) -> bool:
    """Whether a run is a part of a longer one."""
    size = len(part)
    return size < len(whole) and any(
        whole[i : i + size] == part for i in range(len(whole) - size + 1)
    )
