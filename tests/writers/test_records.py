import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from spotdiff.types import (
    Alignment,
    AreaReport,
    Change,
    ChangeKind,
    Funnel,
    LabelSets,
    ModelInfo,
    NoAreas,
    PairResult,
    Registering,
    Registration,
    ViewInfo,
)
from spotdiff.writers.records import from_record, schema, to_record

VALIDATOR = Draft202012Validator(schema())

EDGES = st.integers(-10_000, 900_000).map(lambda cents: cents / 100)
BOXES = st.tuples(EDGES, EDGES, EDGES, EDGES)
PROBABILITIES = st.integers(0, 10_000).map(lambda parts: parts / 10_000)
WORDS = st.text(min_size=1, max_size=12)
HASHES = st.sampled_from(["0" * 64, "abcdef01" * 8])
VIEWS = st.builds(ViewInfo, WORDS, st.integers(1, 9999), st.integers(1, 9999), HASHES)
NUMBERS = st.floats(-1e6, 1e6)
ROWS = st.tuples(NUMBERS, NUMBERS, NUMBERS)


@st.composite
def changes(draw):
    kind = draw(st.sampled_from(ChangeKind))
    box_before = None if kind is ChangeKind.ADDED else draw(BOXES)
    box_after = None if kind is ChangeKind.REMOVED else draw(BOXES)
    label, caption = draw(st.none() | WORDS), draw(st.none() | st.text())
    said = draw(st.none() | st.tuples(st.text(), st.text())), draw(st.none() | st.text())
    return Change(kind, draw(PROBABILITIES), label, box_before, box_after, caption, *said)


@st.composite
def registrations(draw):
    reason = draw(st.none() | WORDS)
    return Registration(
        draw(st.sampled_from(get_args(Registering))),
        reason is None,
        reason,
        draw(st.none() | st.integers(0, 2000)),
        draw(st.none() | EDGES.map(abs)),
        draw(PROBABILITIES),
    )


LISTS = st.lists(WORDS, max_size=3).map(tuple)
COUNTS = st.integers(0, 10**9)
MODELS = st.builds(ModelInfo, WORDS, HASHES)
REPORTS = st.builds(
    AreaReport,
    reason=st.none() | st.sampled_from(NoAreas),
    similarity=st.none() | st.integers(-10_000, 10_000).map(lambda parts: parts / 10_000),
    funnel=st.builds(Funnel, *[COUNTS] * 7),
    experts=st.dictionaries(WORDS, MODELS, max_size=3),
    captions=st.none() | st.tuples(st.text(), st.text()),
)
ANSWERS = st.builds(
    PairResult,
    pair_id=st.text(),
    before=VIEWS,
    after=VIEWS,
    status=st.just("ok"),
    change_score=PROBABILITIES,
    changes=st.lists(changes(), max_size=3).map(tuple),
    labels=st.none() | st.builds(LabelSets, LISTS, LISTS, LISTS),
    heatmap=st.none() | WORDS,
    alignment=st.none()
    | st.builds(
        Alignment,
        st.sampled_from(["resize", "fit"]),
        st.tuples(ROWS, ROWS, ROWS),
        st.none() | registrations(),
    ),
    model=MODELS,
    areas=st.none() | REPORTS,
    caption=st.none() | st.text(),
    captioner=st.none() | MODELS,
    caption_reason=st.none() | st.text(),
)


@given(ANSWERS)
def test_a_record_read_back_is_the_result_and_keeps_to_the_schema(result):
    record = json.loads(json.dumps(to_record(result)))
    VALIDATOR.validate(record)
    assert from_record(record) == result


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(schema())


def test_every_sort_of_result_keeps_to_the_schema_and_comes_back(results):
    for result in results:
        record = json.loads(json.dumps(to_record(result)))
        VALIDATOR.validate(record)
        assert from_record(record) == result.light()


def test_a_record_has_the_published_fields_in_their_order(failure):
    assert list(to_record(failure("x"))) == list(schema()["properties"])


def test_boxes_keep_two_decimals_and_scores_four(answer):
    box = tuple(np.float32([0.123, 10.005, -0.001, 7]))
    change = Change(ChangeKind.ADDED, np.float32(0.87654321), None, None, box)
    record = to_record(replace(answer("x", (change,)), change_score=np.float32(1 / 3)))
    assert record["changes"][0]["score"] == 0.8765
    assert record["change_score"] == 0.3333
    assert json.dumps(record["changes"][0]["box_after"]) in {
        "[0.12, 10.0, 0.0, 7.0]",
        "[0.12, 10.01, 0.0, 7.0]",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "fine"),
        ("reason", "because"),
        ("change_score", None),
        ("change_score", 1.5),
        ("model", None),
        ("model", {"name": "base", "sha256": "short"}),
        ("changes", [{"kind": "added"}]),
        ("surprise", 1),
    ],
)
def test_the_schema_refuses_a_malformed_answer(field, value, answer):
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**to_record(answer("x")), field: value})


def test_the_schema_refuses_an_error_without_a_reason(failure):
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**to_record(failure("x")), "reason": None})


@pytest.mark.parametrize(("kind", "box"), [("added", "box_before"), ("removed", "box_after")])
def test_the_schema_refuses_a_box_in_the_view_that_lacks_the_thing(kind, box, answer):
    change = Change(ChangeKind(kind), 0.5)
    record = json.loads(json.dumps(to_record(answer("x", (change,)))))
    VALIDATOR.validate(record)
    record["changes"][0][box] = [0, 0, 1, 1]
    with pytest.raises(ValidationError):
        VALIDATOR.validate(record)


def test_an_answer_of_areas_may_leave_open_whether_there_is_a_change(answer):
    report = AreaReport(NoAreas.TOO_DIFFERENT, 0.5)
    record = to_record(replace(answer("x", areas=report), change_score=None))
    VALIDATOR.validate(json.loads(json.dumps(record)))


def test_a_record_of_an_earlier_version_has_no_areas_and_is_read(answer):
    record = to_record(answer("x"))
    del record["areas"]
    assert from_record(record) == answer("x").light()


def test_a_record_of_an_earlier_version_tells_of_no_registration_and_is_read(answer):
    record = to_record(answer("x"))
    del record["alignment"]["registration"]
    VALIDATOR.validate(record)
    assert from_record(record) == answer("x").light()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", "guess"),
        ("accepted", "yes"),
        ("reason", "too dark"),  # nothing that was accepted has one
        ("residual", -1.0),
        ("overlap", 1.5),
        ("surprise", 1),
    ],
)
def test_the_schema_refuses_a_malformed_registration(field, value, answer):
    alignment = Alignment(
        "resize", ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)), Registration("ecc", True)
    )
    record = json.loads(json.dumps(to_record(replace(answer("x"), alignment=alignment))))
    VALIDATOR.validate(record)
    record["alignment"]["registration"][field] = value
    with pytest.raises(ValidationError):
        VALIDATOR.validate(record)


def test_every_method_of_registration_is_published():
    published = schema()["$defs"]["registration"]["properties"]["method"]["enum"]
    assert tuple(published) == get_args(Registering)


def test_every_reason_for_no_areas_is_published():
    published = schema()["$defs"]["areas"]["properties"]["reason"]["enum"]
    assert published == [None, *NoAreas]


def test_the_similarity_of_views_keeps_four_decimals_and_counts_are_whole(answer):
    report = AreaReport(None, np.float32(1 / 3), Funnel(np.int64(1), np.int64(2)))
    areas = json.loads(json.dumps(to_record(answer("x", areas=report))))["areas"]
    assert areas["similarity"] == 0.3333
    assert areas["funnel"]["gated"] == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", "tired"),
        ("similarity", 1.5),
        ("funnel", {"pairs": 1}),
        ("experts", {"proposer": {"name": "x"}}),
        ("captions", ["one"]),
        ("surprise", 1),
    ],
)
def test_the_schema_refuses_malformed_areas(field, value, answer):
    record = json.loads(json.dumps(to_record(answer("x", areas=AreaReport()))))
    VALIDATOR.validate(record)
    record["areas"][field] = value
    with pytest.raises(ValidationError):
        VALIDATOR.validate(record)


def test_a_record_of_an_earlier_version_tells_of_no_captioner_and_is_read(street):
    record = json.loads(json.dumps(to_record(street)))
    for name in ("caption", "captioner", "caption_reason"):
        del record[name]
    for change in record["changes"]:
        del change["region_captions"], change["caption_reason"]
    VALIDATOR.validate(record)
    read = from_record(record)
    assert (read.caption, read.captioner, read.caption_reason) == (None, None, None)
    assert {change.region_captions for change in read.changes} == {None}
    assert read.changes[0].caption == "A cone."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caption", 3),
        ("captioner", "template"),
        ("captioner", {"name": "x"}),
        ("caption_reason", 1),
    ],
)
def test_the_schema_refuses_malformed_captions(field, value, answer):
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**to_record(answer("x")), field: value})


def test_the_schema_refuses_captions_of_one_view_and_those_of_an_error(answer, failure):
    change = Change(ChangeKind.CHANGED, 0.5, region_captions=("a cup", "a bowl"))
    record = json.loads(json.dumps(to_record(answer("x", (change,)))))
    VALIDATOR.validate(record)
    record["changes"][0]["region_captions"] = ["a cup"]
    with pytest.raises(ValidationError):
        VALIDATOR.validate(record)
    with pytest.raises(ValidationError):
        VALIDATOR.validate({**to_record(failure("x")), "caption": "Nothing changed."})
