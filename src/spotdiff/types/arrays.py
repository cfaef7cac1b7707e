"""The shapes that arrays come in."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, UInt8

Image: TypeAlias = UInt8[np.ndarray, "h w 3"]
Boxes: TypeAlias = Float32[np.ndarray, "n 4"]
Scores: TypeAlias = Float32[np.ndarray, " n"]
Mask: TypeAlias = UInt8[np.ndarray, "h w"]
Embeddings: TypeAlias = Float32[np.ndarray, "n d"]
TextScores: TypeAlias = Float32[np.ndarray, "n t"]
Box: TypeAlias = tuple[float, float, float, float]
