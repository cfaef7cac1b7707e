"""Samples survive a line of JSON, whatever they hold."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.building.sample_records import from_cells, is_sample, to_cells, to_line
from spotdiff.data.fields import FieldError
from spotdiff.types import Change, ChangeKind, Sample, Swap, Verdict

TEXT = st.text(max_size=6)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
BOX = st.none() | st.tuples(NUMBER, NUMBER, NUMBER, NUMBER)
MAYBE = st.none() | TEXT
CHANGE = st.builds(
    Change,
    **{
        **{item.name: MAYBE for item in fields(Change)},  # whatever comes to be known of them
        "kind": st.sampled_from(ChangeKind),
        "score": NUMBER,
        "box_before": BOX,
        "box_after": BOX,
        "region_captions": st.none() | st.tuples(TEXT, TEXT),
    },
)
VERDICT = st.builds(
    Verdict,
    kind=st.sampled_from(["rejected", "error"]),
    step=TEXT,
    reason=TEXT,
    score=st.none() | NUMBER,
    threshold=st.none() | NUMBER,
)
SAMPLE = st.builds(
    Sample,
    id=TEXT,
    before=MAYBE,
    after=MAYBE,
    caption_before=MAYBE,
    caption_after=MAYBE,
    swap=st.none() | st.builds(Swap, TEXT, TEXT),
    images=st.lists(TEXT, max_size=2).map(tuple),
    text=MAYBE,
    changes=st.lists(CHANGE, max_size=2).map(tuple),
    caption=MAYBE,
    scores=st.dictionaries(TEXT, NUMBER, max_size=2),
    made=st.dictionaries(TEXT, st.dictionaries(TEXT, PLAIN, max_size=2), max_size=2),
    cells=st.dictionaries(TEXT, PLAIN, max_size=2),
    verdict=st.none() | VERDICT,
)


@given(SAMPLE)
def test_round_trip(sample):
    cells = json.loads(to_line(sample))
    assert is_sample(cells)
    assert from_cells(cells) == sample
    assert to_cells(from_cells(cells)) == cells


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="row 'a': expected plain values and finite numbers"):
        to_line(Sample("a", scores={"s": float("nan")}))


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        ({"id": 1}, "id: expected text"),
        ({"changes": [{"kind": "moved"}]}, r"changes\[0\].kind: expected one of added"),
        ({"changes": [{"kind": "added", "box_after": [1]}]}, "expected four numbers"),
        ({"verdict": {"colour": 1}}, "expected a row that a build wrote"),
    ],
)
def test_a_malformed_row_says_what_is_wrong(broken, match):
    with pytest.raises(FieldError, match=match):
        from_cells({**to_cells(Sample("a")), **broken})
