"""What was built as files: questions whose answers are right, pairs, boxes."""

import json
from pathlib import Path

import numpy as np
import pytest

from spotdiff.building.exports import FORMATS, export
from spotdiff.building.questions import Questions, in_both
from spotdiff.data.images import read_image
from spotdiff.types import Change, ChangeKind, Sample
from spotdiff.writers.files import write_png


def sample(folder, name, *changes, **more):
    for view, grey in (("before", 40), ("after", 120)):
        write_png(np.full((60, 80, 3), grey, np.uint8), folder / f"{name}.{view}.png")
    paths = [str(folder / f"{name}.{view}.png") for view in ("before", "after")]
    return Sample(name, *paths, changes=changes, **more)


@pytest.fixture
def samples(tmp_path):
    gone = Change(ChangeKind.REMOVED, 0.9, "dog", (10, 10, 30, 30), caption="A dog was removed.")
    come = Change(ChangeKind.ADDED, 0.8, "cup", None, (40, 20, 60, 40), caption="A cup was added.")
    other = Change(
        ChangeKind.CHANGED, 0.7, None, (5, 5, 20, 20), (6, 6, 21, 21), "The wall is red now.",
        ("a white wall", "a red wall"),
    )  # fmt: skip
    mute = Change(ChangeKind.ADDED, 0.3, None, None, (1, 1, 9, 9))
    return [sample(tmp_path, "a", gone, come), sample(tmp_path, "b/1", other, mute)]


def is_red(image):
    return (image[..., 0] > 180) & (image[..., 1] < 110) & (image[..., 2] < 110)


def test_every_caption_is_an_answer_about_two_framed_pictures(samples, tmp_path):
    asked = list(Questions(tmp_path / "out")(samples))
    assert [one.id for one in asked] == ["a-0", "a-1", "b/1-0"]
    assert [one.answer for one in asked] == [
        "A dog was removed.", "A cup was added.", "The wall is red now."
    ]  # fmt: skip
    assert asked[2].captions == ("a white wall", "a red wall")
    assert asked[1].box == (0.5, pytest.approx(1 / 3), 0.75, pytest.approx(2 / 3))
    before, after = (read_image(tmp_path / "out" / path) for path in asked[1].images)
    for picture, grey in ((before, 40), (after, 120)):
        ys, xs = np.nonzero(is_red(picture))
        assert (xs.min(), ys.min(), xs.max(), ys.max()) == (35, 15, 64, 44)  # grown by 5 pixels
        assert abs(int(picture[30, 50, 0]) - grey) < 4


def test_the_letter_names_the_picture_that_shows_the_thing(samples, tmp_path):
    letters = set()
    for seed in range(8):
        for one in Questions(tmp_path / "out", "presence", seed)(samples):
            pictures = [read_image(tmp_path / "out" / path) for path in one.images]
            holder = "AB".index(one.answer)
            # before is dark: a dog that went is in before, a cup that came in after
            dark = pictures[holder][0, 0, 0] < pictures[1 - holder][0, 0, 0]
            assert dark == ("a dog" in one.question)
            letters.add((one.id, one.answer))
    assert letters == {("a-0", "A"), ("a-0", "B"), ("a-1", "A"), ("a-1", "B")}


def test_a_seed_asks_the_same_and_depends_on_no_other_sample(samples, tmp_path):
    asked = [one.answer for one in Questions(tmp_path / "out", "presence", 3)(samples)]
    assert asked == [one.answer for one in Questions(tmp_path / "out", "presence", 3)(samples[:1])]


def test_all_formats_are_written_and_again_the_same(samples, tmp_path):
    counts = export(lambda: samples, tmp_path / "out", FORMATS)
    assert counts == {
        "conversations": 3, "llava": 3, "sharegpt": 3, "messages": 3,
        "datajuicer": 2, "imagefolder": 2, "coco": 2,
    }  # fmt: skip
    files = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    export(lambda: samples, tmp_path / "out", FORMATS)
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == files
    coco = json.loads((tmp_path / "out" / "coco.json").read_text())
    assert [image["pair_id"] for image in coco["images"]] == ["a", "a", "b/1", "b/1"]
    assert len(coco["annotations"]) == 5
    rows = [json.loads(x) for x in (tmp_path / "out" / "datajuicer.jsonl").read_text().splitlines()]
    meta = rows[0]["__dj__meta__"]
    assert meta["__dj__bbox__"] == [[20.0, 20.0, 20.0, 20.0], [50.0, 30.0, 20.0, 20.0]]
    assert meta["bbox_difference_captions"] == ["A dog was removed.", "A cup was added."]
    assert rows[1]["__dj__meta__"]["region_caption2"] == ["a red wall", ""]


def test_published_paths_are_stems_of_files_that_are_there(samples, tmp_path):
    export(lambda: samples, tmp_path / "out", ["conversations"])
    for item in json.loads((tmp_path / "out" / "conversations.json").read_text()):
        assert all((tmp_path / "out" / f"{item['path']}_{i}.jpg").is_file() for i in range(2))


def test_a_box_is_carried_into_a_view_of_another_size():
    change = Change(ChangeKind.ADDED, 1.0, None, None, (10, 20, 30, 40))
    assert in_both(change, (50, 200), (100, 100)) == ((20, 10, 60, 20), (10, 20, 30, 40))
    with pytest.raises(ValueError, match="a box in one of the views"):
        in_both(Change(ChangeKind.ADDED, 1.0), (5, 5), (5, 5))


def test_unknown_formats_and_questions_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"exports to be some of conversations.*got yolo"):
        export(list, tmp_path, ["yolo"])
    with pytest.raises(ValueError, match="difference, presence, got 'why'"):
        Questions(Path(), "why")


def test_what_is_gone_is_named(samples, tmp_path):
    Path(samples[0].after).unlink()
    with pytest.raises(ValueError, match=r"a\.after\.png"):
        export(lambda: samples, tmp_path / "out", ["llava"])
    assert not (tmp_path / "out" / "llava.json").exists()
