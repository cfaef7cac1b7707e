"""Nouns that can stand in for one another, and the table that comes with the package."""

from collections import Counter

import pytest
import yaml

from spotdiff.apps.places import travelling
from spotdiff.labels.swaps import CompatibleNouns

SWAPS = travelling("conf") / "swaps.yaml"


def test_others_are_those_of_the_group_and_never_the_noun_itself(tmp_path):
    table = tmp_path / "swaps.yaml"
    table.write_text("pets: [cat, dog, rabbit]\nseats: [chair, bench]\n")
    nouns = CompatibleNouns.from_file(table)
    assert nouns.others("dog") == ("cat", "rabbit")
    assert nouns.others("pets") == ()
    assert CompatibleNouns.from_file(table, words={"rabbit"}).others("dog") == ("rabbit",)


def test_a_noun_of_two_groups_is_refused(tmp_path):
    table = tmp_path / "swaps.yaml"
    table.write_text("pets: [cat]\nseats: [cat]\n")
    with pytest.raises(ValueError, match="'cat' stands for both 'pets' and 'seats'"):
        CompatibleNouns.from_file(table)


def test_every_noun_of_the_table_has_another_one():
    table = yaml.safe_load(SWAPS.read_text())
    counts = Counter(noun for nouns in table.values() for noun in nouns)
    assert max(counts.values()) == 1
    nouns = CompatibleNouns.from_file(SWAPS)
    assert all(nouns.others(noun) for noun in counts)
