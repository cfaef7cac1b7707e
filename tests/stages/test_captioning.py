"""What becomes of answers that are put in words, and of those that cannot be."""

from dataclasses import replace

from spotdiff.stages.asking import answers_or_reasons
from spotdiff.stages.captioning import in_words
from spotdiff.types import Answer, Change, ChangeKind, ModelInfo
from tests.fakes import noisy_pair

PAIRS = [noisy_pair(seed, 8, 8) for seed in range(3)]
ANSWERS = [Answer((Change(ChangeKind.ADDED, score),)) for score in (0.1, 0.2, 0.3)]


class Moody:
    """A captioner that fails at some pairs; remembers how many it was asked at a time."""

    info = ModelInfo("moody", "0" * 64)

    def __init__(self, *fails: str, error: type[Exception] = ConnectionError) -> None:
        self.fails, self.error = fails, error
        self.asked: list[int] = []

    def __call__(self, pairs, answers):
        self.asked.append(len(pairs))
        for pair in pairs:
            if pair.pair_id in self.fails:
                raise self.error(f"{pair.pair_id} is\nbeyond words")
        both = zip(pairs, answers, strict=True)
        return [replace(answer, caption=pair.pair_id) for pair, answer in both]


def test_all_pairs_are_captioned_together():
    moody = Moody()
    told = in_words(moody, PAIRS, ANSWERS)
    assert [answer.caption for answer in told] == ["noise-0", "noise-1", "noise-2"]
    assert moody.asked == [3]


def test_a_pair_that_fails_keeps_its_changes_and_the_reason(caplog):
    told = in_words(Moody("noise-1"), PAIRS, ANSWERS)
    assert [answer.caption for answer in told] == ["noise-0", None, "noise-2"]
    reason = "noise-1 is beyond words"
    assert told[1].caption_reason == reason
    assert told[1].changes == (replace(ANSWERS[1].changes[0], caption_reason=reason),)
    assert "noise-1: it has no captions: noise-1 is beyond words" in caplog.text


def test_what_has_no_answer_is_not_captioned():
    moody = Moody()
    told = in_words(moody, PAIRS, [ANSWERS[0], "it is torn", ANSWERS[2]])
    assert told[1] == "it is torn"
    assert [told[0].caption, told[2].caption] == ["noise-0", "noise-2"]
    assert moody.asked == [2]


def test_nobody_is_asked_where_there_is_nothing_to_say():
    assert in_words(None, PAIRS, ANSWERS) == ANSWERS
    moody = Moody()
    assert in_words(moody, [], []) == []
    assert moody.asked == []


def test_what_fails_is_asked_alone_and_says_why():
    def ask(words):
        return [{"a": 1}[word] for word in words]

    assert answers_or_reasons(ask, ["a", "b", "a"]) == [1, "'b'", 1]
