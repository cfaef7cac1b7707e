"""What is remembered, what is forgotten, and what a text encoder reads again."""

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from spotdiff.experts.recent import Recent, RememberingEncoder


class Doubling(nn.Module):
    """Says of every token twice its number."""

    def __init__(self) -> None:
        super().__init__()
        self.read = []

    def forward(self, ids, mask, **options):
        assert options == {"return_dict": True}
        assert len(mask) == len(ids)
        self.read.append(ids.tolist())
        return BaseModelOutput(last_hidden_state=2.0 * ids[..., None])


def _asked(encoder, ids):
    ids = torch.tensor(ids)
    return encoder(ids, torch.ones_like(ids), return_dict=True).last_hidden_state[..., 0].tolist()


def test_the_oldest_answer_is_forgotten_first():
    recent = Recent[int](most=2)
    for number in (1, 2, 1, 3):
        assert recent.get(number, lambda number=number: number) == number
    assert list(recent.kept) == [2, 3]


def test_a_caption_is_read_once_for_any_number_of_images():
    encoder = RememberingEncoder(Doubling())
    assert _asked(encoder, [[1, 2]] * 3) == [[2, 4]] * 3
    assert _asked(encoder, [[1, 2]]) == [[2, 4]]
    assert _asked(encoder, [[5]]) == [[10]]
    assert encoder.encoder.read == [[[1, 2]], [[5]]]


def test_captions_that_differ_are_all_read():
    encoder = RememberingEncoder(Doubling())
    assert _asked(encoder, [[1, 2], [3, 4]]) == [[2, 4], [6, 8]]
    assert encoder.encoder.read == [[[1, 2], [3, 4]]]
