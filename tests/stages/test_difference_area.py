"""Difference areas: the three published behaviours by hand, and lazy against eager."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.stages.area_rules import AreaRules
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.stages.proposals import PerView
from spotdiff.stages.similarity import Similarity
from spotdiff.types import ChangeKind, Detections, LabelSets, NoAreas, Pair
from tests.stages.area_parts import (
    ByColour,
    ByGrey,
    ByHash,
    EveryWord,
    Listed,
    SameWords,
    grey_for,
    listed,
    similarity_of,
)
from tests.stages.eager import eager

CONF = Path(__file__).resolve().parents[2] / "conf" / "areas"
WORDS = ("dog", "cat", "car", "tree", "sign")


def rules(name: str, **changes) -> AreaRules:
    """The rules of conf/areas, as Hydra would build them."""
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert content.pop("_target_") == "spotdiff.stages.area_rules.AreaRules"
    return AreaRules(**(content | changes))


PAPER, RECIPE, OPERATOR = (rules(name) for name in ("paper", "recipe", "operator"))


def scene(*blocks, captions=None, name="pair", size=(100, 120)) -> tuple[Pair, list]:
    """A grey place; each block is a box and its step in grey from before to after."""
    before = np.full((*size, 3), 60, np.uint8)
    after = before.copy()
    before[:10, :20], after[:10, :20] = 0, 255  # what keeps the views from being too alike
    for (x0, y0, x1, y1), step in blocks:
        after[y0:y1, x0:x1] += np.uint8(step)
    return Pair(name, before, after, captions=captions), [box for box, _ in blocks]


def stage(some: AreaRules, regions, matcher=None, captioner=None) -> DifferenceAreas:
    tagger = EveryWord() if matcher else None
    return DifferenceAreas(some, Listed(regions), Similarity(ByGrey()), matcher, tagger, captioner)


def wide(some: AreaRules) -> AreaRules:
    """The same rules with a gate that lets all pairs of these tests in."""
    return replace(some, min_similarity=-1.0, max_similarity=1.0, closed=some.closed)


def boxes(answer) -> list:
    return [change.box_before or change.box_after for change in answer.changes]


def test_the_published_thresholds_are_those_of_the_three_experiments():
    assert (PAPER.min_similarity, PAPER.max_similarity, PAPER.closed) == (0.90, 0.98, False)
    assert (PAPER.max_region_similarity, PAPER.min_match) == (0.85, 0.35)
    assert (PAPER.match, RECIPE.match, OPERATOR.match) == ("itc", "itm", "itm")
    assert (PAPER.sides, PAPER.order, PAPER.max_areas) == ("either", "difference", 10)
    assert (PAPER.min_area, PAPER.max_area) == (1 / 400, 1.0)
    assert (RECIPE.min_similarity, RECIPE.max_similarity, RECIPE.closed) == (0.90, 0.99, True)
    assert (RECIPE.min_region_similarity, RECIPE.max_region_similarity) == (0.0, 0.85)
    assert (RECIPE.min_match, RECIPE.sides, RECIPE.order) == (0.4, "both", "arrival")
    assert (OPERATOR.min_similarity, OPERATOR.max_similarity) == (0.1, 1.0)
    assert (OPERATOR.min_region_similarity, OPERATOR.max_region_similarity) == (0.1, 1.0)
    assert (OPERATOR.min_match, OPERATOR.sides, OPERATOR.closed) == (0.1, "both", True)
    for some in (RECIPE, OPERATOR):
        assert (some.max_areas, some.min_area, some.max_overlap) == (None, 0.0, 0.5)
        assert some.nouns == "words"


@pytest.mark.parametrize(
    ("similarity", "reason"),
    [(0.89, NoAreas.TOO_DIFFERENT), (0.95, None), (0.985, NoAreas.TOO_SIMILAR)],
)
def test_only_views_that_are_alike_but_not_too_alike_are_looked_at(similarity, reason):
    step = grey_for(similarity)
    pair = Pair("p", np.full((40, 40, 3), 20, np.uint8), np.full((40, 40, 3), 20 + step, np.uint8))
    some = stage(replace(PAPER, max_region_similarity=1.0), {"p": ([[0, 0, 30, 30]], [])})
    (answer,) = some([pair])
    assert answer.areas.reason == reason
    assert answer.areas.similarity == pytest.approx(similarity_of(step), abs=1e-5)
    assert bool(answer.changes) == (reason is None)
    assert answer.change_score == {NoAreas.TOO_DIFFERENT: None, NoAreas.TOO_SIMILAR: 0.0}.get(
        reason, pytest.approx(1 - similarity_of(step), abs=1e-5)
    )


def test_equal_views_are_identical_and_no_model_is_asked():
    view = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    some = stage(PAPER, {"p": ([[0, 0, 9, 9]], [])})
    (answer,) = some([Pair("p", view, view.copy())])
    assert (answer.areas.reason, answer.change_score) == (NoAreas.IDENTICAL, 0.0)
    assert some.similarity.embedder.regions == 0
    assert some.proposer.asked == []


def test_the_most_different_area_comes_first_and_suppresses_what_overlaps_it():
    near, far = grey_for(0.8), grey_for(0.5)
    pair, found = scene(((30, 20, 60, 50), near), ((80, 60, 110, 90), far))
    shifted = [32, 20, 62, 50]  # overlaps the first: 28 of 32 columns
    some = stage(wide(PAPER), {"pair": (found, [shifted])})
    (answer,) = some([pair])
    assert boxes(answer) == [(80, 60, 110, 90), (30, 20, 60, 50)]
    assert [c.score for c in answer.changes] == pytest.approx(
        [1 - similarity_of(far), 1 - similarity_of(near)], abs=1e-5
    )


def test_the_first_area_suppresses_a_more_different_one_where_arrival_counts():
    pair, _ = scene(((30, 20, 60, 50), grey_for(0.5)))
    regions = {"pair": ([[28, 18, 60, 50], [30, 20, 60, 50]], [])}
    recipe = replace(wide(RECIPE), max_region_similarity=0.9)
    (by_arrival,) = stage(recipe, regions)([pair])
    (by_difference,) = stage(replace(recipe, order="difference"), regions)([pair])
    assert boxes(by_arrival) == [(28, 18, 60, 50)]
    assert boxes(by_difference) == [(30, 20, 60, 50)]


def test_overlap_counts_the_last_pixel_in_and_a_half_survives():
    pair, _ = scene(((20, 20, 60, 80), grey_for(0.5)))
    half = {"pair": ([[20, 20, 29, 29], [20, 20, 29, 24]], [])}  # 100 and 50 pixels by that count
    more = {"pair": ([[20, 20, 29, 29], [20, 20, 29, 25]], [])}
    free = replace(wide(OPERATOR), min_region_similarity=-1)
    assert len(stage(free, half)([pair])[0].changes) == 2
    assert len(stage(free, more)([pair])[0].changes) == 1


def test_at_most_ten_areas_are_kept_and_the_operator_keeps_all():
    blocks = [((x, y, x + 8, y + 8), grey_for(0.5)) for x in range(25, 110, 10) for y in (20, 40)]
    pair, found = scene(*blocks)
    assert len(found) == 18
    assert len(stage(wide(PAPER), {"pair": (found, [])})([pair])[0].changes) == 10
    free = replace(wide(OPERATOR), min_region_similarity=-1)
    assert len(stage(free, {"pair": (found, [])})([pair])[0].changes) == 18


def test_the_operator_calls_equal_crops_different_and_the_paper_does_not():
    pair, _ = scene()
    regions = {"pair": ([[50, 50, 90, 90]], [])}
    assert boxes(stage(wide(OPERATOR), regions)([pair])[0]) == [(50, 50, 90, 90)]
    (answer,) = stage(wide(PAPER), regions)([pair])
    assert answer.areas.reason == NoAreas.NO_DIFFERENCE


def test_small_areas_are_left_out_by_their_share_of_the_view():
    pair, _ = scene(((30, 20, 60, 50), grey_for(0.5)))
    regions = {"pair": ([[30, 20, 35, 26], [40, 30, 45, 35]], [])}  # 30 and 25 of 12,000 pixels
    (answer,) = stage(wide(PAPER), regions)([pair])
    assert boxes(answer) == [(30, 20, 35, 26)]
    (answer,) = stage(replace(wide(PAPER), min_area=0.003), regions)([pair])
    assert (answer.areas.reason, answer.change_score) == (NoAreas.WRONG_SIZE, None)
    (answer,) = stage(wide(PAPER), {"pair": ([], [])})([pair])
    assert (answer.areas.reason, answer.change_score) == (NoAreas.NO_REGIONS, 0.0)


@pytest.fixture
def painted() -> Pair:
    """Before a red block and a green one, after the green one is blue; red stays."""
    before = np.full((100, 120, 3), 60, np.uint8)
    before[20:50, 20:50] = (250, 0, 0)
    before[20:50, 70:100] = (0, 150, 0)
    after = before.copy()
    after[20:50, 70:100] = (0, 0, 0)
    after[60:90, 20:50] = (0, 0, 255)
    return Pair("painted", before, after)


BLOCKS = {"painted": ([[20, 20, 50, 50], [70, 20, 100, 50]], [[20, 60, 50, 90]])}


def coloured(some: AreaRules, pair: Pair, captions) -> tuple:
    asked = replace(wide(some), max_region_similarity=0.999999, min_region_similarity=-1)
    finder = stage(replace(asked, min_match=0.5), BLOCKS, ByColour())
    return finder, finder([replace(pair, captions=captions)])[0]


def test_the_side_that_matched_says_what_was_added_and_what_removed(painted):
    _, answer = coloured(PAPER, painted, ("a green", "a blue"))
    found = {(c.kind, c.label, c.box_before, c.box_after) for c in answer.changes}
    assert found == {
        (ChangeKind.REMOVED, "green", (70, 20, 100, 50), None),
        (ChangeKind.ADDED, "blue", None, (20, 60, 50, 90)),
    }
    assert answer.labels == LabelSets(added=("blue",), removed=("green",))


def test_what_matches_on_both_sides_was_replaced(painted):
    after = painted.after.copy()
    after[20:50, 70:100] = (0, 0, 255)
    _, answer = coloured(PAPER, replace(painted, after=after), ("a green", "a blue"))
    replaced = [c for c in answer.changes if c.kind is ChangeKind.CHANGED]
    assert [(c.box_before, c.box_after) for c in replaced] == [((70, 20, 100, 50),) * 2]


@pytest.mark.parametrize("some", [RECIPE, OPERATOR])
def test_where_both_sides_must_match_an_addition_is_no_area(some, painted):
    _, answer = coloured(some, painted, ("a green", "a blue"))
    assert answer.areas.reason == NoAreas.NO_MATCH
    _, answer = coloured(some, painted, ("a place", "a place blue"))
    assert answer.areas.reason == NoAreas.NO_NOUNS


def test_captions_that_name_the_same_leave_nothing_to_look_for(painted):
    finder, answer = coloured(PAPER, painted, ("a red dog", "the red dog"))
    assert (answer.areas.reason, answer.change_score) == (NoAreas.NO_NOUNS, None)
    assert finder.proposer.asked == []


def test_the_image_text_model_is_not_asked_about_what_cannot_be_kept(painted):
    finder, answer = coloured(PAPER, painted, ("a green", "a blue"))
    assert answer.areas.funnel.regions == 3
    assert answer.areas.funnel.different == 2  # the red block did not change
    assert finder.matcher.regions == 4  # two regions, each in two views
    assert (answer.areas.funnel.asked, answer.areas.funnel.matched) == (2, 2)


def test_the_second_side_is_asked_only_where_the_first_matched(painted):
    finder, _ = coloured(RECIPE, painted, ("a green", "a blue"))
    assert finder.matcher.regions == 3  # two befores, one after


def test_without_captions_the_views_that_proposed_an_area_show_it(painted):
    regions = {"painted": (BLOCKS["painted"][0], [[20, 60, 50, 90], [71, 20, 100, 50]])}
    free = replace(wide(PAPER), max_region_similarity=0.999)
    (answer,) = stage(free, regions, ByColour())([painted])
    found = {(c.kind, c.box_after) for c in answer.changes}
    assert (ChangeKind.ADDED, (20, 60, 50, 90)) in found
    assert [c.kind for c in answer.changes if c.box_before] == [ChangeKind.CHANGED]
    assert answer.labels is None


def test_a_captioner_is_asked_only_where_captions_are_missing(painted):
    captioner = SameWords()
    some = stage(wide(PAPER), {"painted": ([], []), "told": ([], [])}, ByColour(), captioner)
    told = replace(painted, pair_id="told", captions=("a red", "a blue"))
    first, second = some([painted, told])
    assert captioner.images == 2
    assert first.areas.captions == ("a dark place", "a dark place")
    assert (first.areas.reason, second.areas.reason) == (NoAreas.NO_NOUNS, NoAreas.NO_REGIONS)


def test_regions_end_where_one_of_the_views_ends():
    pair, _ = scene(((30, 20, 100, 50), grey_for(0.5)))
    overlap = np.zeros((100, 120), bool)
    overlap[:, 40:90] = True
    shared = replace(pair, overlap=overlap)
    regions = {"pair": ([[30, 20, 70, 50], [88, 20, 118, 50]], [])}
    (answer,) = stage(replace(wide(PAPER), max_region_similarity=0.99), regions)([shared])
    assert boxes(answer) == [(40, 20, 70, 50)]


@pytest.mark.parametrize("box", [[10, 10, 11, 90], [10, 10, 90, 11], [119, 99, 120, 100]])
def test_a_region_one_pixel_wide_is_a_region(box):
    pair, _ = scene(((0, 0, 120, 100), grey_for(0.5)))
    free = replace(wide(OPERATOR), min_region_similarity=-1)
    assert boxes(stage(free, {"pair": ([box], [])})([pair])[0]) == [tuple(box)]


def test_views_of_unequal_size_are_refused_with_a_sentence():
    pair = Pair("odd", np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(ValueError, match="'odd' in one frame"):
        stage(PAPER, {})([pair])


def random_case(seed: int, name: str) -> tuple[Pair, tuple]:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 120, (40, 48, 3)).astype(np.uint8)
    after = before.copy()
    for _ in range(rng.integers(0, 5)):
        x, y = rng.integers(0, 40), rng.integers(0, 30)
        after[y : y + 14, x : x + 14] = rng.integers(0, 255)
    captions = None
    if rng.random() < 0.8:
        said = [" and ".join(rng.choice(WORDS, rng.integers(1, 4))) for _ in range(2)]
        captions = (f"a {said[0]}", f"a {said[1]}")
    regions = []
    for _ in range(2):
        corner = rng.uniform(0, [40, 32], (rng.integers(0, 9), 2))
        side = rng.uniform(0.3, 16, corner.shape)
        last = np.minimum(corner + side, [48, 40])
        regions.append(np.concatenate([corner, last], axis=1).astype(np.float32))
    return Pair(name, before, after, captions=captions), tuple(regions)


@settings(max_examples=60)
@given(
    st.integers(0, 2**31),
    st.sampled_from(["paper", "recipe", "operator"]),
    st.integers(1, 4),
    st.booleans(),
)
def test_the_lazy_stage_answers_what_the_eager_procedure_answers(seed, name, count, matches):
    some = rules(name, min_similarity=0.2, max_similarity=0.9999)
    some = replace(some, max_areas=some.max_areas and 3, max_region_similarity=0.97)
    cases = [random_case(seed + i, str(i)) for i in range(count)]
    matcher = ByHash() if matches else None
    finder = stage(some, {pair.pair_id: regions for pair, regions in cases}, matcher)
    answers = finder([pair for pair, _ in cases])
    for answer, (pair, regions) in zip(answers, cases, strict=True):
        expected = eager(pair, some, regions, matcher, EveryWord())
        assert boxes(answer) == [box for box, _, _ in expected]
        if matcher is not None and pair.captions:
            sides = [(bool(c.box_before), bool(c.box_after)) for c in answer.changes]
            assert sides == [shown for _, shown, _ in expected]
        assert (answer.areas.reason is None) == bool(expected)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.permutations(range(4)))
def test_an_answer_does_not_depend_on_the_other_pairs_or_their_order(seed, order):
    some = rules("paper", min_similarity=0.2, max_similarity=0.9999, max_region_similarity=0.97)
    cases = [random_case(seed + i, str(i)) for i in range(4)]
    cases.append((replace(cases[0][0], pair_id="again"), cases[0][1]))  # one pair twice
    regions = {pair.pair_id: found for pair, found in cases}
    pairs = [pair for pair, _ in cases]
    answers = stage(some, regions, ByHash())(pairs)
    assert answers[4].changes == answers[0].changes
    shuffled = stage(some, regions, ByHash())([pairs[i] for i in order])
    assert shuffled == [answers[i] for i in order]


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_exchanging_the_views_exchanges_added_and_removed(seed):
    some = rules("paper", min_similarity=0.2, max_similarity=0.9999, max_region_similarity=0.97)
    pair, (before, after) = random_case(seed, "p")
    captions = pair.captions and pair.captions[::-1]
    mirrored = replace(pair, before=pair.after, after=pair.before, captions=captions)
    (answer,) = stage(some, {"p": (before, after)}, ByHash())([pair])
    (swapped,) = stage(some, {"p": (after, before)}, ByHash())([mirrored])
    exchanged = [
        replace(c, kind=c.kind.swapped, box_before=c.box_after, box_after=c.box_before)
        for c in answer.changes
    ]
    assert list(swapped.changes) == exchanged


def test_the_experts_are_named_by_their_role(painted):
    finder, answer = coloured(PAPER, painted, ("a green", "a blue"))
    assert set(finder.experts) == {"proposer", "similarity", "matcher", "tagger"}
    assert set(answer.areas.experts) == set(finder.experts)


def test_a_matcher_without_a_reader_of_captions_is_refused():
    with pytest.raises(ValueError, match="tagger=hanta"):
        DifferenceAreas(PAPER, Listed({}), Similarity(ByGrey()), matcher=ByHash())


def test_an_expert_of_single_images_sees_both_views_of_all_pairs_in_one_call():
    calls = []

    class Corner:
        info = None

        def __call__(self, images):
            calls.append(len(images))
            return [listed([[0, 0, image.mean(), 5]]) for image in images]

    pairs = [Pair(str(i), *(np.full((9, 9, 3), v, np.uint8) for v in (i, i + 5))) for i in (1, 3)]
    found = PerView(Corner())(pairs)
    assert calls == [4]
    assert [(b.boxes[0, 2], a.boxes[0, 2]) for b, a in found] == [(1, 6), (3, 8)]
    assert isinstance(found[0][0], Detections)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sides": "one"},
        {"order": "size"},
        {"max_areas": 0},
        {"min_similarity": 0.99},
        {"min_area": 2},
    ],
)
def test_rules_that_cannot_be_followed_are_refused_at_once(wrong):
    with pytest.raises(ValueError, match="Expected"):
        AreaRules(**wrong)
