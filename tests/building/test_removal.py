"""Single pictures that become pairs: which thing goes, what is checked, and what is known then."""

import json
from pathlib import Path

import numpy as np
import pytest

from spotdiff.building.removable import RemovalRules
from spotdiff.building.removal import Removal
from spotdiff.data.images import read_image
from spotdiff.experts.inpainting import ClassicalInpainter
from spotdiff.types import ChangeKind, Detections, Sample
from tests.building.drawing_parts import INFO, Captioning, Matching, Painting, Proposing
from tests.fakes import write_image

SIZE = (40, 60)
THING, OTHER = (10, 10, 20, 20), (40, 5, 50, 25)


@pytest.fixture
def path(tmp_path) -> str:
    """A bright ground with a thing of grey 30 and one of grey 60."""
    image = np.full((*SIZE, 3), 220, np.uint8)
    image[10:20, 10:20] = 30
    image[5:25, 40:50] = 60
    return str(write_image(tmp_path / "photo.png", image))


@pytest.fixture
def removal(tmp_path):
    """A step whose parts can be exchanged."""

    def made(boxes=(THING, OTHER), **parts):
        parts = {"inpainter": Painting(), "things": Proposing(boxes), **parts}
        return Removal(out=tmp_path / "out", **parts)

    return made


def test_after_is_before_without_one_thing_and_the_truth_is_known(removal, path):
    step = removal()
    (found,) = step([Sample("a/1", images=(path,))])
    assert found.verdict is None
    assert found.before == path
    before, after = read_image(Path(found.before)), read_image(Path(found.after))
    (change,) = found.changes
    assert (change.kind, change.box_before, change.box_after) == (ChangeKind.REMOVED, THING, None)
    assert change.score == pytest.approx(0.9)
    differs = (before != after).any(-1)
    assert differs.sum() == 100
    assert differs[10:20, 10:20].all()
    told = json.loads(json.dumps(found.made))["removal"]
    assert told["contrast"] == 170
    assert told["inpainter"] == {"grey": 200}
    assert told["rules"]["max_match"] == 0.2
    assert Path(found.after).parent == step.out
    assert "%2F" in Path(found.after).name


def test_what_a_mask_covers_goes_and_its_box_is_the_things(removal, path):
    masks = np.zeros((1, *SIZE), bool)
    masks[0, 12:18, 11:19] = True
    step = removal(things=Proposing([THING], masks))
    (found,) = step([Sample("1", before=path)])
    assert found.changes[0].box_before == (11, 12, 19, 18)
    differs = (read_image(Path(path)) != read_image(Path(found.after))).any(-1)
    np.testing.assert_array_equal(differs, masks[0])


def test_regions_of_the_wrong_size_and_those_that_overlap_are_no_things():
    boxes = [(0, 0, 60, 40), (0, 0, 2, 2), THING, (11, 10, 21, 20), OTHER, (70, 0, 90, 9)]
    found = Detections(np.float32(boxes), np.ones(6, np.float32), tuple("abcdef"))
    assert [t.label for t in RemovalRules().things(found, SIZE)] == ["c", "e"]
    assert [t.label for t in RemovalRules(attempts=1).things(found, SIZE)] == ["c"]
    assert [t.label for t in RemovalRules(max_overlap=1).things(found, SIZE)] == ["c", "d", "e"]
    assert [t.label for t in RemovalRules(min_area=0.05).things(found, SIZE)] == ["e"]


def test_captions_say_what_was_there_and_what_is_there(removal, path):
    captioner = Captioning()
    step = removal(image_captioner=captioner, matcher=Matching())
    found = step([Sample("1", images=(path,)), Sample("2", images=(path,))])
    assert [one.changes[0].region_captions for one in found] == [("grey 30", "grey 200")] * 2
    assert found[0].made["removal"]["match"] == [0.9, 0.1]
    assert captioner.asked == [2, 2]
    assert step.inpainter.asked == [2]


def test_a_thing_that_does_not_show_its_caption_gives_way_to_the_next(removal, path):
    step = removal(image_captioner=Captioning(), matcher=Matching(grey_30=0.3))
    (found,) = step([Sample("1", images=(path,))])
    assert found.changes[0].box_before == OTHER
    step = removal(image_captioner=Captioning(), matcher=Matching(grey_30=0.3, grey_60=0.2))
    (found,) = step([Sample("1", images=(path,))])
    verdict = found.verdict
    assert (verdict.kind, verdict.step) == ("rejected", "removal")
    assert (verdict.score, verdict.threshold) == (0.3, 0.35)
    assert verdict.reason == "the thing does not show its caption: grey 30"
    assert found.changes == ()
    assert len(list(step.out.iterdir())) == 1  # of the first step


def test_a_thing_that_is_still_seen_is_rejected_with_score_and_threshold(removal, path):
    class Seeing(Matching):
        def _score(self, *_):
            return 0.5

    step = removal([THING], image_captioner=Captioning(), matcher=Seeing())
    (found,) = step([Sample("1", images=(path,))])
    assert found.verdict.reason.startswith("the thing is still seen")
    assert (found.verdict.score, found.verdict.threshold) == (0.5, 0.2)
    assert found.scores == {"removal": 0.5}
    assert not step.out.exists()


def test_labels_of_regions_are_captions_where_nobody_says_more(removal, path):
    labelled = Proposing([THING], labels=["grey 30"])
    (found,) = removal(things=labelled, matcher=Matching())([Sample("1", images=(path,))])
    assert found.changes[0].label == "grey 30"
    assert found.changes[0].region_captions is None
    assert found.made["removal"]["match"] == [0.9, 0.1]
    (found,) = removal(matcher=Matching())([Sample("1", images=(path,))])
    assert found.verdict.kind == "error"
    assert "give image_captioner" in found.verdict.reason


def test_painting_that_changes_nothing_is_rejected(removal, path):
    class Idle(Painting):
        def __call__(self, images, _masks):
            return list(images)

    (found,) = removal(inpainter=Idle())([Sample("1", images=(path,))])
    assert (found.verdict.score, found.verdict.threshold) == (0.0, 8.0)


def test_samples_without_picture_or_thing_are_told_and_cost_the_others_nothing(removal, path):
    samples = [Sample("0"), Sample("1", images=("no.png",)), Sample("2", images=(path,))]
    found = removal()(samples)
    assert [one.verdict and one.verdict.kind for one in found] == ["error", "error", None]
    assert "no such file" in found[1].verdict.reason
    (alone,) = removal()([samples[2]])
    assert alone == found[2]
    (found,) = removal([])([samples[2]])
    assert (found.verdict.kind, found.verdict.score) == ("rejected", None)
    assert removal()([]) == []


def test_rules_that_are_none_are_one_sentence():
    with pytest.raises(ValueError, match=r"min_area and max_area in order in \[0, 1\), got 0.5"):
        RemovalRules(min_area=0.5)
    with pytest.raises(ValueError, match="Expected attempts to be at least 1, got 0"):
        RemovalRules(attempts=0)


def test_the_classical_inpainter_takes_things_out_for_the_step(removal, path):
    step = removal(inpainter=ClassicalInpainter())
    (found,) = step([Sample("1", images=(path,))])
    after = read_image(Path(found.after))
    assert after[10:20, 10:20].mean() == pytest.approx(220, abs=8)
    assert found.made["removal"]["inpainter"]["method"] == "detail"
    assert INFO.name == found.made["removal"]["things"]["name"]
