"""Rows of typed columns: what a table keeps of a thing, and how arrays get into it and out again.

Rows come from files that anybody may have written, so nothing is believed of a row but the types of
its columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from jaxtyping import Float32, Shaped

from spotdiff.types import Embeddings

Item = TypeVar("Item")
Column: TypeAlias = Literal["int", "bool", "bytes", "floats", "words"]
Row: TypeAlias = dict[str, Any]

MAX_SIDE = 1 << 24  # rows or columns of any array: what is larger has been made up


@dataclass(frozen=True, slots=True)
class Codec(Generic[Item]):
    """How things of one sort become rows and come back.

    Attributes:
        columns: What each column of a row holds: an int, a bool, bytes, a flat float32 array or
            a list of words.
        to_row: Makes a row that shares no memory with the thing.
        to_item: Makes the thing of a row; raises a ValueError if the row cannot be one.
        group: Rows that are read together.
    """

    columns: Mapping[str, Column]
    to_row: Callable[[Item], Row]
    to_item: Callable[[Row], Item]
    group: int = 256

    def rounded(self, item: Item) -> Item:
        """The thing as it comes back."""
        return self.to_item(self.to_row(item))


def row_bytes(row: Row) -> int:
    """What a row weighs in memory, about.

    Example:
        >>> row_bytes({"scores": np.zeros(3, np.float32), "labels": ["cup"], "width": 7})
        31
    """
    total = 0
    for value in row.values():
        match value:
            case np.ndarray():
                total += value.nbytes
            case bytes():
                total += len(value)
            case list():
                total += sum(8 + len(word) for word in value)
            case _:
                total += 8
    return total


def flat(values: Shaped[np.ndarray, ...]) -> Float32[np.ndarray, " n"]:
    """A flat copy of an array, as float32."""
    return values.astype(np.float32).ravel()


def shaped(values: Shaped[np.ndarray, " n"], *shape: int) -> Float32[np.ndarray, ...]:
    """A copy of that shape, as float32.

    Raises:
        ValueError: If the numbers do not fill it, or a side cannot be one.
    """
    fits = all(0 <= side <= MAX_SIDE for side in shape) and math.prod(shape) == values.size
    if not fits:
        raise ValueError(f"expected an array of shape {shape}, got {values.size} numbers")
    return np.array(values, np.float32).reshape(shape)


def half(vectors: Embeddings) -> bytes:
    """Vectors in half precision."""
    return vectors.astype("<f2").tobytes()


def unit(data: bytes, count: int, width: int) -> Embeddings:
    """Those vectors, a row each, scaled to unit length; zeros stay zeros.

    Raises:
        ValueError: If the bytes do not fill that many rows of that width.

    Example:
        >>> unit(half(np.float32([[0.3, 0.4], [0, 0]])), 2, 2).round(3)
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """
    vectors = shaped(np.frombuffer(data, "<f2"), count, width)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
