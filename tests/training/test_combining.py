"""How two witnesses are joined: what is right is found again, and slopes are slopes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from spotdiff.ops.combination import WordEvidence, combined
from spotdiff.ops.object_scores import logit, sigmoid
from spotdiff.training import combining
from spotdiff.training.combining import encoded, fit_combination, fit_odds, logistic
from spotdiff.training.object_scores import f1_of
from spotdiff.types import LabelSets

WORDS = ("car", "cone", "dog", "person")


def truth_of(rng: np.random.Generator, count: int) -> list[LabelSets]:
    """Sets that are empty half of the time and hold one or two words else."""

    def words() -> tuple[str, ...]:
        size = int(rng.choice([0, 0, 1, 2]))
        return tuple(WORDS[i] for i in rng.permutation(len(WORDS))[:size])

    return [LabelSets(words(), words(), words()) for _ in range(count)]


def told(truth: LabelSets, *, things: bool, model: bool) -> WordEvidence:
    """What informative witnesses say; those who know nothing see nothing and are of two minds."""
    holds = encoded([truth], WORDS)[0]
    words = np.where(holds, 0.9, 0.1) if things else np.zeros(holds.shape)
    gates = np.where(holds.any(axis=1), 0.9, 0.1) if model else np.full(3, 0.5)
    labels = np.where(holds, 0.8, 0.05) if model else np.full(holds.shape, 0.5)
    return WordEvidence(
        things=words.max(axis=1),
        totals=words.sum(axis=1),
        words=words,
        kin=words,
        gates=gates.astype(np.float32),
        labels=labels.astype(np.float32),
    )


@pytest.mark.parametrize(
    ("witnesses", "who"),
    [
        ("both", {"things": True, "model": True}),
        ("both", {"things": True, "model": False}),
        ("both", {"things": False, "model": True}),
        ("objects", {"things": True, "model": False}),
        ("model", {"things": False, "model": True}),
    ],
)
def test_an_informative_witness_is_believed(witnesses, who):
    truth = truth_of(np.random.default_rng(0), 90)
    said = [told(one, **who) for one in truth]
    fitted = fit_combination({witnesses: said[:60]}, truth[:60], WORDS)
    filled, chosen = combined(said[60:], fitted, witnesses)
    holds = encoded(truth[60:], WORDS)
    assert f1_of(chosen, holds).mean() > 0.99
    assert (filled > 0.8).astype(int).tolist() == holds.any(axis=2).astype(int).tolist()


def test_without_anything_to_go_by_silence_or_the_frequent_word_is_said():
    """Most sets are empty: silence is the best guess, and for changed the one word there is."""
    truth = [LabelSets(changed=("car",))] * 9 + [LabelSets(added=("dog",))]
    said = [told(LabelSets(), things=False, model=False)] * 10
    fitted = fit_combination({"both": said}, truth, WORDS)
    _, chosen = combined(said[:1], fitted, "both")
    assert chosen[0].tolist() == [[False] * 4, [False] * 4, [True, False, False, False]]


def test_the_prior_counts_words_of_sets_that_are_not_empty():
    truth = [
        LabelSets(added=("car",), removed=("car", "dog")),
        LabelSets(added=("dog",), changed=("dog",)),
        LabelSets(),
    ]
    said = [told(one, things=True, model=True) for one in truth]
    prior = fit_combination({"both": said}, truth, WORDS).prior
    # three sets were added or removed, one changed; one row more holds all words alike
    counts = np.array([[2.25, 0.25, 2.25, 0.25], [0.25, 0.25, 1.25, 0.25]]) / [[4], [2]]
    np.testing.assert_allclose(sigmoid(prior), counts)


def test_no_word_is_impossible():
    truth = [LabelSets(added=("car",))] * 5
    said = [told(one, things=True, model=True) for one in truth]
    assert np.isfinite(fit_combination({"both": said}, truth, WORDS).prior).all()


def test_words_that_may_not_be_said_are_in_no_table_but_fill_their_set():
    holds = encoded([LabelSets(added=("unicorn", "dog"))], WORDS)
    assert holds.sum() == 1
    truth = [LabelSets(added=("unicorn",)), LabelSets()] * 20
    said = [told(LabelSets(), things=False, model=True)] * 40
    fitted = fit_combination({"model": said}, truth, WORDS)
    filled, _ = combined(said[:1], fitted, "model")
    assert filled[0, 0] > 10 * filled[0, 2]


def test_added_and_removed_have_one_weight():
    """Only added things are ever seen to come true; removed ones gain as much by it."""
    truth = [LabelSets(added=("car",)) if i % 2 else LabelSets() for i in range(40)]
    said = [told(one, things=True, model=True) for one in truth]
    fitted = fit_combination({"both": said}, truth, WORDS)
    gone = [told(LabelSets(removed=("car",)), things=True, model=True)]
    came = [told(LabelSets(added=("car",)), things=True, model=True)]
    np.testing.assert_array_equal(
        combined(gone, fitted, "both")[1][0, 1], combined(came, fitted, "both")[1][0, 0]
    )


def test_without_pairs_nothing_is_fitted():
    with pytest.raises(ValueError, match="Expected pairs with words"):
        fit_combination({"both": []}, [], WORDS)


def test_features_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        logistic(np.array([[np.nan, 1.0]]), np.array([True]))


@pytest.fixture
def losses(monkeypatch) -> list:
    """Every loss that is minimised."""
    found = []

    def noted(loss, start, **options):
        found.append(loss)
        return minimize(loss, start, **options)

    monkeypatch.setattr(combining, "minimize", noted)
    return found


def assert_slope(loss, at) -> None:
    slope = approx_fprime(at, lambda weights: loss(weights)[0], 1e-6)
    np.testing.assert_allclose(loss(at)[1], slope, rtol=1e-3, atol=1e-3)


def test_the_slope_of_the_regression_is_its_slope(losses):
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(size=(30, 3)), np.ones((30, 1))], axis=1)
    logistic(features, rng.uniform(size=30) < 0.4)
    for _ in range(5):
        assert_slope(losses[0], rng.normal(size=4))


def test_the_slope_of_the_noisy_or_is_its_slope(losses):
    rng = np.random.default_rng(1)
    sets = np.concatenate([np.arange(12), rng.integers(0, 12, 28)])
    fit_odds(rng.uniform(size=40), rng.uniform(size=40), sets, rng.uniform(size=12) < 0.5)
    for _ in range(5):
        assert_slope(losses[0], rng.normal(size=3))


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_a_fit_is_no_worse_than_its_start(seed):
    rng = np.random.default_rng(seed)
    features = np.concatenate([rng.normal(size=(20, 2)), np.ones((20, 1))], axis=1)
    answers = rng.uniform(size=20) < 0.5

    def loss(weights):
        margins = np.where(answers, 1, -1) * (features @ weights)
        pull = np.array([1, 1, 1e-3])
        return np.logaddexp(0, -margins).sum() + 0.5 * (pull * weights**2).sum()

    assert loss(logistic(features, answers)) <= loss(np.zeros(3)) + 1e-9


def probability(odds, score, heat) -> float:
    a, b, c = odds
    return float(sigmoid(a * logit(np.float64(score)) + b * logit(np.float64(heat)) + c))


def test_cold_boxes_are_learnt_to_be_no_changes():
    heat = np.array([0.9, 0.05] * 40)
    odds = fit_odds(np.full(80, 0.8), heat, np.arange(80), heat > 0.5)
    assert odds[1] > 0.3
    assert probability(odds, 0.8, 0.9) > 0.9
    assert probability(odds, 0.8, 0.05) < 0.1


def test_where_nobody_sees_heat_its_weight_stays():
    scores = np.array([0.9, 0.3] * 30)
    odds = fit_odds(scores, np.full(60, 0.5), np.arange(60), scores > 0.5)
    assert odds[1] == pytest.approx(1)
    assert probability(odds, 0.9, 0.5) > 0.9
    assert probability(odds, 0.3, 0.5) < 0.1


def test_one_hot_thing_is_enough_for_a_set():
    """Each set that holds its word has a hot thing and a cold one beside it."""
    heat = np.array([0.9, 0.05, 0.05, 0.05] * 20)
    sets = np.arange(80) // 2
    odds = fit_odds(np.full(80, 0.6), heat, sets, np.arange(40) % 2 == 0)
    assert probability(odds, 0.6, 0.9) > 0.8
    assert probability(odds, 0.6, 0.05) < 0.1


def test_without_things_the_odds_stay_as_they_are():
    none = np.zeros(0)
    assert fit_odds(none, none, np.zeros(0, np.int64), np.zeros(0, bool)) == (1.0, 1.0, 0.0)
