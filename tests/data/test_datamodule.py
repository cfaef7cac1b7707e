"""Sets of pairs, their order, and what a batch says of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from spotdiff.data.datamodule import (
    Collate,
    FreshSampler,
    PairDataModule,
    Pairs,
    presence,
    shown_sets,
    words_of,
)
from spotdiff.data.transforms import PairTransform, geometry, letterbox, photometry
from spotdiff.labels import Vocabulary
from spotdiff.types import IGNORE, UNKNOWN_KIND, ChangeKind, LabelSets, Pair, TrueChange, Truth
from tests.fakes import VOCABULARY, noise, noisy_pair

ADDED, REMOVED, CHANGED = ChangeKind


class Numbered:
    """Pairs that carry their index as id and as colour."""

    def __init__(self, length: int, name: str = "n", words: tuple[str, ...] = ()) -> None:
        self.length = length
        self.name = name
        self.words = words

    def __len__(self) -> int:
        return self.length

    def pair(self, index: int) -> Pair:
        view = np.full((32, 32, 3), index % 256, np.uint8)
        return Pair(f"{self.name}{index}", view, noise(index, 32, 32), Truth(LabelSets(self.words)))

    def label_sets(self):
        return [LabelSets(added=self.words)] * self.length


STILL = PairTransform(letterbox((32, 32)))
MOVING = PairTransform(geometry((32, 32)), photometry(), swap=0.5)


def _module(num_workers: int = 0, **sets) -> PairDataModule:
    train = sets or {"a": Numbered(7)}
    return PairDataModule(train, train, MOVING, STILL, batch_size=3, num_workers=num_workers)


def _tensors(module: PairDataModule) -> list[torch.Tensor]:
    return [batch.after for batch in module.train_dataloader()]


def test_workers_draw_what_the_training_process_would_draw():
    for alone, helped in zip(_tensors(_module(0)), _tensors(_module(1)), strict=True):
        torch.testing.assert_close(alone, helped, rtol=0, atol=0)


def test_a_draw_depends_on_its_index_alone():
    pairs = Pairs([Numbered(4)], MOVING, seed=3)
    first = pairs[2].after
    _ = pairs[0], pairs[3]
    np.testing.assert_array_equal(pairs[2].after, first)
    assert (Pairs([Numbered(4)], MOVING, seed=4)[2].after != first).any()


def test_sets_lie_end_to_end_and_go_on_for_ever():
    pairs = Pairs([Numbered(2, "a"), Numbered(3, "b")], STILL, seed=0)
    assert len(pairs) == 5
    first = [pairs[i].pair_id for i in range(5)]
    assert first == ["a0", "a1", "b0", "b1", "b2"]
    assert [pairs[i].pair_id for i in range(5, 10)] == ["a2", "a3", "b3", "b4", "b5"]


def test_an_empty_set_among_others_is_passed_over():
    pairs = Pairs([Numbered(0, "a"), Numbered(2, "b"), Numbered(0, "c")], STILL, seed=0)
    assert [pairs[i].pair_id for i in range(2)] == ["b0", "b1"]


def test_each_epoch_has_its_own_order_and_its_own_draws():
    sampler = FreshSampler(6, seed=1)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(first) == list(range(6))
    assert sorted(second) == list(range(6, 12))
    assert [i - 6 for i in second] != first
    assert list(FreshSampler(6, seed=2)) != first
    assert len(sampler) == 6


def test_training_drops_the_short_batch_and_validation_keeps_it():
    module = _module()
    assert [len(b) for b in module.train_dataloader()] == [3, 3]
    ids = [i for b in module.val_dataloader() for i in b.pair_ids]
    assert ids == [f"n{i}" for i in range(7)]


def test_the_test_sets_are_those_of_validation_unless_given():
    module = _module()
    assert module.sets["test"] is module.sets["val"]
    other = {"t": Numbered(2, "t")}
    given = PairDataModule({"a": Numbered(1)}, {"a": Numbered(1)}, MOVING, STILL, other, 3, 0)
    assert [b.pair_ids for b in given.test_dataloader()] == [("t0", "t1")]


def test_the_vocabulary_takes_words_that_are_frequent_enough():
    sets = {"a": Numbered(5, words=("car",)), "b": Numbered(2, words=("cone",))}
    assert Vocabulary.from_rows(words_of(sets), min_count=3).labels == ("car",)
    assert Vocabulary.from_rows(words_of(sets), min_count=2).labels == ("car", "cone")


def _mask(*bits: int) -> np.ndarray:
    return np.array([[0, *bits]], np.uint8)


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        (Truth(), (None, None, None)),
        (Truth(LabelSets(added=("car",))), (1, 0, 0)),
        (Truth(LabelSets()), (0, 0, 0)),
        (Truth(changes=()), (0, 0, 0)),
        (Truth(changes=(TrueChange(REMOVED, None, (0, 0, 1, 1), None),)), (0, 1, 0)),
        (Truth(changes=(TrueChange(None, None, None, (0, 0, 1, 1)),)), (None, None, None)),
        (Truth(mask=_mask(1, 4)), (1, 0, 1)),
        (Truth(mask=_mask(IGNORE)), (0, 0, 0)),
        (Truth(mask=_mask(UNKNOWN_KIND)), (None, None, None)),
        (Truth(mask=_mask(UNKNOWN_KIND, 2)), (None, 1, None)),
        (Truth(LabelSets(), mask=_mask(1)), (1, 0, 0)),
    ],
)
def test_presence_is_what_is_known_and_nan_where_nobody_knows(truth, expected):
    found = presence(truth).tolist()
    assert [None if math.isnan(v) else v for v in found] == list(expected)


def test_words_alone_are_taken_as_they_are():
    words = LabelSets(changed=("car", "car"))
    assert shown_sets(Truth(words)) is words
    assert shown_sets(Truth()) is None
    boxes = (TrueChange(ADDED, "dog", None, (0, 0, 9, 9)),)
    assert shown_sets(Truth(words, boxes)) is words  # without a mask words tell most


def test_a_moved_thing_is_removed_here_and_added_there():
    changes = (
        TrueChange(CHANGED, "car", (0, 0, 10, 10), (20, 0, 30, 10)),
        TrueChange(CHANGED, "sign", (0, 0, 10, 10), (1, 0, 11, 10)),
        TrueChange(ADDED, "dog", None, (0, 0, 5, 5)),
        TrueChange(REMOVED, None, (0, 0, 5, 5), None),
        TrueChange(None, "bag", None, (0, 0, 5, 5)),
    )
    shown = shown_sets(Truth(LabelSets(), changes, _mask(1)))
    assert shown == LabelSets(("car", "dog"), ("car",), ("sign",))


def test_boxes_that_are_not_all_of_them_take_nothing_from_words():
    words = LabelSets(("car", "person"), ("dog",))
    unnamed = (TrueChange(ADDED, None, None, (0, 0, 9, 9)),)
    guessed = Truth(words, unnamed, np.full((8, 8), IGNORE, np.uint8))
    guessed.mask[2, 2] = ADDED.bit
    assert shown_sets(guessed) == words
    assert presence(guessed).tolist() == [1, 1, 0]
    assert np.isnan(presence(replace(guessed, labels=None))).tolist() == [False, True, True]
    complete = replace(guessed, mask=guessed.mask & ~np.uint8(IGNORE))
    assert shown_sets(complete) == LabelSets(("car", "person"))
    assert presence(complete).tolist() == [1, 0, 0]


def test_cells_carry_the_label_where_the_object_is():
    changes = (
        TrueChange(ADDED, "car", None, (32, 16, 96, 80)),
        TrueChange(REMOVED, "cone", (0, 0, 8, 8), None),
        TrueChange(ADDED, "lamp", None, (100, 0, 112, 16)),  # outside the vocabulary
    )
    pair = noisy_pair(0, 96, 128)
    batch = Collate(VOCABULARY)([Pair("p", pair.before, pair.after, Truth(changes=changes))])
    after = batch.cells_after[0]
    assert after.shape == (6, 8)
    assert after[3, 4] == VOCABULARY.labels.index("car")  # (64, 48) is its centre
    assert set(torch.nonzero(after >= 0).tolist()[0]) <= set(range(8))
    rows, columns = torch.nonzero(after >= 0, as_tuple=True)
    assert rows.min() >= 1
    assert rows.max() <= 4
    assert columns.min() >= 2
    assert columns.max() <= 5
    assert batch.cells_before[0, 0, 0] == VOCABULARY.labels.index("cone")
    assert int((batch.cells_before >= 0).sum()) == 1


def test_a_box_at_the_last_pixel_has_a_cell():
    changes = (TrueChange(ADDED, "car", None, (120, 90, 128, 96)),)
    pair = noisy_pair(0, 96, 128)
    batch = Collate(VOCABULARY)([Pair("p", pair.before, pair.after, Truth(changes=changes))])
    assert batch.cells_after[0, 5, 7] == VOCABULARY.labels.index("car")


def test_a_batch_says_what_is_known_of_each_pair():
    weak = Pair("weak", noise(0), noise(1), Truth(LabelSets(added=("man", "lamp"))))
    masked = Pair("masked", noise(2), noise(3), Truth(mask=np.zeros((64, 96), np.uint8)))
    batch = Collate(VOCABULARY)([weak, masked])
    assert batch.before.shape == (2, 3, 64, 96)
    assert batch.before.dtype == torch.uint8
    np.testing.assert_array_equal(batch.before[0, 2], noise(0)[..., 2])
    assert (batch.mask[0] == IGNORE).all()
    assert not batch.mask[1].any()
    assert batch.has_labels.tolist() == [True, False]
    assert batch.labels[0].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert batch.present.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert batch.truths == (weak.truth, masked.truth)
