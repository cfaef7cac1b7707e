"""Pairs as an image-folder data set: pictures beside a table, as the package `datasets` opens them.

A line of `train/metadata.jsonl` names both pictures by `before_file_name` and `after_file_name`,
which the package loads as the columns `before` and `after`. All lines have the same columns, and
all changes the same fields, so that any part of a set has the schema of the whole.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from spotdiff.types import Box, Change, ChangeKind, Sample
from spotdiff.version import __version__
from spotdiff.writers.files import file_name, replacing

_SPLIT = "train"
_TOGETHER = 1000  # pairs of a folder: hubs and file systems do not like too many files in one
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_image_folder(samples: Iterable[Sample], folder: Path) -> int:
    """Writes the pairs of samples, copying their pictures; says how many there are.

    What is no pair is passed over. The table and the card are whole or absent; pictures that were
    copied before are not copied again.

    Raises:
        OSError: A picture cannot be copied.
    """
    place = folder / _SPLIT
    table, count, kinds = place / "metadata.jsonl", 0, Counter[str]()
    with replacing(table) as partial, partial.open("w", encoding="ascii") as file:
        for sample in samples:
            if sample.before is None or sample.after is None:
                continue
            part = f"{count // _TOGETHER:04d}"
            names = [
                f"{part}/{_copied(Path(path), place / part, f'{sample.id}.{view}')}"
                for view, path in (("before", sample.before), ("after", sample.after))
            ]
            file.write(json.dumps(_row(sample, names)) + "\n")
            count += 1
            kinds.update(change.kind.value for change in sample.changes)
    with replacing(folder / "README.md") as partial:
        partial.write_text(_card(count, kinds), encoding="utf-8")
    return count


def _copied(source: Path, place: Path, stem: str) -> str:
    name = file_name(stem, source.suffix.lower())
    target = place / name
    if not (target.is_file() and _state(target) == _state(source)):
        with replacing(target) as partial:
            shutil.copy2(source, partial)
    return name


def _state(path: Path) -> tuple[int, int]:
    """Size, and when it was last changed, which a copy keeps to the second at least."""
    state = path.stat()
    return state.st_size, int(state.st_mtime)


def _row(sample: Sample, names: list[str]) -> dict[str, object]:
    return {
        "before_file_name": names[0],
        "after_file_name": names[1],
        "id": sample.id,
        "caption_before": sample.caption_before or "",
        "caption_after": sample.caption_after or "",
        "caption": sample.caption or "",
        "changes": [_change(change) for change in sample.changes],
    }


def _change(change: Change) -> dict[str, object]:
    """A change; a box of nothing is an empty list, so that a column has one type."""
    return {
        "kind": change.kind.value,
        "label": change.label or "",
        "score": round(float(change.score), 4),
        "box_before": _box(change.box_before),
        "box_after": _box(change.box_after),
        "caption": change.caption or "",
    }


def _box(box: Box | None) -> list[float]:
    return [] if box is None else [round(float(edge), 2) for edge in box]


def _card(count: int, kinds: Counter[str]) -> str:
    """The card of the set; its licence is for the owner of the pictures to name."""
    size = next((name for limit, name in _SIZES if count < limit), "n>1M")
    told = ", ".join(f"{kinds[kind.value]:,} {kind.value}" for kind in ChangeKind)
    return f"""---
pretty_name: Pairs of pictures and what changed
task_categories:
- image-to-text
- object-detection
size_categories:
- {size}
tags:
- change-detection
- change-captioning
- spotdiff
---

# Pairs of pictures and what changed

{count:,} pairs with {told} things, built with spotdiff {__version__}.

| column | |
| --- | --- |
| `before`, `after` | the two pictures |
| `id` | unique |
| `caption_before`, `caption_after` | what each shows; empty where nobody said |
| `caption` | what differs |
| `changes` | `kind` (added, removed, changed), `label`, `score`, `box_before` and `box_after` |

A box is x0, y0, x1, y1 in pixels of its picture; empty where that picture lacks the thing.

```python
from datasets import load_dataset

pairs = load_dataset("imagefolder", data_dir="PATH_OF_THIS_FOLDER", split="train")
```
"""
