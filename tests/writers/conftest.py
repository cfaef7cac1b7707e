"""Results of every sort, and the golden files that writers are held to."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotdiff.types import (
    Alignment,
    Change,
    ChangeKind,
    ChangeMap,
    LabelSets,
    ModelInfo,
    Pair,
    PairResult,
    ViewInfo,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
MODEL = ModelInfo("base", "c" * 64)
IDENTITY = Alignment("resize", ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))


def view(name: str, digit: str = "a", width: int = 96, height: int = 64) -> ViewInfo:
    return ViewInfo(name, width, height, digit * 64)


@pytest.fixture(scope="session")
def model() -> ModelInfo:
    return MODEL


@pytest.fixture(scope="session")
def answer():
    """Makes an answered pair."""

    def make(pair_id: str, changes: tuple[Change, ...] = (), labels=None, **fields) -> PairResult:
        return PairResult(
            pair_id,
            view("photos/before.png", "a"),
            view("photos/after.png", "b"),
            change_score=0.75,
            changes=changes,
            labels=labels or LabelSets(),
            alignment=IDENTITY,
            model=MODEL,
            **fields,
        )

    return make


@pytest.fixture(scope="session")
def failure():
    """Makes a pair that failed."""

    def make(pair_id: str, reason: str = "photos/after.png is truncated") -> PairResult:
        before, after = ViewInfo("photos/before.png"), ViewInfo("photos/after.png")
        return PairResult(pair_id, before, after, status="error", reason=reason, model=MODEL)

    return make


@pytest.fixture(autouse=True)
def fixed_version(monkeypatch):
    """Golden files outlive releases."""
    monkeypatch.setattr("spotdiff.writers.records.__version__", "1.2.3")
    monkeypatch.setattr("spotdiff.writers.coco.__version__", "1.2.3")


@pytest.fixture
def street(answer) -> PairResult:
    """One change of each kind, with the pixels that show them."""
    rng = np.random.default_rng(7)
    before = rng.integers(90, 130, (64, 96, 3)).astype(np.uint8)
    after = before.copy()
    after[10:30, 8:28] = (30, 120, 220)
    before[34:54, 60:80] = (220, 200, 40)
    before[40:56, 10:26] = after[40:56, 34:50] = 20
    heat = np.zeros((3, 64, 96), np.float32)
    heat[0, 10:30, 8:28], heat[1, 34:54, 60:80], heat[2, 40:56, 34:50] = 0.9, 0.8, 0.6
    none = np.zeros((0, 1, 1), np.float32)
    change_map = ChangeMap(heat, heat.max(axis=(1, 2)), np.zeros((3, 0), np.float32), none, none)
    changes = (
        Change(ChangeKind.ADDED, 0.9, "traffic cone", None, (8.0, 10.0, 28.0, 30.0), "A cone."),
        Change(ChangeKind.REMOVED, 0.8, "box", (60.0, 34.0, 80.0, 54.0)),
        Change(
            ChangeKind.CHANGED,
            0.6,
            None,
            (10.0, 40.0, 26.0, 56.0),
            (34.0, 40.0, 50.0, 56.0),
            region_captions=("a dark square", "the ground"),
            caption_reason="the server is busy",
        ),
    )
    labels = LabelSets(added=("traffic cone", "bag", "bag"), removed=("box",))
    pair = Pair("street/1", before, after)
    caption = "A cone was added at the upper left; a box was removed at the lower right."
    told = {"caption": caption, "captioner": ModelInfo("template", "d" * 64)}
    return answer("street/1", changes, labels, pair=pair, change_map=change_map, **told)


@pytest.fixture
def results(street, answer, failure) -> list[PairResult]:
    """A run of three pairs: changes, no change, an error."""
    return [street, answer("street/2, west"), failure("street/3")]


@pytest.fixture
def golden():
    """Compares a text file with its golden twin; UPDATE_GOLDEN=1 renews the twin."""

    def check(written: Path, name: str) -> None:
        text = written.read_text("utf-8")
        if os.environ.get("UPDATE_GOLDEN"):
            (GOLDEN / name).write_text(text, "utf-8")
        assert text == (GOLDEN / name).read_text("utf-8")

    return check


@pytest.fixture
def golden_image():
    """The same for pictures: the mean difference may reach `max_difference` grey levels."""

    def check(image: np.ndarray, name: str, max_difference: float = 0.0) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            cv2.imwrite(str(path), image[..., ::-1])
        expected = cv2.imread(str(path))[..., ::-1]
        assert image.shape == expected.shape
        assert np.abs(image.astype(float) - expected).mean() <= max_difference

    return check
