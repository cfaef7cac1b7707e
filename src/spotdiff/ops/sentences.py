"""What happened to things, as plain sentences.

Things of which the same is to be said share a clause. Clauses come in the order of their strongest
thing, then from top to bottom, then as they were told, so that exchanged or mirrored views change
no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from spotdiff.ops.places import Place
from spotdiff.ops.wording import Noun, listed, number, sentence, subject, was

Happening: TypeAlias = Literal["added", "removed", "changed", "moved"]

NOTHING = "Nothing changed."
PERHAPS = "Something may have changed."
MAX_PLACES = 3  # that a clause names


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one thing.

    Attributes:
        happening: What it was.
        noun: Of the thing; None where nobody knows.
        strength: How sure that is; what is surest is said first.
        place: Where it is, or was before it moved; None leaves that out.
        end: Where it moved to.
        colour: Of the thing, where it is clear.
        turned: The colours that it had and has, where they differ.
        into: What stands in its place, where that is another thing.
    """

    happening: Happening
    noun: Noun | None = None
    strength: float = 0.0
    place: Place | None = None
    end: Place | None = None
    colour: str | None = None
    turned: tuple[str, str] | None = None
    into: Noun | None = None

    @property
    def where(self) -> str | None:
        """Its place, or its way from one to another."""
        ends = [place for place in (self.place, self.end) if place is not None]
        if len(ends) == 2 and ends[0] != ends[1]:
            return f"from the {ends[0].words} to the {ends[1].words}"
        return ends[0].at if ends else None

    @property
    def rank(self) -> tuple[float, list[tuple[int, int]]]:
        """What sorts events: the strongest first, then from top to bottom."""
        ends = [place.rank for place in (self.place, self.end) if place is not None]
        return -self.strength, sorted(ends)


def sentence_of(event: Event) -> str:
    """One event.

    Example:
        >>> sentence_of(Event("added", Noun("person"), place=Place(1, -1)))
        'A person was added at the lower left.'
        >>> sentence_of(Event("moved", Noun("cup"), place=Place(1, -1), end=Place(0, 0)))
        'A cup moved from the lower left to the centre.'
        >>> sentence_of(Event("changed", Noun("car"), place=Place(0, 0), turned=("red", "blue")))
        'A car in the centre turned from red to blue.'
        >>> sentence_of(Event("changed", Noun("dog"), place=Place(0, 0), into=Noun("owl")))
        'A dog in the centre was replaced by an owl.'
    """
    return sentence([_clause([event])])


def sentence_of_all(events: Sequence[Event], max_clauses: int = 4) -> str:
    """All events; of many the strongest, and how many more there are.

    Colours are left out where without them all fit in.

    Example:
        >>> came = Event("added", Noun("person"), 0.9, Place(1, -1))
        >>> gone = Event("removed", Noun("car"), 0.8, Place(0, 1), colour="red")
        >>> sentence_of_all([gone, came, came])
        'Two people were added at the lower left; a red car was removed on the right.'
        >>> sentence_of_all([came, came, gone, Event("changed")], max_clauses=1)
        'Two people were added at the lower left; and there are two more changes.'
        >>> sentence_of_all([])
        'Nothing changed.'
    """
    if not events:
        return NOTHING
    groups = _grouped(events, lambda event: event)
    if len(groups) > max_clauses:
        groups = _grouped(events, lambda event: replace(event, colour=None))
    clauses = [_clause(group) for group in groups[:max_clauses]]
    if more := sum(len(group) for group in groups[max_clauses:]):
        changes = "is one more change" if more == 1 else f"are {number(more)} more changes"
        clauses.append(f"and there {changes}")
    return sentence(clauses)


def _grouped(events: Iterable[Event], told: Callable[[Event], Event]) -> list[list[Event]]:
    """Events that share a clause, each group and all of them in the order that they are said in."""
    groups: dict[object, list[Event]] = {}
    for event in sorted(map(told, events), key=lambda event: event.rank):
        about = (event.happening, event.noun, event.colour, event.turned, event.into)
        groups.setdefault(about, []).append(event)
    return sorted(groups.values(), key=lambda group: group[0].rank)


def _clause(events: Sequence[Event]) -> str:
    """What is said of events that differ in nothing but their place."""
    first, count = events[0], len(events)
    who = subject(first.noun, count, first.colour)
    where, shares = _places(events)
    if first.happening in ("added", "removed"):
        return f"{who} {was(first.noun, count)} {first.happening}{where}{shares}"
    verb = _verb(first, count)
    if " from the " in where:
        return f"{who} {verb}{where}{shares}"
    return f"{who}{where} {verb}{shares}"


def _verb(event: Event, count: int) -> str:
    if event.into is not None:
        return f"{was(event.noun, count)} replaced by {event.into.counted(count)}"
    return f"turned from {' to '.join(event.turned)}" if event.turned else event.happening


def _places(events: Sequence[Event]) -> tuple[str, str]:
    """Where all of the events were, and how they share in several places; one of both is empty."""
    counts: dict[str | None, int] = {}
    for event in events:
        counts[event.where] = counts.get(event.where, 0) + 1
    known = {where: count for where, count in counts.items() if where is not None}
    if len(counts) == 1:
        return "".join(f" {where}" for where in known), ""
    if len(known) > MAX_PLACES:
        return "", " in several places"
    noun = events[0].noun
    if noun is not None and noun.counting in ("mass", "several"):
        return f" {listed(list(known))}" if None not in counts else "", ""
    most_first = sorted(known.items(), key=lambda item: -item[1])
    of_them = " of them" if None in counts else ""
    shares = [f"{number(count)}{of_them} {where}" for where, count in most_first]
    return "", f", {listed(shares)}"
