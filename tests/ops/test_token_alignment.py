"""Alignment of tokens against all alignments there are, and what the maps keep."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.ops.token_alignment import aligned, refined, replaced

PROMPTS = st.lists(st.integers(0, 4), max_size=8)
WORDS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=3), max_size=4)
WINDOW = 16


def _best(before, after, match, mismatch, gap) -> int:
    @cache
    def best(row: int, column: int) -> int:
        if not row or not column:
            return gap * (row + column)
        pair = match if before[row - 1] == after[column - 1] else mismatch
        return max(
            best(row - 1, column - 1) + pair,
            best(row - 1, column) + gap,
            best(row, column - 1) + gap,
        )

    return best(len(before), len(after))


@settings(max_examples=60)
@given(PROMPTS, PROMPTS, st.sampled_from([(1, -1, 0), (2, -1, -2), (1, 0, -1), (1, -3, -1)]))
def test_no_alignment_scores_higher(before, after, costs):
    match, mismatch, gap = costs
    partners = aligned(before, after, match=match, mismatch=mismatch, gap=gap)
    pairs = [(before[i], after[j]) for j, i in enumerate(partners) if i >= 0]
    alone = len(before) + len(after) - 2 * len(pairs)
    score = sum(match if one == other else mismatch for one, other in pairs) + gap * alone
    assert score == _best(before, after, *costs)
    assert (np.diff(partners[partners >= 0]) > 0).all()


@settings(max_examples=40)
@given(PROMPTS, PROMPTS)
def test_partners_are_equal_tokens_and_both_prompts_have_as_many(before, after):
    partners = aligned(before, after)
    assert all(before[i] == after[j] for j, i in enumerate(partners) if i >= 0)
    assert (partners >= 0).sum() == (aligned(after, before) >= 0).sum()


@settings(max_examples=40)
@given(PROMPTS, PROMPTS)
def test_a_refined_token_comes_from_one_token_or_from_none(before, after):
    found = refined(before, after, WINDOW)
    assert set(found.flow.sum(0)) <= {0, 1}
    assert set(found.flow.sum(1)) <= {0, 1}
    assert not found.flow[:, found.come].any()
    assert not found.flow[found.gone].any()
    # padding never takes the map of a word
    assert not found.flow[: len(before) + 2, len(after) + 2 :].any()


@settings(max_examples=40)
@given(WORDS)
def test_equal_prompts_take_every_map_as_it_is(words):
    tokens = [token for word in words for token in word]
    for found in (refined(tokens, tokens, WINDOW), replaced(words, words, WINDOW)):
        np.testing.assert_array_equal(found.flow, np.eye(WINDOW))
        assert not found.gone.any()
        assert not found.come.any()


@settings(max_examples=40)
@given(WORDS, WORDS)
def test_a_replaced_word_gets_as_much_attention_as_the_one_before(before, after):
    before, after = before[: len(after)], after[: len(before)]
    flow = replaced(before, after, WINDOW).flow
    row = column = 1
    for old, new in zip(before, after, strict=True):
        block = flow[row : row + len(old), column : column + len(new)]
        np.testing.assert_allclose(block.sum(1), 1, rtol=1e-6)
        np.testing.assert_allclose(flow[row : row + len(old)].sum(1), 1, rtol=1e-6)
        row, column = row + len(old), column + len(new)


def test_what_does_not_fit_is_one_sentence():
    with pytest.raises(ValueError, match=r"^Expected prompts of at most 3 tokens, got 4: shorten"):
        refined([1, 2, 3, 4], [1], 5)
    with pytest.raises(ValueError, match=r"^Expected prompts of equally many words .* 1 and 2"):
        replaced([[1]], [[1], [2]], 5)
