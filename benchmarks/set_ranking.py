"""Ranking hypotheses on two sets of pictures whose embeddings are known, in two ways.

    python benchmarks/set_ranking.py --hypotheses 30 --images 5000

One way reads all vectors once, half precision in a Parquet shelf, and has all scores as one product
and all statistics as arrays. The other one does as VisDiff does: for each hypothesis it reads the
row of every picture from a key-value file, parses its JSON list of numbers, multiplies, and works
out the statistics of that hypothesis. Both get the same vectors; each runs in a process of its own,
whose peak of memory is told without what its imports take.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow.parquet  # noqa: F401 - no import is measured
from scipy.stats import mannwhitneyu, ttest_ind

from spotdiff.data.evidence_codecs import EMBEDDINGS
from spotdiff.data.evidence_shelf import ParquetShelf
from spotdiff.stages.hypothesis_ranking import HypothesisRanking
from spotdiff.stages.text_ranker import TextRanker
from spotdiff.types import Embeddings, Hypothesis, ModelInfo

WIDTH = 1280  # numbers of a vector, as of ViT-bigG-14


def main() -> None:
    """Prints a table of seconds and memory, and whether both say the same."""
    asked = _arguments()
    if asked.way is not None:
        print(json.dumps({"ours": ours, "per_hypothesis": per_hypothesis}[asked.way](asked)))
        return
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder), asked.images)
        told = {way: _run(way, folder, asked) for way in ("ours", "per_hypothesis")}
    print("| way | seconds | of the processor | memory |\n|---|---|---|---|")
    for row in ("ours", "per_hypothesis"):
        one = told[row]
        cells = f"{one['seconds']:.2f} s | {one['processor']:.2f} s | {one['memory']:.0f} MB"
        print(f"| {row.replace('_', ' ')} | {cells} |")
    ratios = [told["per_hypothesis"][n] / told["ours"][n] for n in ("seconds", "processor")]
    apart = np.abs(np.subtract(told["ours"]["areas"], told["per_hypothesis"]["areas"])).max()
    print(f"{ratios[0]:.0f} times as fast by the clock, {ratios[1]:.0f} times by the processor;")
    print(f"AUROC differs by {apart:.1e} at most")


def ours(asked: argparse.Namespace) -> dict[str, object]:
    """All scores as one product."""
    clock = Clock()
    shelf = ParquetShelf(asked.folder / "vectors", EMBEDDINGS)
    albums = [Vectors(shelf, name, asked.images) for name in ("a", "b")]
    texts = _texts(asked.hypotheses)
    ranker = TextRanker(Texts(texts), ["{}"])
    hypotheses = [Hypothesis(str(i)) for i in range(asked.hypotheses)]
    ranked, _ = HypothesisRanking([ranker])(hypotheses, *albums)
    spent = clock.spent()
    areas = {one.hypothesis.text: one.auroc for one in ranked}
    told = [areas[str(i)] for i in range(asked.hypotheses)]
    return {**spent, "areas": told}


def per_hypothesis(asked: argparse.Namespace) -> dict[str, object]:
    """Every vector read and parsed for every hypothesis."""
    clock = Clock()
    areas = []
    with sqlite3.connect(asked.folder / "vectors.sqlite") as store:
        for text in _texts(asked.hypotheses):
            first, second = (
                np.array([_parsed(store, f"{name}{i}") @ text for i in range(asked.images)])
                for name in ("a", "b")
            )
            ttest_ind(first, second, equal_var=False)
            (first > 0.3).mean() - (second > 0.3).mean()
            u = mannwhitneyu(first, second, method="asymptotic").statistic
            areas.append(float(u) / asked.images**2)
    return {**clock.spent(), "areas": areas}


class Clock:
    """Tells what was spent since it was made."""

    def __init__(self) -> None:
        self.start = perf_counter(), process_time(), _peak()

    def spent(self) -> dict[str, float]:
        """Seconds, seconds of the processor, and megabytes by which the peak has grown."""
        now = perf_counter(), process_time(), _peak()
        names = ("seconds", "processor", "memory")
        return {n: b - a for n, a, b in zip(names, self.start, now, strict=True)}


class Vectors:
    """An album of vectors alone."""

    measures = ()

    def __init__(self, shelf: ParquetShelf[Embeddings], name: str, count: int) -> None:
        self.shelf, self.name, self.rows = shelf, name, range(count)

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """One unit vector a picture, in one pass over the shelf."""
        found = self.shelf.get_many([f"{self.name}{row}" for row in rows])
        return np.concatenate([one for one in found if one is not None])


class Texts:
    """Embeds texts that are numbers of rows."""

    info = ModelInfo("texts", "")

    def __init__(self, vectors: Embeddings) -> None:
        self.vectors = vectors

    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        """The rows."""
        return self.vectors[[int(text) for text in texts]]


def _parsed(store: sqlite3.Connection, key: str) -> np.ndarray:
    (told,) = store.execute("SELECT value FROM vectors WHERE key = ?", (key,)).fetchone()
    return np.array(json.loads(told), np.float32)


def _texts(count: int) -> Embeddings:
    return _unit(np.random.default_rng(1).normal(size=(count, WIDTH)))


def _unit(vectors: np.ndarray) -> Embeddings:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _fill(folder: Path, images: int) -> None:
    """The same vectors in both stores, in the precision of the smaller one."""
    shelf = ParquetShelf(folder / "vectors", EMBEDDINGS, most_rows=4096)
    rng = np.random.default_rng(0)
    with sqlite3.connect(folder / "vectors.sqlite") as store:
        store.execute("CREATE TABLE vectors (key TEXT PRIMARY KEY, value TEXT)")
        for name in ("a", "b"):
            shift = 0.02 * (name == "a") * _texts(1)[0]
            vectors = _unit(_unit(rng.normal(size=(images, WIDTH))) + shift)
            for i, vector in enumerate(vectors):
                kept = EMBEDDINGS.rounded(vector[None])
                shelf.put(f"{name}{i}", kept)
                told = json.dumps(kept[0].tolist())
                store.execute("INSERT INTO vectors VALUES (?, ?)", (f"{name}{i}", told))
    shelf.close()


def _run(way: str, folder: str, asked: argparse.Namespace) -> dict[str, float]:
    words = [f"--images={asked.images}", f"--hypotheses={asked.hypotheses}", f"--folder={folder}"]
    done = subprocess.run(
        [sys.executable, __file__, f"--way={way}", *words], check=True, capture_output=True
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _peak() -> float:
    """Megabytes at most since this program began; of Linux, where a parent's peak is inherited."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hypotheses", type=int, default=30)
    parser.add_argument("--images", type=int, default=5000, help="of each set")
    parser.add_argument("--way", choices=["ours", "per_hypothesis"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
