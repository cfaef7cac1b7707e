"""Several detectors and looks as one, each image looked at once."""

import numpy as np
import pytest

from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.labels import Meanings, Synonyms, Vocabulary
from spotdiff.ops.fingerprints import of_array
from spotdiff.stages.detection import Detection, DetectorFailed, Voting
from tests.object_parts import Blocks, street

CAR = ("car", (10, 20, 30, 40))
VOCABULARY = Vocabulary(("car", "cone"), ("automobile", "cone"))
ONE, OTHER = street(CAR), street(CAR, ("cone", (60, 8, 80, 24)))


def asked(detection: Detection, images, store=None):
    return detection(images, [of_array(image) for image in images], store or RecentEvidence())


def test_words_are_written_as_the_vocabulary_writes_them():
    found = asked(Detection({"blocks": Blocks()}, VOCABULARY), [ONE, OTHER])
    assert [one.labels for one in found] == [("automobile",), ("automobile", "cone")]
    np.testing.assert_array_equal(found[0].boxes, [[10, 20, 30, 40]])


def test_an_image_is_looked_at_once():
    blocks, store = Blocks(), RecentEvidence()
    detection = Detection({"blocks": blocks}, VOCABULARY)
    asked(detection, [ONE, OTHER, ONE.copy()], store)
    asked(detection, [OTHER], store)
    assert (blocks.calls, len(blocks.looked)) == (1, 2)


def test_all_looks_at_all_images_are_one_call():
    blocks = Blocks()
    asked(Detection({"blocks": blocks}, VOCABULARY, tta="flip"), [ONE, OTHER])
    assert (blocks.calls, len(blocks.looked)) == (1, 4)


def test_a_detector_more_asks_no_other_one_again():
    first, second, store = Blocks(), Blocks(0.6), RecentEvidence()
    asked(Detection({"first": first}, VOCABULARY), [ONE], store)
    asked(Detection({"first": first, "second": second}, VOCABULARY), [ONE], store)
    assert (len(first.looked), len(second.looked)) == (1, 1)


def test_a_silent_or_dim_colleague_costs_no_score():
    silent, dim = Blocks(known=()), Blocks(0.1)
    alone = asked(Detection({"one": Blocks(0.8)}, VOCABULARY), [ONE])[0]
    together = asked(
        Detection({"one": Blocks(0.8), "two": silent, "three": dim}, VOCABULARY), [ONE]
    )[0]
    assert alone.scores.tolist() == together.scores.tolist() == [np.float32(0.8)]


def test_a_closed_vocabulary_is_translated():
    meanings = Meanings(Synonyms(), {"truck": "vehicle"})
    truck = street(("truck", (10, 20, 30, 40)), ("cone", (60, 8, 80, 24)))
    closed = Blocks(classes=("truck", "cone"))
    vocabulary = Vocabulary(("vehicle",), ("vehicle",))
    found = asked(Detection({"closed": closed}, vocabulary, meanings), [truck])[0]
    assert found.labels == ("vehicle",)


def test_a_closed_detector_is_not_asked_again_for_other_words():
    closed, store = Blocks(classes=("car", "cone")), RecentEvidence()
    asked(Detection({"closed": closed}, VOCABULARY), [ONE], store)
    asked(Detection({"closed": closed}, Vocabulary(("cone",), ("cone",))), [ONE], store)
    assert len(closed.looked) == 1


def test_an_open_detector_is_asked_anew_for_other_words():
    blocks, store = Blocks(), RecentEvidence()
    asked(Detection({"open": blocks}, VOCABULARY), [ONE], store)
    asked(Detection({"open": blocks}, Vocabulary(("cone",), ("cone",))), [ONE], store)
    assert len(blocks.looked) == 2


def test_every_setting_has_its_identity():
    def identity(detector=None, **settings):
        return Detection({"blocks": detector or Blocks()}, VOCABULARY, **settings).identity

    others = [
        identity(tta="flip"),
        identity(Blocks(0.5)),
        identity(voting=Voting(min_score=0.2)),
        identity(voting=Voting(rescale="avg")),
        identity(meanings=Meanings(Synonyms({"auto": "car"}))),
    ]
    assert len({identity(), *others}) == 6
    assert identity() == identity()


def test_a_detector_that_fails_is_named_with_a_remedy():
    class Broken(Blocks):
        def __call__(self, images, names):  # noqa: ARG002
            raise RuntimeError("out of\n memory")

    with pytest.raises(
        DetectorFailed, match=r"detector owl failed: out of memory; ~detectors\.owl"
    ):
        asked(Detection({"owl": Broken()}, VOCABULARY), [ONE])


def test_nothing_to_look_for_is_refused():
    with pytest.raises(ValueError, match="empty vocabulary"):
        Detection({"blocks": Blocks()}, Vocabulary())


def test_a_weight_belongs_to_its_detector_whatever_that_is_called():
    """Two detectors that exchange their names exchange their weights, which changes the answer."""
    weights = Voting(weights={"one": 2.0})
    here = Detection({"one": Blocks(), "two": Blocks(0.5)}, VOCABULARY, voting=weights)
    there = Detection({"two": Blocks(), "one": Blocks(0.5)}, VOCABULARY, voting=weights)
    assert here.identity != there.identity


def test_detectors_without_any_weight_are_refused():
    with pytest.raises(ValueError, match="whose weight is above 0"):
        Detection({"blocks": Blocks()}, VOCABULARY, voting=Voting(weights={"blocks": 0.0}))


def test_weights_of_strangers_are_refused():
    with pytest.raises(ValueError, match=r"\(blocks\), got owl"):
        Detection({"blocks": Blocks()}, VOCABULARY, voting=Voting(weights={"owl": 2.0}))
