"""CIDEr-D by hand."""

import math

import pytest

from spotdiff.ops.cider import CiderD


def _words(text: str) -> list[str]:
    return text.split()


CORPUS = [
    [_words("a red car left the place"), _words("the red car drove away")],
    [_words("a dog came")],
    [_words("nothing changed")],
]


@pytest.fixture
def cider() -> CiderD:
    return CiderD(CORPUS)


def test_one_shared_word_is_worked_out_by_hand():
    corpus = [[_words("a car")], [_words("a dog")]]
    # "a" is in both items and weighs nothing; car, dog, "a car" and "a dog" weigh log 2 each.
    # Order 1: log 2 · log 2 / (log 2 · log 2) = 1 for "car"; order 2: none shared; mean over 4.
    assert CiderD(corpus).score(["car"], corpus[0]) == pytest.approx(
        10 * math.exp(-1 / 72) * (1 + 0 + 0 + 0) / 4
    )


def test_what_is_rare_weighs_more_than_what_is_common():
    corpus = [[_words("red car")], [_words("red dog")], [_words("one cat")]]
    red, car = math.log(3 / 2), math.log(3)
    alone = 10 / 4 * math.exp(-1 / 72)
    cider = CiderD(corpus)
    both = math.hypot(red, car)
    assert cider.score(["red"], corpus[0]) == pytest.approx(alone * red / both)
    assert cider.score(["car"], corpus[0]) == pytest.approx(alone * car / both)


def test_repeating_a_word_gains_nothing():
    corpus = [[_words("the big car")], [_words("a dog")]]
    # Weights of order 1: car 3 log 2 in the candidate, clipped to log 2; |g| = 3 log 2,
    # |g'| = √3 log 2: 1 · 1 / (3 √3). Lengths are equal.
    score = CiderD(corpus).score(_words("car car car"), corpus[0])
    assert score == pytest.approx(10 / 4 / (3 * math.sqrt(3)))


def test_the_only_reference_itself_is_ten_and_short_ones_lack_orders(cider):
    corpus = [[_words("a red car left")], [_words("some dog came back")]]
    assert CiderD(corpus).score(corpus[0][0], corpus[0]) == pytest.approx(10)
    assert cider.score(_words("nothing changed"), CORPUS[2]) == pytest.approx(10 * 2 / 4)


def test_references_are_averaged(cider):
    words = CORPUS[0][0]
    each = [cider.score(words, [reference]) for reference in CORPUS[0]]
    assert each[0] == pytest.approx(10)
    assert 0 < each[1] < 10
    assert cider.score(words, CORPUS[0]) == pytest.approx(sum(each) / 2)


def test_length_that_differs_costs_a_gaussian():
    corpus = [[_words("a b c d")], [_words("x y")]]
    cider = CiderD(corpus)
    # All of the candidate's n-grams are shared; its own length grows by six words nobody said.
    longer = [*_words("a b c d"), *["q"] * 6]
    unpenalised = cider.score(longer, corpus[0]) / math.exp(-36 / 72)
    assert cider.score(longer, corpus[0]) < unpenalised < 10


def test_nothing_said_and_nothing_to_say_score_zero(cider):
    assert cider.score([], CORPUS[0]) == 0
    assert cider.score(["car"], []) == 0
    assert cider.score(["car"], [[]]) == 0
    assert CiderD([]).score(["car"], [["car"]]) == 0


def test_a_corpus_of_one_tells_nothing():
    corpus = [[_words("a red car left")]]
    assert CiderD(corpus).score(corpus[0][0], corpus[0]) == 0
