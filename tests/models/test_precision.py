"""Whether float32 means float32, and what is said where a card has too little memory."""

import pytest
import torch

from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.models.precision import exact_convolutions
from tests.fakes import noisy_pair, tiny_network


@pytest.fixture(params=[True, False])
def allowed(request):
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = request.param
    yield request.param
    torch.backends.cudnn.allow_tf32 = before


def test_convolutions_are_exact_in_the_block_and_as_before_after_it(allowed):
    def failing():
        with exact_convolutions():
            raise ValueError(f"TF32 {torch.backends.cudnn.allow_tf32}")

    with pytest.raises(ValueError, match="TF32 False"):
        failing()
    assert torch.backends.cudnn.allow_tf32 is allowed


def test_a_localizer_looks_with_exact_convolutions(allowed):
    net, seen = tiny_network(), []
    net.register_forward_hook(lambda *_: seen.append(torch.backends.cudnn.allow_tf32))
    localizer = SiameseLocalizer(net, flip=True)
    localizer([noisy_pair()])
    localizer([noisy_pair(1)])
    assert seen == [False] * 4
    assert torch.backends.cudnn.allow_tf32 is allowed


def test_too_little_memory_is_one_sentence_that_says_what_needs_less():
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 9 GiB")

    net = tiny_network()
    net.register_forward_pre_hook(full)
    with pytest.raises(RuntimeError, match=r"memory on cpu for views of 96x64 .* max_side") as told:
        SiameseLocalizer(net)([noisy_pair()])
    assert "\n" not in str(told.value)
