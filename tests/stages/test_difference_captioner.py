"""Captions by a chat model: who is asked what, which words are believed, whose reason is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from spotdiff.contracts import ChatModel, DifferenceCaptioner
from spotdiff.ops.montage import framed_pair, grown, side_by_side
from spotdiff.stages.caption_checks import CaptionChecks
from spotdiff.stages.caption_rules import CaptionRules
from spotdiff.stages.difference_captioner import MllmCaptioner
from spotdiff.stages.prompts import PAIR, box_words
from spotdiff.types import Answer, Change, ChangeKind, Chat, ModelInfo, Pair, Reply
from tests.fakes import noise

ADDED, REMOVED, CHANGED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED
FIRST, SECOND = (10.0, 8.0, 30.0, 28.0), (50.0, 30.0, 90.0, 60.0)
MOVED = Change(CHANGED, 0.9, box_before=FIRST, box_after=SECOND)
NEW = Change(ADDED, 0.8, "car", box_after=FIRST)
GONE = Change(REMOVED, 0.7, box_before=SECOND)
ALL = CaptionRules(min_match=0.5, min_similarity=-1.0, max_similarity=0.8)


def _single(chat: Chat) -> bool:
    """Whether a question shows one view, not both beside each other."""
    return chat.parts[0].shape[1] == 96


class Chatter:
    """Answers a region by view and box, a montage by what it was told; keeps what it was asked."""

    sees = True
    info = ModelInfo("chatter", "c" * 64)

    def __init__(self, failing: Callable[[Chat], bool] = lambda _: False) -> None:
        self.failing = failing
        self.asked: list[list[Chat]] = []

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        self.asked.append(list(chats))
        return [self._reply(chat) for chat in chats]

    def _reply(self, chat: Chat) -> Reply:
        if self.failing(chat):
            return Reply(None, "the server is on fire")
        view, words = chat.parts
        if _single(chat):
            box = re.search(r"\[.*?\]", words)
            return Reply(f"{int(view[0, 0, 0])} at {box[0]}")
        told = re.findall(r"there is this: (.*)", words)
        return Reply(f"From {told[0]} to {told[1]}." if told else "All is otherwise.")

    def choose(self, chats, words):
        raise AssertionError(f"{words} are not chosen from for {chats}")


class Matcher:
    """Scores what its rule says; keeps what it was asked."""

    info = ModelInfo("matcher", "m" * 64)

    def __init__(self, rule: Callable[[str], float] = lambda _: 0.9) -> None:
        self.rule = rule
        self.asked: list[tuple] = []

    def __call__(self, images, boxes, texts):
        self.asked.extend(zip(images, boxes, texts, strict=True))
        return [np.array([[self.rule(text) for text in own]], np.float32) for own in texts]


class Embedder:
    """The vector of a text is a direction by its rule, in degrees."""

    info = ModelInfo("embedder", "e" * 64)

    def __init__(self, rule: Callable[[str], float]) -> None:
        self.rule = rule

    def text_embeddings(self, texts):
        angles = np.radians([self.rule(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _pair(seed: int = 0) -> Pair:
    before, after = noise(2 * seed, 64, 96), noise(2 * seed + 1, 64, 96)
    before[0, 0], after[0, 0] = 10 + seed, 20 + seed  # by which the chatter knows a view
    return Pair(f"p{seed}", before, after)


def _said(view: int, box) -> str:
    return f"{view} at {box_words(box, (64, 96))}"


def test_every_change_is_described_by_its_place_in_both_views():
    captioner: DifferenceCaptioner = MllmCaptioner(Chatter())
    answer = Answer((MOVED, NEW, GONE), 0.9)
    (told,) = captioner([_pair()], [answer])
    boxes = [(FIRST, SECOND), (FIRST, FIRST), (SECOND, SECOND)]
    regions = [(_said(10, before), _said(20, after)) for before, after in boxes]
    assert [change.region_captions for change in told.changes] == regions
    captions = [f"From {before} to {after}." for before, after in regions]
    assert [change.caption for change in told.changes] == captions
    assert told.caption == " ".join(captions)
    silent = [replace(change, caption=None, region_captions=None) for change in told.changes]
    assert replace(told, changes=tuple(silent), caption=None) == answer


def test_all_pairs_are_two_batches_in_which_each_box_is_asked_about_once():
    model = Chatter()
    pairs = [_pair(0), _pair(1), _pair(2)]
    told = MllmCaptioner(model)(pairs, [Answer((MOVED, NEW)), Answer(), Answer((GONE,))])
    assert [len(batch) for batch in model.asked] == [6, 3]
    for chat, pair, boxes in zip(
        model.asked[1], (pairs[0], pairs[0], pairs[2]),
        ((FIRST, SECOND), (FIRST, FIRST), (SECOND, SECOND)), strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(chat.parts[0], framed_pair(pair.before, pair.after, boxes))
    assert told[1].caption
    assert told == [MllmCaptioner(Chatter())([p], [a])[0] for p, a in zip(pairs, [
        Answer((MOVED, NEW)), Answer(), Answer((GONE,))], strict=True)]  # fmt: skip


def test_nothing_is_asked_where_nothing_changed():
    model = Chatter()
    checks = CaptionChecks(ALL, Matcher(), Embedder(len))
    (told,) = MllmCaptioner(model, checks, whole="asked")([_pair()], [Answer()])
    assert model.asked == []
    assert told.caption
    assert MllmCaptioner(model)([], []) == []


def test_a_caption_that_does_not_fit_its_region_is_rejected_with_score_and_threshold():
    matcher = Matcher(lambda text: 0.25 if text == _said(20, SECOND) else 0.75)
    checks = CaptionChecks(replace(ALL, grow=5), matcher)
    model = Chatter()
    (told,) = MllmCaptioner(model, checks)([_pair()], [Answer((MOVED, NEW))])
    moved, new = told.changes
    assert moved.caption is None
    assert moved.caption_reason == (
        "what was said of the region in after does not fit it: itm 0.2500, below 0.5000"
    )
    assert moved.region_captions == (_said(10, FIRST), _said(20, SECOND))
    assert new.caption_reason is None
    assert told.caption == new.caption
    assert len(model.asked[1]) == 1  # of the rejected one nothing more is asked
    for (_, boxes, _), box in zip(matcher.asked, (FIRST, SECOND, FIRST, FIRST), strict=True):
        np.testing.assert_array_equal(boxes, [grown(box, 5, (64, 96))])
    assert [len(texts) for _, _, texts in matcher.asked] == [1] * 4


@pytest.mark.parametrize(
    ("angle", "reason"),
    [
        (0, "both regions were said to show the same: cosine 1.0000, above 0.8000"),
        (60, None),
        (100, "the regions were said to show nothing alike: cosine -0.1736, below 0.0000"),
    ],
)
def test_captions_that_say_the_same_or_nothing_alike_are_rejected(angle, reason):
    checks = CaptionChecks(CaptionRules(), None, Embedder(lambda t: angle * t.startswith("20")))
    (told,) = MllmCaptioner(Chatter(), checks)([_pair()], [Answer((NEW,))])
    assert told.changes[0].caption_reason == reason
    assert told.changes[0].region_captions is not None
    assert told.caption_reason == (reason and f"no change has a caption: {reason}")


def test_a_verdict_belongs_to_its_box_even_where_two_boxes_have_the_same_words():
    class Alike(Chatter):
        def _reply(self, chat):
            return Reply("a thing" if _single(chat) else "It differs.")

    scores = iter([0.9, 0.9, 0.9, 0.1, 0.9, 0.9])
    checks = CaptionChecks(ALL, Matcher(lambda _: next(scores)))
    (told,) = MllmCaptioner(Alike(), checks)([_pair()], [Answer((MOVED, NEW, GONE))])
    assert [change.caption for change in told.changes] == ["It differs.", None, "It differs."]
    assert "after" in told.changes[1].caption_reason


@pytest.mark.parametrize(
    ("rules", "reasons"),
    [
        ({"max_area": 0.1}, ["covers 0.1953 of the view, more than 0.1000", None, "more than"]),
        ({"min_area": 0.1}, ["covers 0.0651 of the view, less than 0.1000", "less than", None]),
        ({"max_changes": 2}, [None, None, "more than 2 changes, and others score higher"]),
        ({"max_changes": 1, "max_area": 0.1}, ["more than 0.1000", None, "more than 0.1000"]),
    ],
)
def test_only_changes_of_the_right_size_and_number_are_described(rules, reasons):
    checks = CaptionChecks(CaptionRules(**rules))
    (told,) = MllmCaptioner(Chatter(), checks)([_pair()], [Answer((MOVED, NEW, GONE))])
    for change, reason in zip(told.changes, reasons, strict=True):
        assert (change.caption is None) is (reason is not None)
        assert (reason or "") in (change.caption_reason or "")
        assert change.region_captions is None or reason is None


def test_the_changes_that_are_described_are_those_of_the_highest_score():
    checks = CaptionChecks(CaptionRules(max_changes=1))
    (told,) = MllmCaptioner(Chatter(), checks)([_pair()], [Answer((GONE, NEW, MOVED))])
    assert [change.caption is None for change in told.changes] == [True, True, False]


@pytest.mark.parametrize("where", ["region", "difference"])
def test_a_pair_whose_chat_fails_keeps_its_boxes_and_says_why(where):
    def failing(chat: Chat) -> bool:
        return int(chat.parts[0][0, 0, 0]) == 11 and _single(chat) is (where == "region")

    pairs, answers = [_pair(0), _pair(1)], [Answer((MOVED,), 0.5), Answer((MOVED,), 0.6)]
    fine, failed = MllmCaptioner(Chatter(failing))(pairs, answers)
    assert fine.caption
    (change,) = failed.changes
    assert (change.box_before, change.box_after, change.score) == (FIRST, SECOND, 0.9)
    assert change.caption is None
    assert "the server is on fire" in change.caption_reason
    assert change.caption_reason.startswith("before: ") is (where == "region")
    assert failed.caption_reason == f"no change has a caption: {change.caption_reason}"


def test_the_whole_pair_is_asked_about_where_that_is_wanted():
    model, pair = Chatter(), _pair()
    captioner = MllmCaptioner(model, whole="asked")
    (told,) = captioner([pair], [Answer((NEW,))])
    assert told.caption == "All is otherwise."
    (chat,) = model.asked[2]
    assert chat.parts[1] == PAIR.text
    np.testing.assert_array_equal(chat.parts[0], side_by_side(pair.before, pair.after))
    failed = MllmCaptioner(Chatter(lambda chat: chat.parts[1] == PAIR.text), whole="asked")
    (told,) = failed([pair], [Answer((NEW,))])
    assert (told.caption, told.caption_reason) == (None, "the server is on fire")
    assert told.changes[0].caption


def test_a_change_without_a_box_is_the_whole_of_the_views():
    (told,) = MllmCaptioner(Chatter())([_pair()], [Answer((Change(CHANGED, 0.5),))])
    assert told.changes[0].region_captions[0] == "10 at [0.00, 0.00, 1.00, 1.00]"


def test_who_speaks_is_the_model_its_questions_and_all_that_decides():
    model: ChatModel = Chatter()
    captioner = MllmCaptioner(model)
    assert captioner.info.name == "chatter, region/1 difference/1"
    others = [
        MllmCaptioner(model, whole="asked"),
        MllmCaptioner(model, CaptionChecks(ALL)),
        MllmCaptioner(model, CaptionChecks(None, Matcher())),
        MllmCaptioner(model, CaptionChecks(None, Matcher(), Embedder(len))),
    ]
    assert len({one.info.sha256 for one in (captioner, *others)}) == 5
    assert others[0].info.name == "chatter, region/1 difference/1 pair/1"
    assert captioner.info == MllmCaptioner(Chatter()).info
    assert list(others[3].experts) == ["model", "matcher", "embedder"]


def test_what_makes_no_sense_is_refused():
    model = Chatter()
    model.sees = False
    with pytest.raises(ValueError, match="Expected a model that sees, got chatter"):
        MllmCaptioner(model)
    with pytest.raises(ValueError, match="Expected whole to be joined or asked, got 'both'"):
        MllmCaptioner(Chatter(), whole="both")
    with pytest.raises(ValueError, match=r"Expected rules.min_area of at most rules.max_area"):
        CaptionRules(min_area=0.5, max_area=0.1)
    with pytest.raises(ValueError, match=r"Expected rules.max_changes of at least 1, got 0"):
        CaptionRules(max_changes=0)
