"""The one door: each form of data is recognised, and everything else is told in one line."""

from __future__ import annotations

import json

import pytest

from spotdiff.data.sources import SourceError, open_source
from spotdiff.data.tables import TableError, checked
from spotdiff.types import LabelSets

WEAK = "img_id,added_objs,removed_objs,changed_objs\n{},car,none,none\n"


def _put(root, **texts):
    """Writes files; `__` in a name is a slash and `_dot_` a dot."""
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _ids(*args, **kwargs):
    return [row.pair_id for row in checked(open_source(*args, **kwargs))]


@pytest.fixture
def weak(tmp_path):
    for name in ("1_1", "1_2"):
        (tmp_path / f"{name}.png").touch()
    (tmp_path / "train.csv").write_text(WEAK.format(1))
    return tmp_path


def test_weak_labels_are_found_by_table_by_folder_and_one_folder_up(weak, tmp_path_factory):
    assert _ids(weak) == _ids(str(weak / "train.csv")) == ["1"]
    assert checked(open_source(weak))[0].labels == LabelSets(("car",))
    above = tmp_path_factory.mktemp("above")
    weak.rename(above / "data")
    assert _ids(above) == ["1"]


def test_one_of_several_tables_must_be_named(weak):
    (weak / "2_1.png").touch()
    (weak / "2_2.png").touch()
    (weak / "test.csv").write_text(WEAK.format(2))
    with pytest.raises(SourceError, match=r"holds several sets of pairs: test\.csv, train\.csv"):
        open_source(weak)
    assert _ids(weak, split="train") == ["1"]
    assert _ids(weak, split="test") == ["2"]
    with pytest.raises(SourceError, match=r"split of the name 'val'.*there are: test, train"):
        open_source(weak, split="val")


def test_a_table_of_other_things_does_not_hide_the_pictures(tmp_path):
    _put(tmp_path, a_1_dot_png="", a_2_dot_png="", prices_dot_csv="shop,price\nx,1\n")
    assert _ids(tmp_path) == ["a"]


def test_the_records_of_a_run_do_not_hide_the_pictures(tmp_path):
    record = {"pair_id": "a", "status": "ok", "before": {}, "after": {}, "change_score": 0.5}
    _put(tmp_path, a_1_dot_png="", a_2_dot_png="", predictions_dot_jsonl=json.dumps(record))
    assert _ids(tmp_path) == ["a"]


def test_images_may_lie_elsewhere(weak):
    elsewhere = weak / "elsewhere"
    elsewhere.mkdir()
    (weak / "1_1.png").rename(elsewhere / "1_1.png")
    (weak / "1_2.png").rename(elsewhere / "1_2.png")
    assert _ids(weak, images=elsewhere) == ["1"]
    with pytest.raises(SourceError, match="Did you mean 'elsewhere'"):
        open_source(weak, images=weak / "elsewher")


def test_a_manifest_wins_over_the_folders_it_names(tmp_path):
    _put(tmp_path, before__x_dot_png="", after__x_dot_png="")
    line = json.dumps({"pair_id": "p", "before": "before/x.png", "after": "after/x.png"})
    (tmp_path / "manifest.jsonl").write_text(line)
    assert _ids(tmp_path) == ["p"]


def test_coco_json_with_pair_ids_is_found_in_a_folder_and_other_json_is_not(tmp_path):
    images = [
        {"id": 1, "pair_id": "p", "view": "before", "file_name": "b.png"},
        {"id": 2, "pair_id": "p", "view": "after", "file_name": "a.png"},
    ]
    _put(tmp_path, b_dot_png="", a_dot_png="", other_dot_json="{}", empty_dot_json="")
    (tmp_path / "coco.json").write_text(json.dumps({"images": images}))
    assert _ids(tmp_path) == _ids(tmp_path / "coco.json") == ["p"]


def test_folders_of_views_are_found_as_they_are_and_by_split(tmp_path):
    _put(tmp_path, train__A__1_dot_png="", train__B__1_dot_png="", train__label__1_dot_png="")
    (row,) = checked(open_source(tmp_path, split="train"))
    assert (row.pair_id, row.mask) == ("1", tmp_path / "train/label/1.png")
    assert _ids(tmp_path / "train") == ["1"]


def test_two_folders_are_matched_by_stem_or_by_pattern(tmp_path):
    _put(tmp_path, x__1a_dot_png="", y__1a_dot_png="", y__1b_dot_png="")
    rows = list(open_source(tmp_path / "x", after=tmp_path / "y"))
    assert [row.pair_id for row in rows] == ["1a", "1b"]
    assert _ids(tmp_path / "x", after=tmp_path / "y", pattern=r"(?P<id>\d)a") == ["1"]


def test_two_photographs_are_one_pair(tmp_path):
    _put(tmp_path, a_dot_png="", b_dot_png="", x__a_dot_png="")
    assert _ids(tmp_path / "a.png", after=tmp_path / "b.png") == ["a__b"]
    assert _ids(tmp_path / "a.png", after=tmp_path / "x" / "a.png") == ["a"]


def test_siblings_may_be_told_apart_by_a_pattern(tmp_path):
    _put(tmp_path, old7_dot_png="", new7_dot_png="")
    pattern = r"(?:(?P<before>old)|(?P<after>new))(?P<id>\d)"
    (row,) = checked(open_source(tmp_path, pattern=pattern))
    assert (row.pair_id, row.before.name) == ("7", "old7.png")


def test_an_id_that_comes_again_and_an_empty_table_are_problems(weak):
    (weak / "train.csv").write_text(WEAK.format(1) + "1,none,none,none\n")
    with pytest.raises(TableError, match="row 3: pair id '1' occurs more than once"):
        checked(open_source(weak))
    (weak / "train.csv").write_text("img_id\n")
    with pytest.raises(TableError, match="expected at least one pair, found none"):
        checked(open_source(weak))


def test_a_missing_path_names_the_nearest_one(tmp_path):
    (tmp_path / "pairs").mkdir()
    with pytest.raises(SourceError, match=r"there is no 'pears' in .*\. Did you mean 'pairs'\?"):
        open_source(tmp_path / "pears" / "train.csv")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.png", "is one photograph; give the other one as after="),
        ("a.docx", r"expected a table .*; a \.docx file is none of these"),
        ("a.csv", "expected the columns before and after, or img_id; the columns are: x, y"),
        ("folder", "nothing of the kind is in this folder"),
    ],
)
def test_what_is_of_no_known_form_is_told_in_one_line(tmp_path, name, reason):
    _put(tmp_path, a_dot_png="", a_dot_docx="", a_dot_csv="x,y\n", folder__cover_dot_png="")
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("hints", "reason"),
    [
        ({"pattern": "("}, "is no regular expression"),
        ({"pattern": "(?P<id>x)"}, r"expected the named groups \(\?P<before>…\)"),
        ({"after": "."}, "expected two folders or two photographs"),
    ],
)
def test_hints_that_make_no_sense_are_refused(weak, hints, reason):
    path = weak / "train.csv" if "after" in hints else weak
    with pytest.raises(SourceError, match=reason):
        open_source(path, **hints)


@pytest.mark.parametrize("hint", [{"pattern": "(?P<id>x)"}, {"split": "train"}])
def test_a_hint_that_a_form_cannot_use_is_not_dropped_in_silence(weak, hint):
    with pytest.raises(SourceError, match="has no meaning for a file; leave it out"):
        open_source(weak / "train.csv", **hint)
