"""Tables and cells."""

import math

from spotdiff.evaluation.tables import ABSENT, Table, markdown, number, plain


def test_what_is_not_known_is_a_dash():
    assert number(None) == number(math.nan) == ABSENT
    assert number(0.5, (math.nan, math.nan)) == "0.500"


def test_tables_follow_each_other_with_their_notes():
    tables = [Table("One", ("a",), (("1",),)), Table("Two", ("b", "c"), (), "Of two.")]
    page = markdown(tables)
    assert page.index("### One") < page.index("| 1 |") < page.index("### Two")
    assert "Of two.\n\n| b | c |\n| --- | --- |" in page


def test_plain_values_hold_nothing_that_a_file_cannot():
    assert plain({"a": 0.5, "b": math.nan, "c": None}) == {"a": 0.5, "b": None, "c": None}
