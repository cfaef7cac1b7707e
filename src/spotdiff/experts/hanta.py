"""Reading English captions with HanTa, whose data is in its wheel.

Wartena 2019, A Probabilistic Morphology Model for German Lemmatization (the Hanover Tagger).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spotdiff.experts.catalogue import WeightsMissing, file_sha256
from spotdiff.experts.hanta_slips import mended
from spotdiff.ops.plurals import singular
from spotdiff.types import ModelInfo, PartOfSpeech, Token

# Words with their hyphens, apostrophes, and the marks of abbreviations and numbers; or what parts
# words.
_WORD = re.compile(
    r"(?:[^\W_]|(?<=[^\W_])(?:[-&]|'(?!s\b))(?=[^\W_])|(?<=\b[^\W_])\.(?=[^\W_]\b)"
    r"|(?<=\d)[.,:](?=\d))+|'s\b|[,;:.!?()\"'/&–\u2014]"
)
_LONGEST = 30  # letters of a word that are looked at: the cost grows with their square
# Apostrophes, quotation marks and hyphens are written in one way.
_ONE_WAY = str.maketrans("\u2019\u2018`\u00b4\u201c\u201d\u2010", "''''\"\"-")
_UNKNOWN = "UNC"  # the tag of what is no English word
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
# The first letters of the tags (those of the British National Corpus) of each part of speech.
_PARTS: tuple[tuple[str, PartOfSpeech], ...] = (
    ("N", "noun"),
    ("AJ", "adjective"),
    ("CRD", "number"),
    ("ORD", "number"),
    ("V", "verb"),
)


class HanTaTagger:
    """Says of every word of English sentences what it is; a `Tagger`.

    The model is read when the first sentence comes, once a process, so that this object is cheap
    to send to other processes.

    Args:
        model_file: A model of HanTa. It is a pickle: take it from nowhere but its wheel.
        info: Which model this is.
    """

    def __init__(self, model_file: Path, info: ModelInfo) -> None:
        self.model_file = model_file
        self.info = info

    @classmethod
    def from_pretrained(cls, name: str = "morphmodel_en.pgz") -> HanTaTagger:
        """The tagger of a model in the wheel of HanTa, or of the path of one.

        Raises:
            WeightsMissing: If there is no such file.
        """
        spec = find_spec("HanTa")
        folder = Path(spec.origin).parent if spec and spec.origin else Path()
        model_file = folder / name
        if not model_file.is_file():
            raise WeightsMissing(
                f"Expected the model {name} of HanTa at {model_file}, found no file there: "
                "install the package HanTa, or give the path of a model."
            )
        info = ModelInfo(f"hanta-{version('HanTa')}", file_sha256(model_file))
        return cls(model_file, info)

    def __call__(self, sentences: Sequence[str]) -> list[tuple[Token, ...]]:
        """The words of every sentence, in order.

        Marks that part words, such as commas, are tokens of their own whose part is `other`, and so
        is the 's of "the man's hat".
        """
        return [_read(self.model_file, sentence) for sentence in sentences]


@cache
def _model(model_file: Path) -> Any:  # noqa: ANN401 HanTa has no types
    from HanTa.HanoverTagger import HanoverTagger

    return HanoverTagger(str(model_file))


@lru_cache(maxsize=16384)
def _read(model_file: Path, sentence: str) -> tuple[Token, ...]:
    words = split(sentence)
    if not words:
        return ()
    # Headlines capitalise everything, which says nothing then.
    shouted = sum(word[0].isupper() for word in words) * 2 > len(words)
    short = [(word.lower() if shouted else word)[:_LONGEST] for word in words]
    model = _model(model_file)
    tagged = model.tag_sent(short, casesensitive=not shouted)
    tags = [_known(model, word.lower(), tag) for word, _, tag in tagged]
    tokens = [
        _token(word, lemma, _part(word, around))
        for word, (_, lemma, _), around in zip(
            words, tagged, zip(["", *tags], tags, [*tags[1:], ""], strict=False), strict=True
        )
    ]
    return tuple(mended(tokens))


def _known(model: Any, word: str, tag: str) -> str:  # noqa: ANN401
    """The tag of a word; for want of better ones HanTa calls unknown short words numbers."""
    is_number = word in model.cache or any(letter.isdecimal() for letter in word)
    return _UNKNOWN if tag == "CRD" and not is_number else tag


def _part(word: str, around: tuple[str, str, str]) -> PartOfSpeech:
    """What a word is by its tag, which is the middle one, and those beside it."""
    before, tag, after = around
    if word == "'s" or not any(letter.isalnum() for letter in word):
        return "other"
    if not any(letter.isalpha() for letter in word):
        return "number"
    if tag == _UNKNOWN:
        # Several in a row are not English.
        return "noun" if _LATIN.match(word) and _UNKNOWN not in (before, after) else "other"
    return next((part for start, part in _PARTS if tag.startswith(start)), "other")


def _token(word: str, lemma: str, part: PartOfSpeech) -> Token:
    if part == "noun":
        return Token(word, singular(word.lower()), part)
    return Token(word, lemma.lower() if part == "verb" else word.lower(), part)


def split(sentence: str) -> list[str]:
    """The words and marks of a sentence.

    Example:
        >>> split("The man's t-shirt, at 12:30 (in L.A.).")
        ['The', 'man', "'s", 't-shirt', ',', 'at', '12:30', '(', 'in', 'L.A', '.', ')', '.']
    """
    plain = unicodedata.normalize("NFKC", sentence).translate(_ONE_WAY)
    return _WORD.findall(plain)
