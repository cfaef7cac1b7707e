"""The shapes that arrays come in."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, UInt8

Image: TypeAlias = UInt8[np.ndarray, "h w 3"]
Boxes: TypeAlias = Float32[np.ndarray, "n 4"]
Scores: TypeAlias = Float32[np.ndarray, " n"]
Mask: TypeAlias = UInt8[np.ndarray, "h w"]
Embeddings: TypeAlias = Float32[np.ndarray, "n d"]
Matrix: TypeAlias = Float64[np.ndarray, "3 3"]
TextScores: TypeAlias = Float32[np.ndarray, "n t"]
LabelScores: TypeAlias = Float32[np.ndarray, "n v"]
Box: TypeAlias = tuple[float, float, float, float]
