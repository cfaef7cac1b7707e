"""The things of a pair are found once for each way to choose partners, and by cosines alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from spotdiff.ops.objects import sightings
from spotdiff.ops.things import grouped, words_of
from spotdiff.training import pair_things
from spotdiff.training.object_scores import scores_of, subset
from spotdiff.training.pair_things import PairThings
from spotdiff.training.tuning import grid
from spotdiff.types import ObjectEvidence, ObjectRules
from tests.training.object_tables import LOOK, MEANINGS, random_table, seen

RULES = ObjectRules()


@pytest.fixture
def asked(monkeypatch):
    """The rules by which partners were looked for."""
    found: list[tuple[float, float, float]] = []

    def counting(evidence, groups, **rules):
        found.append((rules["alpha"], rules["min_same"], rules["min_partner"]))
        return sightings(evidence, groups, **rules)

    monkeypatch.setattr(pair_things, "sightings", counting)
    return found


def equal(one, other) -> bool:
    return all(
        np.array_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(one)
    )


def test_things_are_those_of_the_rules_whatever_was_asked_before():
    table = random_table(np.random.default_rng(0), 30)
    for evidence, things in zip(table.known, table.things, strict=True):
        for rules in (RULES, replace(RULES, alpha=0.1, min_same=0.2), RULES):
            expected = sightings(
                evidence,
                grouped(evidence, MEANINGS.group),
                alpha=rules.alpha,
                min_same=rules.min_same,
                min_partner=rules.min_partner,
                look=LOOK,
            )
            found, words = things(rules)
            assert equal(found, expected)
            assert words == words_of(evidence, expected)


def test_thresholds_of_scores_and_heat_look_for_no_partner_anew(asked):
    things = PairThings(ObjectEvidence(seen(), seen(("car", 0, 0.9))), LOOK, MEANINGS.group)
    for rules in grid(RULES, {"min_score": [0.1, 0.9], "boost": [0, 1], "alpha": [0.3, 0.7]}):
        things(rules)
    assert asked == [(0.3, 0.5, 0.1), (0.7, 0.5, 0.1)]


def test_subsets_look_for_no_partner_that_the_whole_has_found(asked):
    table = random_table(np.random.default_rng(1), 12, holes=False)
    rows = np.array([7, 2, 2, 11])
    whole = scores_of(table, [RULES])
    assert len(asked) == 12
    assert np.array_equal(
        scores_of(subset(subset(table, rows), np.arange(4)), [RULES])[0], whole[0, rows]
    )
    assert len(asked) == 12


def test_what_was_asked_long_ago_is_forgotten(asked):
    things = PairThings(ObjectEvidence(seen(), seen(("car", 0, 0.9))), LOOK, MEANINGS.group)
    for level in (*range(pair_things.REMEMBERED + 1), 0):
        things(replace(RULES, alpha=level / 100))
    assert len(asked) == pair_things.REMEMBERED + 2


@pytest.mark.parametrize("counts", [(0, 3), (3, 0), (0, 0)])
def test_a_view_without_objects_has_nothing_to_compare(counts):
    views = [seen(*[("car", i, 0.9) for i in range(count)]) for count in counts]
    things = PairThings(ObjectEvidence(*views), LOOK, MEANINGS.group)
    found, words = things(RULES)
    assert len(found) == sum(counts)
    assert words == ("car",) * sum(counts)
