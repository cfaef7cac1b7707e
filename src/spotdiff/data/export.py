"""Sets of pairs written to disk, as weak labels or as a manifest with all that is known.

`weak` gives `train.csv` (img_id, added_objs, removed_objs, changed_objs) and the pictures
`data/{id}_1.png`, `data/{id}_2.png`; a label of several words is joined by hyphens, since its cell
is split at spaces. `manifest` gives `manifest.jsonl`, `images/{id}_before.png`,
`images/{id}_after.png` and `masks/{id}.png`, whose values are the bits of a `Mask`.

Each file is whole or absent, and a pair's row follows its files into `….part`, which takes the
table's name when the set is complete: a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Literal, Self, TextIO

import cv2
import numpy as np

from spotdiff.data.pair_cells import change_cell, word_cells
from spotdiff.types import ChangeKind, Pair

SetFormat = Literal["weak", "manifest"]
TABLES: dict[SetFormat, str] = {"weak": "train.csv", "manifest": "manifest.jsonl"}
WEAK_HEADER = ("img_id", *(f"{kind.value}_objs" for kind in ChangeKind))
# Run lengths of filtered rows: on grainy pictures smaller and faster than a full search.
_PNG = (
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
)


def write_set(pairs: Iterable[Pair], out: Path | str, *, format: SetFormat) -> Path:  # noqa: A002
    """Writes pairs one by one and gives the path of the table; pairs written before are kept.

    Raises:
        ValueError: A pair's id is no relative path, is given twice, or its words are unknown.
    """
    with SetWriter(Path(out), format) as target:
        given: set[str] = set()
        for pair in pairs:
            if pair.pair_id in given:
                raise ValueError(f"pair {pair.pair_id!r} comes twice; give each pair its own id.")
            given.add(pair.pair_id)
            if pair.pair_id not in target:
                target.write(pair)
    return target.table


def write_drawn(
    draw: Callable[[int], Pair],
    seeds: Iterable[int],
    out: Path | str,
    *,
    format: SetFormat,  # noqa: A002
    name: Callable[[int], str] = "{:08d}".format,
) -> Path:
    """Writes the pairs of some seeds; those written before are not even drawn.

    Args:
        draw: Gives the pair of a seed, such as `SyntheticPairs`.
        seeds: The seeds, in the order of the table.
        out: The folder.
        format: `weak` or `manifest`.
        name: The id of the pair that `draw` gives for a seed.
    """
    with SetWriter(Path(out), format) as target:
        for seed in seeds:
            if name(seed) not in target:
                target.write(draw(seed))
    return target.table


class SetWriter:
    """Writes one pair after another; a context manager that knows what earlier runs wrote.

    Args:
        out: The folder; made if absent.
        layout: `weak` or `manifest`.

    Raises:
        ValueError: There is no such layout.
    """

    def __init__(self, out: Path, layout: SetFormat) -> None:
        if layout not in TABLES:
            raise ValueError(f"format={layout!r}: expected one of {', '.join(TABLES)}.")
        self.out = out
        self.layout = layout
        self.table = out / TABLES[layout]
        self._part = self.table.with_name(f"{self.table.name}.part")
        self._known: set[str] = set()
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self.out.mkdir(parents=True, exist_ok=True)
        if self.table.exists() and not self._part.exists():
            shutil.copyfile(self.table, self._part)
        self._known = _mended(self._part, self.layout)
        fresh = not self._part.exists() or self._part.stat().st_size == 0
        self._file = self._part.open("a", encoding="utf-8", newline="")
        if fresh and self.layout == "weak":
            self._file.write(_csv_line(WEAK_HEADER))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if kind is None:
            self._part.replace(self.table)

    def __contains__(self, pair_id: str) -> bool:
        return pair_id in self._known

    def write(self, pair: Pair) -> None:
        """Writes the pair's files, then its row.

        Raises:
            ValueError: The writer is not open, the id is no relative path, or there are no words
                for a table of weak labels.
        """
        if self._file is None:
            raise ValueError(f"{self.table} is not open: write inside `with SetWriter(...)`.")
        _check_id(pair.pair_id)
        row = _weak_row if self.layout == "weak" else _manifest_row
        self._file.write(row(pair, self.out))
        self._file.flush()
        self._known.add(pair.pair_id)


def _weak_row(pair: Pair, out: Path) -> str:
    labels = pair.truth.labels
    if labels is None:
        raise ValueError(f"pair {pair.pair_id!r}: weak labels need words, its labels are unknown.")
    _write_png(out / "data" / f"{pair.pair_id}_1.png", pair.before)
    _write_png(out / "data" / f"{pair.pair_id}_2.png", pair.after)
    cells = (" ".join(_one_word(w) for w in labels.of(kind)) or "none" for kind in ChangeKind)
    return _csv_line((pair.pair_id, *cells))


def _manifest_row(pair: Pair, out: Path) -> str:
    truth = pair.truth
    row: dict[str, object] = {
        "pair_id": pair.pair_id,
        "before": f"images/{pair.pair_id}_before.png",
        "after": f"images/{pair.pair_id}_after.png",
        "mask": None,
    }
    if truth.mask is not None:
        row |= {"mask": f"masks/{pair.pair_id}.png", "mask_kinds": "bits"}
        _write_png(out / str(row["mask"]), truth.mask)
    if truth.changes is not None:
        row["changes"] = [change_cell(change) for change in truth.changes]
    if truth.labels is not None:
        row |= word_cells(truth.labels)
    _write_png(out / str(row["before"]), pair.before)
    _write_png(out / str(row["after"]), pair.after)
    return json.dumps(row, ensure_ascii=False) + "\n"


def _one_word(label: str) -> str:
    return "-".join(label.replace(",", " ").split())


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _check_id(pair_id: str) -> None:
    path = PurePosixPath(pair_id)
    if not pair_id or path.is_absolute() or {"..", "."} & set(pair_id.split("/")):
        raise ValueError(f"pair id {pair_id!r}: expected a relative path inside the set's folder.")


def _write_png(path: Path, image: np.ndarray) -> None:
    """Writes an RGB image or a mask without loss, through a temporary name beside it."""
    stored = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".png", stored, _PNG)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}.{path.name}.tmp")
    try:
        partial.write_bytes(coded.tobytes())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _mended(part: Path, layout: SetFormat) -> set[str]:
    """The ids in an unfinished table; a torn last line is cut off."""
    if not part.exists():
        return set()
    known: set[str] = set()
    whole = 0
    with part.open("rb") as lines:
        for number, line in enumerate(lines):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            text = line.decode("utf-8")
            if layout == "manifest":
                known.add(str(json.loads(text)["pair_id"]))
            elif number > 0:
                known.add(next(csv.reader([text]))[0])
    os.truncate(part, whole)
    return known
