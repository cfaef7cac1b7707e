"""The singular of English nouns by spelling, so that `cars` and `car` are one thing.

A word has one singular whatever stands around it: what a tagger takes for a plural does not
matter. That keeps captions comparable where a tagger errs.
"""

from __future__ import annotations

from functools import lru_cache

# Whole words whose singular no rule finds.
_IRREGULAR = {
    "people": "person",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "mice": "mouse",
    "oxen": "ox",
    "lives": "life",
    "halves": "half",
    "cacti": "cactus",
    "fungi": "fungus",
    "quizzes": "quiz",
    "busses": "bus",
    "lenses": "lens",
    "gases": "gas",
    "irises": "iris",
    "canvases": "canvas",
    "atlases": "atlas",
    "axes": "axe",
}
_ENDINGS = (
    ("children", "child"),
    ("women", "woman"),
    ("men", "man"),
    ("knives", "knife"),
    ("wives", "wife"),
    ("leaves", "leaf"),
    ("loaves", "loaf"),
    ("shelves", "shelf"),
    ("wolves", "wolf"),
    ("elves", "elf"),
    ("scarves", "scarf"),
    ("calves", "calf"),
    ("thieves", "thief"),
    ("hooves", "hoof"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("tzes", "tz"),
    ("ouses", "ouse"),
    ("auses", "ause"),
    ("fuses", "fuse"),
    ("uses", "us"),
    ("oes", "o"),
    ("ies", "y"),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that end like a plural and are none, or that mean another thing without their s.
_KEPT = _words(
    """
    gas lens canvas atlas christmas bias pancreas pampas tennis iris oasis axis trellis debris
    chassis ibis basis clematis series species news gymnastics aerobics athletics physics
    headquarters corps crossroads barracks rhinoceros thermos chaos
    scissors sunglasses eyeglasses goggles binoculars jeans pants trousers shorts tights leggings
    overalls pajamas pyjamas sweatpants underpants briefs tongs pliers tweezers clothes fries
    specimen omen ramen abdomen regimen cyclamen stamen
    """
)
# Words whose singular ends in the e that a rule above would take with the s.
_WITH_E = _words(
    """
    movies cookies pies ties bowties selfies smoothies brownies hoodies veggies birdies zombies
    rookies genies collies prairies calories magpies walkie-talkies foodies beanies onesies
    shoes horseshoes snowshoes toes tiptoes canoes hoes foes oboes
    aches headaches toothaches caches mustaches moustaches niches avalanches quiches brioches
    creches menus emus gnus tutus
    """
)


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """The singular of a noun in lower case; a word that is no plural stays as it is.

    Example:
        >>> [singular(word) for word in ("cars", "buses", "houses", "women", "knives", "skis")]
        ['car', 'bus', 'house', 'woman', 'knife', 'ski']
        >>> [singular(word) for word in ("bus", "glass", "tennis", "scissors", "sheep", "t-shirts")]
        ['bus', 'glass', 'tennis', 'scissors', 'sheep', 't-shirt']
    """
    whole = word.rpartition("-")[2]
    if whole in _KEPT or len(whole) < 3:
        return word
    if whole in _IRREGULAR:
        return word.removesuffix(whole) + _IRREGULAR[whole]
    if whole in _WITH_E or word in _WITH_E:
        return word[:-1]
    for plural, one in _ENDINGS:
        if word.endswith(plural):
            return word.removesuffix(plural) + one
    return word if word.endswith(("ss", "us")) or not word.endswith("s") else word[:-1]
