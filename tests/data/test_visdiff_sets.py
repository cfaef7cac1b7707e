from __future__ import annotations

import json

import pytest

from spotdiff.data.visdiff_sets import visdiff_bench
from tests.set_world import picture, write_image


@pytest.fixture
def root(tmp_path):
    """A small benchmark in the folders of the published one."""
    folder = tmp_path / "data" / "VisDiffBench"
    for part, count in (("easy", 2), ("medium", 1), ("hard", 1)):
        lines = []
        for number in range(count):
            images = [[f"{part}/{number}/{side}/{i}.png" for i in range(3)] for side in ("a", "b")]
            for path in (*images[0], *images[1]):
                write_image(folder / path, picture("red car"))
            told = {"set1": f"{part} one {number}", "set2": "other", "difficulty": "easy"}
            told |= {"difference": f"difference {number}", "set1_images": images[0]}
            lines.append(json.dumps({**told, "set2_images": images[1], "set1_images_url": []}))
        (folder / f"{part}.jsonl").write_text("\n".join(lines))
    for table, folder_name, groups in (
        ("ImageNetR", "imagenetr", ("imagenet", "misc", "art", "toy")),
        ("ImageNetStar", "imagenetstar", ("base", "in the fog")),
    ):
        rows = ["path,group_name"]
        for group in groups:
            path = f"{folder_name}/{group.replace(' ', '_')}/0.png"
            write_image(folder / path, picture("blue dog"))
            rows.append(f"./data/VisDiffBench/{path},{group}")
        (folder / f"{table}.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_all_parts_are_read_with_their_truth(root):
    bench = visdiff_bench(root)
    assert bench.absent == ()
    told = [(one.name, one.part, one.problem) for one in bench.sets]
    assert told == [
        ("easy-0001", "easy", None), ("easy-0002", "easy", None), ("medium-0001", "medium", None),
        ("hard-0001", "hard", None), ("ImageNet-R-art", "ImageNet-R", None),
        ("ImageNet-R-toy", "ImageNet-R", None), ("ImageNet*-in the fog", "ImageNet*", None),
    ]  # fmt: skip
    first, style = bench.sets[0].sets, bench.sets[4].sets
    assert first.names == ("easy one 0", "other")
    assert (first.difference, first.difficulty) == ("difference 0", "easy")
    assert (len(first.first), len(first.second)) == (3, 3)
    assert style.names == ("art", "imagenet")
    assert style.difference == "art"


def test_pictures_are_found_whatever_folder_their_paths_begin_with(root):
    for folder in (root, root.parent):
        for one in visdiff_bench(folder).sets:
            for item in (*one.sets.first, *one.sets.second):
                assert item.path.startswith(str(root))
                with open(item.path, "rb") as file:  # noqa: PTH123
                    assert file.read(4) == b"\x89PNG"


def test_the_difficulty_is_that_of_the_folder_of_the_pictures(root):
    lines = (root / "hard.jsonl").read_text()
    (root / "easy.jsonl").write_text(lines)
    parts = [one.part for one in visdiff_bench(root).sets if one.name.startswith("easy")]
    assert parts == ["hard"]
    assert visdiff_bench(root).sets[1].sets.difficulty == "hard"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"set1": "a"}', "set2: expected text, got None"),
        ('{"set1": "a", "set2": "b", "set1_images": [], "set2_images": ["x"]}', "list of paths"),
        ("{broken", "broken JSON"),
        ('{"set1": 3, "set2": "b"}', "set1: expected text"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_problem_of_its_own(root, line, words):
    (root / "medium.jsonl").write_text(line + "\n")
    bench = visdiff_bench(root)
    (broken,) = [one for one in bench.sets if one.problem]
    assert (broken.part, broken.sets) == ("medium", None)
    assert words in broken.problem
    assert "medium.jsonl row 1" in broken.problem
    assert len(bench.sets) == 7


def test_what_is_absent_is_named_and_nothing_at_all_is_one_sentence(root, tmp_path):
    (root / "easy.jsonl").unlink()
    (root / "ImageNetR.csv").write_text("path,group_name\nx.png,art\n")
    bench = visdiff_bench(root)
    assert bench.absent == ("easy",)
    (broken,) = [one for one in bench.sets if one.problem]
    assert "there is no group 'imagenet'" in broken.problem
    with pytest.raises(FileNotFoundError, match="Expected the files of VisDiffBench"):
        visdiff_bench(tmp_path / "empty")
