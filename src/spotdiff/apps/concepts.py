"""Texts that may be said of pictures: those that travel with the package, or those of a file."""

from __future__ import annotations

from pathlib import Path

import yaml

from spotdiff.apps.places import existing, travelling
from spotdiff.labels.swaps import CompatibleNouns
from spotdiff.labels.words import Synonyms
from spotdiff.ops.plurals import singular
from spotdiff.ops.wording import Noun, noun_of


def bank(file: str | Path | None = None) -> tuple[str, ...]:
    """The texts of a file, one a line, or those of the package; each once, in their order.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no text.

    Example:
        >>> texts = bank()
        >>> "a fire hydrant" in texts, "a beach" in texts, len(texts) == len(set(texts)) > 400
        (True, True, True)
    """
    if file is None:
        return tuple(dict.fromkeys([*_nouns(), *_concepts()]))
    path = existing(file, "a file of texts for bank.file")
    lines = path.read_text("utf-8-sig").splitlines()
    texts = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not texts:
        raise ValueError(f"{path}: expected one text a line, got none.")
    return texts


def _nouns() -> list[str]:
    """Things that the other files name, each as one of it."""
    conf = travelling("conf")
    swaps = CompatibleNouns.from_file(conf / "swaps.yaml").groups
    words = [*swaps]
    for name in ("labels", "broader"):
        aliases = Synonyms.from_file(conf / f"{name}.yaml").aliases
        words += [*aliases.values(), *aliases]
    ones = dict.fromkeys(singular(word) for word in words)
    return [_one_of(noun) for noun in map(noun_of, ones) if noun is not None]


def _one_of(noun: Noun) -> str:
    """One of it, by the first letters: the rules of English take seconds to import."""
    if noun.counting != "each":
        return noun.counted(1)
    vowel = noun.words.startswith(("a", "e", "i", "o", "um"))
    return f"{'an' if vowel else 'a'} {noun.words}"


def _concepts() -> list[str]:
    groups = yaml.safe_load((travelling("conf") / "concepts.yaml").read_text("utf-8"))
    return [str(text) for texts in groups.values() for text in texts]
