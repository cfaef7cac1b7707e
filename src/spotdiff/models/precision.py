"""Whether float32 means float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exact_convolutions() -> Iterator[None]:
    """Convolutions in float32 keep all of its bits while the block runs.

    Since Ampere, NVIDIA's cards multiply with 10 bits of the mantissa (TF32), which torch allows
    for convolutions: heat is off by about 5e-3 then, without by about 5e-6, and answers of a card
    and of a CPU would not be the same. Under autocast to half precision it changes nothing. It also
    decorates a function.
    """
    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = allowed
