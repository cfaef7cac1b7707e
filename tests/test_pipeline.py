"""Rows in, one result a row out, whatever happens; and the laws of a pair, boxes included."""

from dataclasses import replace
from itertools import count, islice

import cv2
import numpy as np
import pytest

from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.alignment import ViewAligner
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.stages.registration import Shift
from spotdiff.types import ModelInfo, PairRow, RowProblem, Thresholds
from tests.fakes import ByDifference, blocks, noise, write_image

LOW = Thresholds(min_heat=0.3, min_score=0.3, min_label=0.0)
MODEL = ModelInfo("fake", "f" * 64)


@pytest.fixture
def street(tmp_path) -> PairRow:
    """A grey square; a white block came, a black one went."""
    before, after = (np.full((40, 60, 3), 128, np.uint8) for _ in range(2))
    after[10:20, 5:15] = 255
    before[25:35, 40:50] = 255
    paths = [write_image(tmp_path / f"{n}.png", i) for n, i in (("b", before), ("a", after))]
    return PairRow("street", *paths)


@pytest.fixture
def pipeline() -> PairPipeline:
    never_moved = HeatmapDecision(LOW, min_area=4, min_move_similarity=2.0)
    return PairPipeline(MapComparer(ByDifference(), never_moved), MODEL)


def _boxes(result) -> set:
    return {(c.kind, c.box_before, c.box_after) for c in result.changes}


def test_what_came_has_a_box_after_and_what_went_a_box_before(pipeline, street):
    (result,) = pipeline([street])
    assert result.status == "ok"
    assert _boxes(result) == {
        ("added", None, (5.0, 10.0, 15.0, 20.0)),
        ("removed", (40.0, 25.0, 50.0, 35.0), None),
    }
    assert (result.before.width, result.before.height) == (60, 40)
    assert len(result.after.sha256) == 64
    assert result.model == MODEL
    assert result.alignment is None
    assert 0 < result.change_score <= 1


def test_an_unequal_before_view_gets_boxes_in_its_own_pixels(pipeline, street, tmp_path):
    large = np.full((80, 180, 3), 128, np.uint8)
    large[50:70, 120:150] = 255  # twice as high, three times as wide
    row = replace(street, before=write_image(tmp_path / "large.png", large))
    (result,) = pipeline([row])
    assert ("removed", (120.0, 50.0, 150.0, 70.0), None) in _boxes(result)
    assert ("added", None, (5.0, 10.0, 15.0, 20.0)) in _boxes(result)
    assert result.alignment.method == "resize"
    np.testing.assert_allclose(result.alignment.matrix, np.diag([1 / 3, 1 / 2, 1]))
    assert result.pair.before.shape == (80, 180, 3)


@pytest.fixture
def moved(tmp_path) -> PairRow:
    """A place seen from 7 pixels further right; a white block came, another one went."""
    place = blocks(0, 120, 167)
    place[70:90, 90:110], place[30:50, 67:87] = 55, 55  # grounds that the two stand out from
    before, after = place[:, :160].copy(), place[:, 7:].copy()
    before[70:90, 90:110] = 255
    after[30:50, 60:80] = 255
    paths = [write_image(tmp_path / f"{n}.png", i) for n, i in (("b", before), ("a", after))]
    return PairRow("moved", *paths)


def test_a_moved_camera_is_laid_back_and_boxes_return_to_each_view(pipeline, moved):
    assert len(pipeline([moved])[0].changes) > 4  # as long as nobody lays them
    pipeline.alignment = ViewAligner(Shift())
    (result,) = pipeline([moved])
    registration = result.alignment.registration
    assert registration.accepted
    assert registration.overlap == pytest.approx(153 / 160, abs=0.01)
    np.testing.assert_allclose(
        result.alignment.matrix, [[1, 0, -7], [0, 1, 0], [0, 0, 1]], atol=0.2
    )
    (gone,) = [c for c in result.changes if c.score > 0.6 and c.kind == "removed"]
    (came,) = [c for c in result.changes if c.score > 0.6 and c.kind == "added"]
    np.testing.assert_allclose(gone.box_before, (90, 70, 110, 90), atol=1.5)
    np.testing.assert_allclose(came.box_after, (60, 30, 80, 50), atol=1.5)


def test_where_only_after_shows_anything_there_is_no_heat(pipeline, moved):
    pipeline.alignment = ViewAligner(Shift())
    (result,) = pipeline([moved])
    assert (result.change_map.heat[..., -6:] == 0).all()
    assert all((c.box_after or (0, 0, 0, 0))[2] <= 154 for c in result.changes)


def test_a_pair_that_cannot_be_laid_gets_the_answer_of_its_views_and_the_reason(
    pipeline, noisy_row
):
    (plain,) = pipeline([noisy_row])
    pipeline.alignment = ViewAligner(Shift())
    (result,) = pipeline([noisy_row])
    assert result.changes == plain.changes
    assert not result.alignment.registration.accepted
    assert result.alignment.registration.reason
    np.testing.assert_array_equal(result.alignment.matrix, np.eye(3))


def test_sizes_and_the_move_of_the_camera_are_one_matrix(pipeline, moved, tmp_path):
    before = cv2.imread(str(moved.before))[..., ::-1]
    twice = write_image(tmp_path / "twice.png", cv2.resize(before, None, fx=2, fy=2))
    pipeline.alignment = ViewAligner(Shift())
    (result,) = pipeline([replace(moved, before=twice)])
    np.testing.assert_allclose(
        result.alignment.matrix, [[0.5, 0, -7], [0, 0.5, 0], [0, 0, 1]], atol=0.4
    )
    (gone,) = [c for c in result.changes if c.score > 0.6 and c.kind == "removed"]
    np.testing.assert_allclose(gone.box_before, (180, 140, 220, 180), atol=3)


def test_every_row_gets_a_result_in_its_place(pipeline, street, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(street.before.read_bytes()[:60])
    rows = [
        street,
        PairRow("broken", street.before, broken),
        RowProblem("odd", "pairs.csv row 3", "the after image is missing", street.before),
        PairRow("absent", tmp_path / "none.png", street.after),
        replace(street, pair_id="again"),
    ]
    results = pipeline(rows)
    assert [r.pair_id for r in results] == ["street", "broken", "odd", "absent", "again"]
    assert [r.status for r in results] == ["ok", "error", "error", "error", "ok"]
    assert str(broken) in results[1].reason
    assert results[2].reason == "pairs.csv row 3: the after image is missing"
    assert "none.png" in results[3].reason
    assert all(r.change_score is None and r.changes == () for r in results[1:4])
    assert _boxes(results[4]) == _boxes(results[0])


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_stream_answers_in_order_and_in_batches(pipeline, street, batch_size):
    rows = [replace(street, pair_id=str(i)) for i in range(7)]
    found = list(pipeline.stream(rows, batch_size=batch_size))
    assert [r.pair_id for r in found] == [str(i) for i in range(7)]
    assert max(pipeline.comparer.localizer.batches) == batch_size
    assert sum(pipeline.comparer.localizer.batches) == 7


def test_a_stream_of_endless_rows_reads_only_a_little_ahead(pipeline, street):
    taken = []

    def rows():
        for i in count():
            taken.append(i)
            yield replace(street, pair_id=str(i))

    stream = pipeline.stream(rows(), batch_size=2, readers=1)
    assert [r.pair_id for r in islice(stream, 6)] == [str(i) for i in range(6)]
    assert len(taken) <= 6 + 3 * 2 + 2
    stream.close()


def test_finished_pairs_are_passed_over_while_their_files_are_the_same(pipeline, street):
    (result,) = pipeline([street])
    known = {"street": (result.before.sha256, result.after.sha256)}
    assert list(pipeline.stream([street], finished=known)) == []
    write_image(street.after, noise(0, 40, 60))
    assert [r.pair_id for r in pipeline.stream([street], finished=known)] == ["street"]


def test_a_finished_pair_whose_file_is_gone_becomes_an_error(pipeline, street):
    (result,) = pipeline([street])
    known = {"street": (result.before.sha256, result.after.sha256)}
    street.after.unlink()
    assert [r.status for r in pipeline.stream([street], finished=known)] == ["error"]


class Fussy:
    """A localiser that fails where a view is as wide as it must not be; counts its batches."""

    def __init__(self, error: Exception, width: int = 48) -> None:
        self.error, self.width = error, width
        self.batches: list[int] = []

    def __call__(self, pairs):
        self.batches.append(len(pairs))
        if any(pair.after.shape[1] == self.width for pair in pairs):
            raise self.error
        return ByDifference()(pairs)


@pytest.fixture
def bad(tmp_path) -> PairRow:
    paths = [write_image(tmp_path / f"bad{i}.png", noise(i, 32, 48)) for i in range(2)]
    return PairRow("bad", *paths)


def fussy(error: Exception) -> tuple[Fussy, PairPipeline]:
    localizer = Fussy(error)
    decision = HeatmapDecision(LOW, min_area=4, min_move_similarity=2.0)
    return localizer, PairPipeline(MapComparer(localizer, decision), MODEL)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("out of\n memory"), ValueError("odd"), IndexError("9"), ZeroDivisionError("0")],
)
def test_a_pair_that_fails_costs_no_other_pair_its_answer(pipeline, street, bad, error):
    localizer, fragile = fussy(error)
    rows = [street, bad, replace(street, pair_id="again"), RowProblem("x", "t.csv row 2", "gone")]
    found = fragile(rows)
    assert [(one.pair_id, one.status) for one in found] == [
        ("street", "ok"),
        ("bad", "error"),
        ("again", "ok"),
        ("x", "error"),
    ]
    assert localizer.batches == [3, 1, 1, 1]
    (alone,) = pipeline([street])
    assert _boxes(found[0]) == _boxes(found[2]) == _boxes(alone)
    assert found[0].labels == alone.labels
    failed = found[1]
    assert failed.reason == " ".join(str(error).split())
    assert (failed.changes, failed.labels, failed.model) == ((), None, MODEL)
    assert (failed.before.width, failed.after.height) == (48, 32)
    assert len(failed.before.sha256) == 64


def test_a_stream_goes_on_after_a_pair_that_fails(street, bad, caplog):
    _, fragile = fussy(RuntimeError("out of memory"))
    rows = [street, bad, *(replace(street, pair_id=f"s{i}") for i in range(3))]
    found = list(fragile.stream(rows, batch_size=2))
    assert [one.status for one in found] == ["ok", "error", "ok", "ok", "ok"]
    assert caplog.messages == ["bad: out of memory"]


def test_an_error_that_says_nothing_is_told_by_its_name(bad):
    _, fragile = fussy(ZeroDivisionError())
    assert fragile([bad])[0].reason == "ZeroDivisionError"


@pytest.mark.parametrize("mistake", [TypeError, AttributeError, AssertionError, KeyboardInterrupt])
def test_a_mistake_of_ours_ends_the_run(street, bad, mistake):
    localizer, fragile = fussy(mistake("wrong"))
    with pytest.raises(mistake, match="wrong"):
        list(fragile.stream([street, bad], batch_size=2))
    assert localizer.batches == [2]


def test_pictures_in_memory_get_the_answer_of_their_files(pipeline, street):
    (filed,) = pipeline([street])
    found = pipeline.compare(filed.pair.before, filed.pair.after, "memory")
    assert found.pair_id == "memory"
    assert found.changes == filed.changes
    assert found.before.sha256 is None


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"readers": 0}])
def test_a_stream_of_no_batches_or_no_readers_is_refused(pipeline, street, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} to be at least 1"):
        next(pipeline.stream([street], **wrong))


@pytest.fixture(scope="module")
def network_pipeline(tiny_net) -> PairPipeline:
    decision = HeatmapDecision(Thresholds(min_heat=0.05, min_score=0.05, min_label=0.0))
    return PairPipeline(MapComparer(SiameseLocalizer(tiny_net, flip=True), decision), MODEL)


@pytest.fixture
def noisy_row(tmp_path) -> PairRow:
    paths = [write_image(tmp_path / f"{i}.png", noise(i, 70, 96)) for i in range(2)]
    return PairRow("noisy", *paths)


def test_the_swap_law_holds_down_to_the_boxes(network_pipeline, noisy_row):
    back = replace(noisy_row, before=noisy_row.after, after=noisy_row.before)
    there, swapped = network_pipeline([noisy_row, back])
    assert there.changes
    assert {(c.kind.swapped, c.box_after, c.box_before) for c in there.changes} == _boxes(swapped)
    assert there.labels.swapped() == swapped.labels
    assert there.change_score == pytest.approx(swapped.change_score, abs=1e-6)


def test_the_identity_law_holds_down_to_the_boxes(network_pipeline, noisy_row):
    (same,) = network_pipeline([replace(noisy_row, after=noisy_row.before)])
    assert same.changes == ()
    assert same.change_score < 0.03
    assert same.labels.added == same.labels.removed == same.labels.changed == ()


def test_the_mirror_law_holds_down_to_the_boxes(network_pipeline, noisy_row, tmp_path):
    mirrored = [
        write_image(tmp_path / f"mirrored-{i}.png", np.ascontiguousarray(noise(i, 70, 96)[:, ::-1]))
        for i in range(2)
    ]
    there, flipped = network_pipeline([noisy_row, PairRow("mirror", *mirrored)])
    assert len(there.changes) == len(flipped.changes)

    def areas(result, turn):
        boxes = [(c.kind, c.box_after or c.box_before) for c in result.changes]
        return sorted((k, 96 - b[2] if turn else b[0], b[1]) for k, b in boxes)

    expected, found = areas(there, turn=True), areas(flipped, turn=False)
    assert [e[0] for e in expected] == [f[0] for f in found]
    np.testing.assert_allclose([e[1:] for e in expected], [f[1:] for f in found], atol=1)


def test_only_words_of_the_vocabulary_are_ever_written(tiny_net, noisy_row):
    words = ("man", "car", "traffic cone")
    decision = HeatmapDecision(Thresholds(0.02, 0.0, (0, 0, 0), (0, 0, 0), 0.0))
    pipeline = PairPipeline(MapComparer(SiameseLocalizer(tiny_net, words), decision))
    (result,) = pipeline([noisy_row])
    written = {c.label for c in result.changes} | {
        *result.labels.added,
        *result.labels.removed,
        *result.labels.changed,
    }
    assert written <= {*words, None}
    assert set(words) & written


class Places:
    """A captioner that says where boxes lie in the frame that it is given; fails at one pair."""

    info = ModelInfo("places", "9" * 64)

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.sizes: list[tuple[int, ...]] = []
        self.closed = False

    def __call__(self, pairs, answers):
        told = []
        for pair, answer in zip(pairs, answers, strict=True):
            if pair.pair_id == self.fails:
                raise RuntimeError("no words come to mind")
            self.sizes.append(pair.before.shape)
            changes = tuple(
                replace(c, caption=str(c.box_before or c.box_after)) for c in answer.changes
            )
            told.append(replace(answer, changes=changes, caption=pair.pair_id))
        return told

    def close(self) -> None:
        self.closed = True


def test_captions_are_made_in_the_frame_of_the_pair_and_boxes_mapped_back(
    pipeline, street, tmp_path
):
    large = np.full((80, 180, 3), 128, np.uint8)
    large[50:70, 120:150] = 255  # twice as high, three times as wide
    row = replace(street, before=write_image(tmp_path / "large.png", large))
    pipeline.captioner = Places()
    (result,) = pipeline([row])
    (gone,) = [change for change in result.changes if change.kind == "removed"]
    assert gone.caption == "(40.0, 25.0, 50.0, 35.0)"
    assert gone.box_before == (120.0, 50.0, 150.0, 70.0)
    assert (result.caption, result.captioner) == ("street", Places.info)
    assert pipeline.captioner.sizes == [(40, 60, 3)]


def test_a_captioner_that_fails_costs_a_pair_its_captions_alone(pipeline, street):
    (bare,) = pipeline([street])
    pipeline.captioner = Places(fails="street")
    one, other = pipeline([street, replace(street, pair_id="other")])
    reason = "no words come to mind"
    assert (one.status, one.caption, one.caption_reason) == ("ok", None, reason)
    assert {change.caption_reason for change in one.changes} == {reason}
    assert _boxes(one) == _boxes(bare)
    assert one.captioner == Places.info
    assert other.caption == "other"
    assert other.caption_reason is None


def test_what_cannot_be_answered_has_no_captioner(pipeline, street, tmp_path):
    pipeline.captioner = Places()
    (result,) = pipeline([replace(street, after=tmp_path / "absent.png")])
    assert result.status == "error"
    assert (result.caption, result.captioner) == (None, None)


def test_the_models_of_a_captioner_are_among_those_that_are_asked(pipeline):
    own = pipeline.experts
    assert own == pipeline.comparer.experts
    pipeline.captioner = Places()
    assert pipeline.experts == own
    pipeline.captioner.experts = {"model": "a network"}
    assert pipeline.experts == {**own, "captioner_model": "a network"}


def test_a_captioner_may_hold_something_back_too(pipeline):
    pipeline.captioner = Places()
    pipeline.close()
    assert pipeline.captioner.closed
