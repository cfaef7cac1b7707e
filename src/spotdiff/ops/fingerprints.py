"""Short names for what something is made of: equal names mean equal content."""

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Shaped

_BYTES = 16  # 128 bits: no two of any number of images meet by chance


def of_array(array: Shaped[np.ndarray, ...]) -> str:
    """The name of an array's type, shape and values.

    Example:
        >>> of_array(np.zeros((2, 3), np.uint8)) == of_array(np.zeros((3, 2), np.uint8))
        False
    """
    digest = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=_BYTES)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def of_words(*words: object) -> str:
    """The name of values by how they are written, in their order.

    Example:
        >>> of_words("a", ("b", 0.5)) == of_words("a", ("b", 0.5))
        True
        >>> of_words("ab") == of_words("a", "b")
        False
    """
    return hashlib.blake2b(repr(words).encode(), digest_size=_BYTES).hexdigest()
