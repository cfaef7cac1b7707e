"""Bags of regions on disk: found once, read by every run that trains names on them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from spotdiff.data.bags import Bag
from spotdiff.ops.heatmap import Regions
from spotdiff.types import PairRow, Truth

_COLUMNS = ("boxes", "areas", "scores", "kinds")


def write_bags(bags: Sequence[Bag], path: Path) -> None:
    """Writes bags as one array file, atomically; what is true of the pairs stays in their table."""
    arrays: dict[str, np.ndarray] = {
        "pair_ids": np.array([bag.pair_id for bag in bags], np.str_),
        "counts": np.array([len(bag.regions) for bag in bags], np.int64),
        "before": np.concatenate([bag.before for bag in bags]),
        "after": np.concatenate([bag.after for bag in bags]),
    }
    for name in _COLUMNS:
        arrays[name] = np.concatenate([getattr(bag.regions, name) for bag in bags])
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez(temporary, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)


def read_bags(path: Path, rows: Sequence[PairRow]) -> list[Bag]:
    """The bags at `path` with the truth of their rows, in the order of the rows.

    Raises:
        ValueError: If the file does not hold these pairs.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        found = _parted(arrays)
    except (OSError, KeyError, ValueError) as error:
        msg = f"Expected regions in {path}, but it cannot be read ({error}): delete it."
        raise ValueError(msg) from error
    return [
        Bag(row.pair_id, *found[row.pair_id], Truth(row.labels, row.changes))
        for row in rows
        if row.pair_id in found
    ]


def _parted(
    arrays: Mapping[str, np.ndarray],
) -> dict[str, tuple[Regions, np.ndarray, np.ndarray]]:
    ends = np.cumsum(arrays["counts"])[:-1]
    parts = {name: np.split(arrays[name], ends) for name in (*_COLUMNS, "before", "after")}
    return {
        str(pair_id): (
            Regions(*(parts[name][i] for name in _COLUMNS)),
            parts["before"][i],
            parts["after"][i],
        )
        for i, pair_id in enumerate(arrays["pair_ids"])
    }
