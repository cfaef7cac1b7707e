"""Where HanTa errs in captions, and what is right: it learnt from newspapers and books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from spotdiff.ops.plurals import singular
from spotdiff.types import PartOfSpeech, Token


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _entries(text: str) -> frozenset[tuple[str, ...]]:
    """The entries of a table, parted by bars, as their words."""
    return frozenset(_words(entry) for entry in text.split("|"))


# Things of several words that look like an adjective or a verb beside a noun. The last word may be
# a plural.
_THINGS = _entries(
    """
    hot dog|french fries|orange juice|orange slice|ice cream|whipped cream|baked good|sweet potato|
    mashed potato|french toast|french bread|swiss cheese|green bean|bell pepper|chewing gum|
    stuffed animal|stuffed bear|stuffed toy|polar bear|grizzly bear|teddy bear|potted plant|
    remote control|mobile phone|hard hat|high chair|rocking chair|folding chair|living room|
    dining room|dining table|dining area|cutting board|frying pan|baking sheet|mixing bowl|
    serving dish|washing machine|sewing machine|vending machine|ironing board|sleeping bag|
    shopping cart|shopping bag|shopping mall|swimming pool|swimming suit|bathing suit|
    running shoe|hiking boot|hiking trail|walking path|walking stick|fishing boat|fishing rod|
    fishing pole|sailing boat|racing car|double decker|hot air balloon|parking meter|parking lot|
    parking garage|parking space|parking spot|stop sign|traffic light|fire hydrant|trash can|
    garbage can|soda can|beer can|watering can|tin can|ping pong|electric guitar|wedding cake|
    wedding dress|christmas tree|pedestrian crossing|pedestrian crosswalk|pedestrian signal|
    pedestrian bridge|no parking sign|no entry sign|no smoking sign
    """
)
# Nouns that name a place or an amount and not a thing.
_NO_THINGS = _entries(
    """
    in front|in front of|in the front|at the front of|on the front of|on top|on top of|
    on the top of|at the top|at the top of|at the bottom|at the bottom of|in the middle|
    in the middle of|in the center of|in the centre of|on the side|on the side of|at the side of|
    by the side of|to the side of|side by side|on the edge of|at the edge of|at the end of|
    in the back|in the back of|at the back of|on the back of|on the left|on the left of|
    on the right|on the right of|to the left|to the left of|to the right|to the right of|
    in the background|in the foreground|in the distance|in a row|in a line|in line|at night|
    in motion|in flight|in mid air|a lot of|lots of|plenty of|a couple of|couple of|a number of|
    a pair of|pair of|a bunch of|bunch of|a group of|group of|a variety of|a set of|some kind of|
    a kind of|some sort of|a type of|dozens of|hundreds of|close up of|a close up|close-up of
    """
)
# Nouns in -ing that are things; all others are what somebody does.
_ING_THINGS = frozenset(
    _words(
        """
        building ceiling painting railing wing ring earring king string spring clothing awning
        icing frosting topping pudding stuffing evening morning wedding thing sibling duckling
        lightning dressing seasoning crossing lighting paneling panelling carving drawing flooring
        wiring scaffolding bedding covering siding molding moulding filling wrapping viking darling
        swing sling bling dumpling stocking legging bearing offering marking setting furnishing
        being boeing
        """
    )
)
_NO_WORDS = frozenset(_words("arafed araffe araffes arafly e.g i.e etc"))  # some captioners' own
# Adjectives that say nothing that can be seen.
_NO_ADJECTIVES = frozenset(
    _words("other same such various different own next several many few certain able")
)
_COLOURS = frozenset(
    _words(
        """
        red orange yellow green blue purple pink brown black white gray grey gold silver tan beige
        maroon turquoise teal violet navy khaki
        """
    )
)
_COLOURED_THINGS = {"orange", "gold", "silver", "violet"}
_SHADES = {"dark", "light", "bright", "pale", "deep"}
_LINKS = {"and", "or", "&", ",", "/"}
_MADE = frozenset(
    _words(
        """
        covered lined filled topped shaped colored coloured flavored flavoured powered sized themed
        framed drawn
        """
    )
)
_LONGEST = max(len(entry) for entry in _THINGS | _NO_THINGS)
_PHRASE: tuple[PartOfSpeech, ...] = ("noun", "adjective", "number")
_COUNT = _words("one two three four five six seven eight nine ten eleven twelve")
_DIGITS = {str(number): word for number, word in enumerate(_COUNT, start=1)}


def mended(tokens: Sequence[Token]) -> list[Token]:
    """The words of a sentence with the mistakes mended that captions provoke."""
    words = list(tokens)
    for mend in _MENDS:
        words = mend(words)
    return words


def _numbers_and_empty_adjectives(tokens: list[Token]) -> list[Token]:
    """Numbers get one spelling; "other" and alike describe nothing that can be seen."""
    return [
        replace(token, lemma=_DIGITS[token.lemma], part="number")
        if token.lemma in _DIGITS
        else replace(token, part="other")
        if (token.lemma in _NO_ADJECTIVES and token.part == "adjective")
        or token.word.lower() in _NO_WORDS
        else token
        for token in tokens
    ]


def _colours(tokens: list[Token]) -> list[Token]:
    """A colour is no thing; one that also names a thing describes the noun that follows it."""
    found = list(tokens)
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        if token.part != "noun" or token.word.lower() not in _COLOURS:
            continue
        shaded = place > 0 and tokens[place - 1].lemma in _SHADES
        if token.lemma not in _COLOURED_THINGS or shaded or _leads(found, place):
            found[place] = replace(token, part="adjective")
    return found


def _leads(tokens: list[Token], place: int) -> bool:
    """Whether a colour stands before a noun, or before another word that describes one."""
    after = tokens[place + 1 : place + 3]
    if after and after[0].lemma in _LINKS:
        return len(after) > 1 and after[1].part == "adjective"
    return bool(after) and after[0].part in ("noun", "adjective")


def _made(tokens: list[Token]) -> list[Token]:
    """A "snow covered bench" is a bench, and there is no snow that covered it."""
    found = list(tokens)
    for place, (thing, made, after) in enumerate(zip(tokens, tokens[1:], tokens[2:], strict=False)):
        shows = thing.part == "noun" and after.part in ("noun", "adjective")
        if shows and made.word.lower() in _MADE:
            found[place] = replace(thing, part="adjective")
            found[place + 1] = replace(made, part="adjective", lemma=made.word.lower())
    return found


def _doings(tokens: list[Token]) -> list[Token]:
    """A noun in -ing is a verb unless it stands at the head of a compound: "a man cooking"."""
    found = list(tokens)
    for place, token in enumerate(tokens):
        if token.part != "noun" or not token.lemma.endswith("ing") or len(token.lemma) < 5:
            continue
        follows = place > 0 and found[place - 1].part == "noun"
        leads = place + 1 < len(tokens) and tokens[place + 1].part == "noun"
        if token.lemma not in _ING_THINGS and (follows or not leads):
            found[place] = replace(token, part="verb")
    return found


def _verbs_after_one(tokens: list[Token]) -> list[Token]:
    """After "a man" a plural is a verb: "a man smiles", "a woman waters plants"."""
    found = list(tokens)
    start = 0
    for end in range(len(tokens) + 1):
        if end < len(tokens) and tokens[end].part in _PHRASE:
            continue
        nouns = [place for place in range(start, end) if tokens[place].part == "noun"]
        one = start > 0 and tokens[start - 1].lemma in ("a", "an")
        if one and nouns and _plural(tokens[nouns[-1]]):
            verb = next((place for place in nouns[1:] if _plural(tokens[place])), None)
            if verb is not None:
                found[verb] = replace(tokens[verb], part="verb")
        start = end + 1
    return found


def _plural(token: Token) -> bool:
    return token.word.lower() == f"{token.lemma}s"


def _things(tokens: list[Token]) -> list[Token]:
    return _marked(tokens, _THINGS, "noun")


def _no_things(tokens: list[Token]) -> list[Token]:
    return _marked(tokens, _NO_THINGS, "other")


def _marked(
    tokens: list[Token], table: frozenset[tuple[str, ...]], part: PartOfSpeech
) -> list[Token]:
    """The words of every entry of the table are that part of speech; the longest entry wins."""
    found = list(tokens)
    words = [token.word.lower() for token in tokens]
    place = 0
    while place < len(tokens):
        for size in range(min(_LONGEST, len(tokens) - place), 1, -1):
            *first, last = words[place : place + size]
            if (*first, last) in table or (*first, singular(last)) in table:
                for inside in range(place, place + size):
                    lemma = singular(words[inside]) if part == "noun" else words[inside]
                    found[inside] = replace(tokens[inside], lemma=lemma, part=part)
                place += size - 1
                break
        place += 1
    return found


_MENDS: tuple[Callable[[list[Token]], list[Token]], ...] = (
    _numbers_and_empty_adjectives,
    _no_things,
    _colours,
    _made,
    _doings,
    _verbs_after_one,
    _things,
)
