"""What a localiser says that sees where views differ and knows nothing of kinds and labels."""

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Float32

from spotdiff.types import ChangeKind, ChangeMap, ModelInfo, Pair


def untyped_map(heat: Float32[np.ndarray, "h w"]) -> ChangeMap:
    """A change map whose heat is all of kind `changed`, the one that favours neither view.

    The gate of `changed` is the hottest pixel, so the change score of a pair is too. There are no
    labels.

    Args:
        heat: In [0, 1], in the frame of both views.

    Example:
        >>> said = untyped_map(np.float32([[0.0, 0.25], [0.5, 0.0]]))
        >>> said.heat[:, 1, 0], said.gates
        (array([0. , 0. , 0.5], dtype=float32), array([0. , 0. , 0.5], dtype=float32))
    """
    row = list(ChangeKind).index(ChangeKind.CHANGED)
    kinds = np.zeros((len(ChangeKind), *heat.shape), np.float32)
    kinds[row] = heat
    gates = np.zeros(len(ChangeKind), np.float32)
    gates[row] = heat.max()
    no_labels = np.zeros((0, 1, 1), np.float32)
    return ChangeMap(kinds, gates, np.zeros((len(ChangeKind), 0), np.float32), no_labels, no_labels)


def check_frame(pair: Pair) -> None:
    """Refuses views that cannot be compared pixel by pixel.

    Raises:
        ValueError: If the two views differ in size.
    """
    if pair.before.shape != pair.after.shape:
        sizes = f"{pair.before.shape[:2]} and {pair.after.shape[:2]}"
        raise ValueError(
            f"Expected both views of pair {pair.pair_id!r} in one frame, got {sizes}: "
            "resize one of them first."
        )


def rule_info(rule: object) -> ModelInfo:
    """Names a rule that has settings and no weights; the hash is that of its representation."""
    text = repr(rule)
    return ModelInfo(text, hashlib.sha256(text.encode()).hexdigest())
