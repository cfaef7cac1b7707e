"""No sample vanishes in a chain, and none costs another its answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotdiff.building.chain import Chain, Started
from spotdiff.types import Sample, Verdict
from tests.building.chain_parts import Counting, numbered


def _chain(*steps):
    return Chain({step.name: step for step in steps})


def test_samples_that_left_are_given_to_no_further_step():
    first = Counting("first", rejects=("1",), fails=("2",))
    second = Counting("second", rejects=("3",))
    found = _chain(first, second)(numbered(5))
    assert [sample.id for sample in found] == list("01234")
    assert [sample.verdict and sample.verdict.step for sample in found] == [
        *(None, "first", "first", "second", None)
    ]
    assert found[1].verdict == Verdict("rejected", "first", "is too low", 0.1, 9.0)
    assert set(second.asked) == {"0", "3", "4"}
    assert found[4].scores == {"first": 0.4, "second": 0.4}


def test_a_sample_that_came_with_a_verdict_passes_by():
    step = Counting("step")
    gone = Sample("0").failed("read", "no such file")
    assert _chain(step)([gone, Sample("1")])[0] == gone
    assert set(step.asked) == {"1"}


def test_who_raises_in_a_batch_has_an_error_and_the_others_their_answers():
    step = Counting("step", raises=("1", "3"))
    found = _chain(step)(numbered(4))
    assert [sample.scores for sample in found] == [{"step": 0.0}, {}, {"step": 0.2}, {}]
    assert found[3].verdict == Verdict("error", "step", "cannot think of 3")


def test_what_cannot_be_written_is_an_error_of_its_sample():
    class Endless(Counting):
        def __call__(self, samples):
            return [sample.scored(self.name, float("inf")) for sample in samples]

    (found,) = _chain(Endless("endless"))(numbered(1))
    assert found.scores == {}
    assert "finite" in found.verdict.reason


@pytest.mark.parametrize(
    "wrong",
    [
        lambda samples: samples[:-1],
        lambda samples: samples[::-1],
        lambda samples: [*samples, samples[0]],
        lambda samples: [replace(sample, id="x") for sample in samples],
    ],
)
def test_a_step_that_gives_back_other_samples_is_a_mistake_of_ours(wrong):
    class Wrong(Counting):
        def __call__(self, samples):
            return wrong(samples)

    with pytest.raises(TypeError, match="to give back the samples"):
        _chain(Wrong("wrong"))(numbered(2))


def test_other_errors_than_those_of_models_and_files_end_the_run():
    class Mistaken(Counting):
        def __call__(self, samples):
            return samples.absent

    with pytest.raises(AttributeError):
        _chain(Mistaken("mistaken"))(numbered(1))


def test_a_sample_goes_on_from_where_it_was():
    first, second = Counting("first", boxes=2), Counting("second", boxes=1)
    known, spent = [], []
    batch = [Started(Sample("0"), 1, (7,)), Started(Sample("1"))]
    found = _chain(first, second).run(batch, known.append, spent.append)
    assert set(first.asked) == {"1"}
    assert [one.boxes for one in found] == [(7, 1), (2, 3)]
    assert [(one.sample.id, one.done) for one in known] == [("1", 1), ("0", 2), ("1", 2)]
    assert [(one.step, one.samples) for one in spent] == [("first", 1), ("second", 2)]


def test_names_twice_are_refused():
    with pytest.raises(ValueError, match="two are called 'a'"):
        Chain({"x": Counting("a"), "y": Counting("a")})


def test_a_chain_of_no_steps_leaves_samples_as_they_are():
    assert Chain({})([Sample("a"), Sample("b")]) == [Sample("a"), Sample("b")]


def test_another_order_is_another_setting():
    one, other = Counting("one"), Counting("other")
    assert _chain(one, other).settings != _chain(other, one).settings
