"""How alike views and regions look, by an embedder that turns a vector by the grey it sees."""

from dataclasses import replace

import numpy as np
import pytest

from spotdiff.stages.similarity import Similarity
from spotdiff.types import Pair
from tests.stages.area_parts import ByGrey, similarity_of

BOX = (2, 2, 6, 6)


def pair(step: int, name: str = "p", box=BOX, size=(8, 10)) -> Pair:
    """Grey views, the after one lighter by `step` inside the box."""
    before = np.full((*size, 3), 100, np.uint8)
    after = before.copy()
    after[box[1] : box[3], box[0] : box[2]] += np.uint8(step)
    return Pair(name, before, after)


def boxes(*rows) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_whole_views_are_as_alike_as_the_embedder_says():
    # sixteen of eighty pixels are 40 lighter: 8 on the mean, and so 4 degrees
    found = Similarity(ByGrey()).whole([pair(40)])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [np.cos(np.radians(4))], atol=1e-6)


def test_equal_views_are_one_and_nobody_is_asked():
    embedder = ByGrey()
    np.testing.assert_array_equal(Similarity(embedder).whole([pair(0), pair(0)]), [1, 1])
    assert embedder.regions == 0


def test_equal_views_among_others_do_not_shift_their_answers():
    pairs = [pair(0), pair(40), pair(0), pair(100)]
    found = Similarity(ByGrey()).whole(pairs)
    alone = [Similarity(ByGrey()).whole([one])[0] for one in pairs]
    np.testing.assert_array_equal(found, alone)
    assert found[0] == found[2] == 1 > found[1] > found[3]


def test_a_region_is_compared_by_itself_and_one_of_equal_pixels_is_one():
    (found,) = Similarity(ByGrey()).regions([pair(40)], [boxes(BOX, (6, 0, 10, 8))])
    np.testing.assert_allclose(found, [similarity_of(40), 1], atol=1e-6)


def test_only_what_differs_is_described_and_once_however_often_it_is_cut_out():
    embedder = ByGrey()
    same_pixels = (2.3, 2.9, 6.2, 6.7)
    some = boxes(BOX, (0, 0, 1, 1), same_pixels, BOX)
    (found,) = Similarity(embedder).regions([pair(40)], [some])
    assert embedder.regions == 2  # one region of two views
    np.testing.assert_allclose(found, [similarity_of(40), 1, *[similarity_of(40)] * 2], atol=1e-6)


@pytest.mark.parametrize(
    "thin", [(3, 3, 4, 4), (3, 0, 4, 8), (0, 3, 10, 4), (3.2, 3.2, 3.4, 3.4), (3, 3, 3, 3)]
)
def test_a_region_one_pixel_wide_or_thinner_is_one_pixel(thin):
    changed = (3, 3, 4, 4)
    (found,) = Similarity(ByGrey()).regions([pair(80, box=changed)], [boxes(thin)])
    assert np.isfinite(found).all()
    assert found[0] < 1


@pytest.mark.parametrize("box", [(9, 7, 10, 8), (9, 7, 12, 12), (10, 8, 12, 12), (9.9, 7.9, 10, 8)])
def test_a_region_at_the_border_or_beyond_is_the_last_pixel(box):
    last = (9, 7, 10, 8)
    (found,) = Similarity(ByGrey()).regions([pair(80, box=last)], [boxes(box)])
    np.testing.assert_allclose(found, [similarity_of(80)], atol=1e-6)


def test_regions_of_many_pairs_come_back_to_their_pairs():
    pairs = [pair(0), pair(40), pair(80, size=(20, 7))]
    some = [boxes(BOX), boxes((7, 0, 10, 8), BOX), boxes(BOX, (0, 10, 7, 20))]
    found = Similarity(ByGrey()).regions(pairs, some)
    expected = [[1], [1, similarity_of(40)], [similarity_of(80), 1]]
    for rows, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(rows, wanted, atol=1e-6)


def test_no_regions_have_no_similarities():
    (found,) = Similarity(ByGrey()).regions([pair(40)], [boxes()])
    assert found.shape == (0,)
    assert Similarity(ByGrey()).regions([], []) == []
    assert Similarity(ByGrey()).whole([]).shape == (0,)


def test_cosines_are_carried_to_another_scale_between_anchors():
    # half of the way from 0.6 to 0.8 is half of the way from 0.2 to 0.4
    scale = [[0.6, 0.2], [0.8, 0.4], [1, 1]]
    view = pair(0)
    turned = replace(view, after=np.full_like(view.before, 100 + 91))
    similarity = Similarity(ByGrey(), whole_scale=scale)
    cosine = np.cos(np.radians(91 / 2))  # 0.7009
    np.testing.assert_allclose(similarity.whole([turned]), [0.2 + (cosine - 0.6)], atol=1e-5)
    np.testing.assert_allclose(
        similarity.regions([turned], [boxes(BOX)])[0], [cosine], atol=1e-5
    )  # regions have a scale of their own
    assert similarity.whole([view])[0] == 1


@pytest.mark.parametrize(
    "anchors",
    [
        [[0.5, 0.5], [0.4, 0.6], [1, 1]],
        [[0.5, 0.5], [0.6, 0.4], [1, 1]],
        [[0.5, 0.5], [0.9, 0.9]],
        [[0.5, 0.5], [1, 0.9]],
        [[-1.5, 0], [1, 1]],
        [[0.5, 0.5], [0.5, 0.6], [1, 1]],
    ],
)
@pytest.mark.parametrize("name", ["whole_scale", "region_scale"])
def test_anchors_that_do_not_rise_to_one_are_refused_by_name(name, anchors):
    with pytest.raises(ValueError, match=rf"Expected {name} .*rise to \(1, 1\)"):
        Similarity(ByGrey(), **{name: anchors})


def test_embeddings_that_are_no_numbers_are_refused():
    class Broken(ByGrey):
        def __call__(self, images, boxes=None):
            return [np.full_like(rows, np.nan) for rows in super().__call__(images, boxes)]

    with pytest.raises(ValueError, match="finite"):
        Similarity(Broken()).whole([pair(40)])


def test_it_names_the_weights_of_its_embedder():
    assert Similarity(ByGrey()).info == ByGrey.info
