"""How English counts things: by number, in pairs, or not at all."""

from __future__ import annotations

from typing import Literal, TypeAlias

from spotdiff.ops.plurals import singular

Counting: TypeAlias = Literal["each", "pairs", "mass", "several"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PAIRS = _words(
    """
    scissors sunglasses eyeglasses spectacles goggles binoculars jeans pants trousers
    shorts tights leggings pajamas pyjamas sweatpants underpants tongs pliers tweezers headphones
    earphones skis
    """
)
_MASS = _words(
    """
    water grass snow sand ice mud dirt soil gravel debris rubble trash garbage rubbish litter
    waste furniture luggage baggage clothing equipment machinery food bread rice broccoli vegetation
    foliage traffic graffiti scaffolding smoke copper hair jewelry jewellery cutlery tableware
    crockery stationery paint rain fog dust wood
    """
)
_PLURAL_ONLY = frozenset(["clothes", "fries", "cattle", "police"])
_PEOPLE = _words(
    """
    person people man men woman women boy girl child kid baby lady gentleman guy pedestrian
    worker driver cyclist bicyclist motorcyclist rider human individual crowd skier player
    officer
    """
)


def counting_of(words: str) -> Counting:
    """How several are told: `each` by number, `pairs` such as scissors; others are not counted.

    Water is `mass`, what is a plural already is `several`.

    Example:
        >>> [counting_of(words) for words in ("traffic light", "scissors", "debris", "people")]
        ['each', 'pairs', 'mass', 'several']
        >>> counting_of("glasses"), counting_of("wine glasses"), counting_of("bus")
        ('pairs', 'several', 'each')
    """
    last = words.rpartition(" ")[2]
    if words == "glasses" or last in _PAIRS:
        return "pairs"
    if last in _MASS:
        return "mass"
    if last in _PLURAL_ONLY or (last.islower() and singular(last) != last):
        return "several"
    return "each"


def is_person(words: str) -> bool:
    """Whether words call somebody.

    Example:
        >>> is_person("person"), is_person("police officer"), is_person("traffic light")
        (True, True, False)
    """
    return words.replace("-", " ").rpartition(" ")[2] in _PEOPLE
