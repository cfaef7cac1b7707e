"""Pairs drawn from photographs and captions, as a step."""

from dataclasses import replace
from pathlib import Path

import pytest

from spotdiff.building.composing import Composer, captioned
from spotdiff.data.images import read_image
from spotdiff.types import ChangeKind, Sample, Swap
from tests.photo_parts import library


@pytest.fixture
def step(tmp_path):
    return Composer(library(tmp_path / "photos"), tmp_path / "out")


def test_captions_name_what_takes_most_room_and_how_many(step):
    samples = {s.id: s.caption_before for s in captioned(step.draw.library.photos)}
    assert samples == {
        "one": "A dog.",
        "two": "A cat and a bowl.",
        "three": "Two cups.",
        "tiny": "A dog.",
    }
    ids = [sample.id for sample in captioned(step.draw.library.photos, each=2)]
    assert ids[:4] == ["one", "one-2", "two", "two-2"]
    cells = [sample.cells for sample in captioned(step.draw.library.photos, each=2)]
    assert cells[1:3] == [
        {"photograph": "one", "number": 2},
        {"photograph": "two", "number": 1},
    ]


def test_a_sample_becomes_a_pair_with_its_truth(step):
    sample = next(captioned(step.draw.library.photos))
    (done,) = step([replace(sample, caption_after="A cat.", swap=Swap("dog", "cat"))])
    assert done.verdict is None
    assert read_image(Path(done.before)).shape == read_image(Path(done.after)).shape
    (change,) = done.changes
    assert (change.kind, change.label) == (ChangeKind.CHANGED, "cat")
    (told,) = done.made["compose"]["truth"]
    assert told["box_after"] == list(change.box_after)
    assert done.images == sample.images


def test_numbers_plurals_and_looks_do_not_matter(step):
    photo = str(step.draw.library.photos[2].path)
    swap = Swap("two red cups", "two blue bowls")
    (done,) = step([Sample("a", images=(photo,), swap=swap)])
    assert [change.label for change in done.changes] == ["bowl", "bowl"]


def test_what_is_drawn_depends_on_seed_and_id_alone(step, tmp_path):
    samples = [Sample(name, swap=Swap("dog", "cat")) for name in ("a", "b", "../c")]
    together = step(samples)
    again = [Composer(step.draw.library, tmp_path / "again")([one])[0] for one in samples]
    for one, other in zip(together, again, strict=True):
        assert Path(one.before).read_bytes() == Path(other.before).read_bytes()
    assert len({Path(one.before).read_bytes() for one in together}) == 3
    assert all(Path(one.after).resolve().parent == tmp_path / "out" for one in together)


def test_what_cannot_be_drawn_keeps_its_reason(step, tmp_path):
    done = step(
        [
            Sample("no swap"),
            Sample("no fox", swap=Swap("dog", "fox")),
            Sample("elsewhere", images=(str(tmp_path / "x.png"),), swap=Swap("dog", "cat")),
        ]
    )
    verdicts = [one.verdict for one in done]
    assert [verdict.kind for verdict in verdicts] == ["error", "rejected", "error"]
    assert "no cut-out of 'fox'" in verdicts[1].reason
    assert "x.png" in verdicts[2].reason
