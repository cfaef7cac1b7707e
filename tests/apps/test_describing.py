"""Two sets described: planted differences come first, on generated pictures and on photographs."""

import json

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.apps.describing import Describer
from spotdiff.data.folders import pictures
from spotdiff.data.images import read_image
from spotdiff.stages.set_difference import SetRules
from spotdiff.types import (
    Change,
    ChangeKind,
    Detections,
    ImageSets,
    ModelInfo,
    PairResult,
    SetItem,
    ViewInfo,
)
from spotdiff.writers.jsonl import JsonlWriter
from tests.fakes import noise, write_image


def style(image):
    return cv2.GaussianBlur(image, (0, 0), 4)


def darker(image):
    return (image * 0.4).astype(np.uint8)


def with_a_ball(image):
    return cv2.circle(image.copy(), (image.shape[1] // 2, 30), 14, (225, 20, 25), -1)


PLANTED = [
    (darker, ("dark pictures", "much black", "little white")),
    (style, ("soft or blurred pictures", "smooth pictures without grain", "blurred edges")),
    (with_a_ball, ("much red", "vivid colours")),  # all else is muted
]


def calm(seed):
    """A picture of muted colours with fine grain."""
    rng = np.random.default_rng(seed)
    image = noise(seed, 72, 96) // 3 + 90
    return (image + rng.normal(0, 6, image.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("alter", "texts"), PLANTED, ids=lambda it: getattr(it, "__name__", ""))
def test_what_is_planted_comes_first(tmp_path, alter, texts):
    for i in range(24):
        write_image(tmp_path / "a" / f"{i}.png", alter(calm(i)))
        write_image(tmp_path / "b" / f"{i}.png", calm(100 + i))
    report = spotdiff.describe(tmp_path / "a", tmp_path / "b")
    best = report.ranked[0]
    assert best.hypothesis.text in texts
    assert best.auroc > 0.95
    assert best.q < 0.01


@pytest.mark.data
def test_what_is_planted_in_photographs_comes_first(real_data, tmp_path):
    photos = real_data / "coco_subset" / "images"
    if not photos.is_dir():
        pytest.skip(f"the photographs are absent: {photos}")
    paths = list(pictures(photos))[:48]
    for alter, texts in PLANTED[:2]:
        first = [
            write_image(tmp_path / alter.__name__ / f"{i}.png", alter(read_image(path)))
            for i, path in enumerate(paths[::2])
        ]
        one, other = (tuple(SetItem(str(path)) for path in some) for some in (first, paths[1::2]))
        best = Describer()(ImageSets(("a", "b"), one, other)).ranked[0]
        assert best.hypothesis.text in (*texts, "flat light with little contrast")
        assert best.auroc > 0.95


def test_purity_and_limits_change_what_is_compared(tmp_path):
    for i in range(20):
        write_image(tmp_path / "a" / f"{i}.png", darker(calm(i)))
        write_image(tmp_path / "b" / f"{i}.png", calm(100 + i))
    folders = tmp_path / "a", tmp_path / "b"
    pure = spotdiff.describe(*folders)
    mixed = spotdiff.describe(*folders, using=Describer(purity=0.5))
    assert mixed.ranked[0].auroc < pure.ranked[0].auroc
    every = {item.path for item in (*mixed.sets.first, *mixed.sets.second)}
    assert len(every) == len(mixed.sets.first) + len(mixed.sets.second) == 40
    few = spotdiff.describe(*folders, using=Describer(max_images=6, rules=SetRules(seed=1)))
    assert (len(few.sets.first), len(few.sets.second)) == (6, 6)
    with pytest.raises(ValueError, match="Expected max_images to be 1 or more"):
        spotdiff.describe(*folders, using=Describer(max_images=0))


def test_objects_that_are_counted_are_hypotheses(tmp_path):
    class Balls:
        info, classes = ModelInfo("balls", ""), ("ball",)

        def __call__(self, images, names):
            assert tuple(names) == ("ball",)
            return [self.found(int((image[..., 0] > 200).any())) for image in images]

        def found(self, count):
            boxes, scores = np.zeros((count, 4), np.float32), np.ones(count, np.float32)
            return Detections(boxes, scores, ("ball",) * count)

    for i in range(12):
        write_image(tmp_path / "a" / f"{i}.png", with_a_ball(calm(i)))
        write_image(tmp_path / "b" / f"{i}.png", calm(100 + i))
    report = spotdiff.describe(tmp_path / "a", tmp_path / "b", using=Describer(detector=Balls()))
    areas = {one.hypothesis.text: one.auroc for one in report.ranked}
    assert areas["pictures with balls"] == areas["many balls"] == 1.0
    assert report.models[-1] == ("detector", "balls", "")


def test_damaged_pictures_are_told_and_the_rest_is_compared(tmp_path):
    for i in range(6):
        write_image(tmp_path / "a" / f"{i}.png", darker(calm(i)))
        write_image(tmp_path / "b" / f"{i}.png", calm(100 + i))
    (tmp_path / "a" / "torn.png").write_bytes(b"torn")
    report = spotdiff.describe(tmp_path / "a", tmp_path / "b")
    assert report.ranked_on == (3, 3)
    (problem,) = report.problems
    assert "torn.png: expected an image" in problem


def test_the_changes_of_pairs_are_sets_a_kind(tmp_path):
    first, second = noise(1, 64, 96) // 3, noise(1, 64, 96) // 3
    second[20:40, 30:60] = (230, 40, 40)
    views = []
    for name, image in (("before", first), ("after", second)):
        path = write_image(tmp_path / f"{name}.png", image)
        views.append(ViewInfo(str(path), 96, 64))
    box = (30.0, 20.0, 60.0, 40.0)
    added = Change(ChangeKind.ADDED, 0.9, "ball", None, box)
    path = tmp_path / "predictions.jsonl"
    with JsonlWriter(path) as writer:
        for i in range(3):
            writer.write(PairResult(f"p{i}", *views, changes=(added,)))
        writer.write(PairResult("q", *views, status="error", reason="torn"))
    told = spotdiff.describe_changes(path)
    assert list(told) == [ChangeKind.ADDED]
    report = told[ChangeKind.ADDED]
    assert report.labels == (("ball", 3),)
    assert report.reference == ()
    assert len(report.sets.first) == 3
    assert report.ranked[0].auroc == 1.0
    assert any("pair q: was not answered: torn" in problem for problem in report.problems)


def test_predictions_without_changes_are_one_sentence(tmp_path):
    path = tmp_path / "predictions.jsonl"
    view = ViewInfo("a.png", 10, 10)
    with JsonlWriter(path) as writer:
        writer.write(PairResult("p", view, view))
    with pytest.raises(ValueError, match="expected changes, none of its pairs has any"):
        spotdiff.describe_changes(path)
    path.write_text(json.dumps({"a": 1}) + "\n")
    with pytest.raises(ValueError, match="expected a prediction record"):
        spotdiff.describe_changes(path)
    with pytest.raises(FileNotFoundError, match="Expected a file of predictions for from"):
        spotdiff.describe_changes(tmp_path / "nowhere.jsonl")
