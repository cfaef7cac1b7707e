"""Sentences beside those of people."""

import pytest

from spotdiff.evaluation.captions import caption_scores, words_of

REFERENCES = [
    ["A person was added on the left.", "someone appeared at the left"],
    ["The red car is gone."],
]


def test_sentences_that_people_wrote_score_best():
    scores = caption_scores([known[0] for known in REFERENCES], REFERENCES)
    assert scores.bleu_4 == pytest.approx(1)
    assert scores.rouge_l == pytest.approx(1)
    assert scores.cider_d == pytest.approx((10 / 2 + 10) / 2, abs=0.5)  # one of two references


def test_case_and_punctuation_make_no_difference():
    shouted = [known[0].upper().replace(".", "!!") for known in REFERENCES]
    plain = [known[0] for known in REFERENCES]
    assert caption_scores(shouted, REFERENCES) == caption_scores(plain, REFERENCES)


def test_scores_of_a_sentence_are_worked_out_by_hand():
    # Of the 4 words of "the car is gone" and the 5 of "the red car is gone" 4 are in common.
    scores = caption_scores(["the car is gone"] * 2, [["the red car is gone"], ["x y"]])
    f1 = 2 * (4 / 4) * (4 / 5) / (4 / 4 + 4 / 5)
    assert scores.rouge_l == pytest.approx(f1 / 2)


def test_bleu_4_is_that_of_papineni():
    # Precisions 4/4, 2/3 (the car, is gone -> "car is", "is gone"), 1/2, 0/1: no 4-gram, so 0.
    references = [["the red car is gone"]]
    assert caption_scores(["the car is gone"], references).bleu_4 == 0
    # All n-grams are shared and one of six words is missing: exp(1 - 6 / 5).
    longer = [["now the red car is gone"]]
    assert caption_scores(["the red car is gone"], longer).bleu_4 == pytest.approx(0.8187, abs=1e-4)


def test_nothing_said_scores_nothing_and_one_item_has_no_cider():
    scores = caption_scores(["", ""], REFERENCES)
    assert (scores.bleu_4, scores.rouge_l, scores.cider_d) == (0, 0, 0)
    assert caption_scores(["the car"], [["the car"]]).cider_d is None


def test_items_without_references_are_refused():
    with pytest.raises(ValueError, match="Expected references for each of 2 sentences"):
        caption_scores(["a", "b"], [["a"], []])
    with pytest.raises(ValueError, match="of 0 sentences"):
        caption_scores([], [])


def test_words_keep_what_is_inside_them():
    assert words_of("  It's the T-shirt (“red”), n°2!") == [
        "it's",
        "the",
        "t-shirt",
        "red",
        "n",
        "2",
    ]
