"""Hypotheses ranked: the first ranker that knows, what has no score, pictures, corrections."""

import numpy as np
import pytest

from spotdiff.stages.attribute_ranker import AttributeRanker
from spotdiff.stages.hypothesis_ranking import HypothesisRanking
from spotdiff.types import Hypothesis
from tests.stages.set_parts import NumberAlbum, Scores


@pytest.fixture
def albums():
    return NumberAlbum(np.arange(6.0)[:, None] + 3, "a"), NumberAlbum(np.arange(6.0)[:, None], "b")


def test_the_first_ranker_that_knows_anything_ranks(albums):
    measured, words = Hypothesis("more", measure="m0"), Hypothesis("a dog")
    unknown = Hypothesis("more of what is not measured", measure="zzz")
    rank = HypothesisRanking([AttributeRanker(), Scores(lambda text, _: len(text) % 2, "words")])
    ranked, rest = rank([words, measured, unknown], *albums)
    assert {one.hypothesis: one.ranker for one in ranked} == {
        measured: "attributes",
        words: "words",
        unknown: "words",
    }
    assert rest == []


def test_less_of_a_property_is_the_other_way_round(albums):
    more, less = Hypothesis("more", measure="m0"), Hypothesis("less", measure="-m0")
    ranked, _ = HypothesisRanking([AttributeRanker()])([more, less], *albums)
    areas = {one.hypothesis: one.auroc for one in ranked}
    assert areas[more] == pytest.approx(1 - areas[less]) == pytest.approx(31.5 / 36)


def test_pictures_without_a_score_are_left_out_and_counted(albums):
    def score(_, path):
        return np.nan if path.endswith("0.png") else float(path.startswith("a"))

    (one,), rest = HypothesisRanking([Scores(score)], examples=2)([Hypothesis("x")], *albums)
    assert (one.auroc, one.unanswered, one.means, one.shares) == (1.0, 2, (1.0, 0.0), (1.0, 0.0))
    assert (one.best_first, one.best_second) == ((1, 2), (1, 2))
    assert rest == []


def test_a_hypothesis_that_one_set_has_no_score_for_is_left(albums):
    score = Scores(lambda _, path: np.nan if path.startswith("b") else 1.0)
    ranked, rest = HypothesisRanking([score])([Hypothesis("x")], *albums)
    assert (ranked, rest) == ([], [Hypothesis("x")])


def test_the_correction_is_over_all_rankers(albums):
    rank = HypothesisRanking([AttributeRanker(), Scores(lambda *_: 1.0)])
    ranked, _ = rank([Hypothesis("m", measure="m0"), *map(Hypothesis, "abc")], *albums)
    assert ranked[0].q == pytest.approx(4 * ranked[0].p)


def test_scores_of_another_shape_are_one_sentence(albums):
    ranker = Scores(lambda *_: 0.0, "wrong")
    ranker.rows = 1
    told = r"Expected scores of shape \(2, 6\) from the ranker wrong, got \(1, 1\)"
    with pytest.raises(ValueError, match=told):
        HypothesisRanking([ranker])([Hypothesis("x"), Hypothesis("y")], *albums)
