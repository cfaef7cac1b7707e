"""Collections without what they hold twice: the assertions of the operator that this replaces."""

import json
import shutil

import cv2
import numpy as np
import pytest

from spotdiff.apps.deduplication import DedupRules, deduplicate
from spotdiff.types import ImageRow
from tests.fakes import noise, write_image

METHODS = ("phash", "dhash", "ahash", "whash")


@pytest.fixture(scope="module")
def seven(tmp_path_factory):
    """Seven pictures, of which 4 is 1 again, 5 is 2, and 6 and 7 are 3."""
    folder = tmp_path_factory.mktemp("seven")
    paths = [folder / f"{number}.png" for number in range(1, 8)]
    for path, seed in zip(paths[:3], (1, 2, 3), strict=True):
        write_image(path, noise(seed, 120, 160))
    for target, source in ((3, 0), (4, 1), (5, 2), (6, 2)):
        shutil.copy(paths[source], paths[target])
    return paths


def stays(rows, **rules) -> list[int]:
    """The numbers of the rows that stay, from 1 on."""
    found = deduplicate(rows, DedupRules(**rules), workers=1)
    return [i + 1 for i in np.flatnonzero(found.stays).tolist()]


def of(seven, *numbers, texts=()) -> list[ImageRow]:
    """Rows of some pictures, given by their numbers or by lists of them."""
    words = [*texts, *[None] * (len(numbers) - len(texts))]
    return [
        ImageRow(
            str(i), tuple(seven[n - 1] for n in (some if isinstance(some, list) else [some])), t
        )
        for i, (some, t) in enumerate(zip(numbers, words, strict=True))
    ]


def traced(rows, show_num, **rules) -> int:
    return len(deduplicate(rows, DedupRules(**rules), workers=1).groups[:show_num])


@pytest.mark.parametrize("compat", [None, "data-juicer"])
class TestTheOperatorsOwnAssertions:
    def test_one_row_stays(self, seven, compat):
        assert stays(of(seven, 1), compat=compat) == [1]

    def test_three_different_ones_stay(self, seven, compat):
        assert stays(of(seven, 1, 2, 3), compat=compat) == [1, 2, 3]
        assert traced(of(seven, 1, 2, 3), 1, compat=compat) == 0

    def test_the_second_of_two_goes(self, seven, compat):
        assert stays(of(seven, 1, 2, 2), compat=compat) == [1, 2]
        assert traced(of(seven, 1, 2, 2), 1, compat=compat) == 1

    def test_three_of_seven_stay(self, seven, compat):
        assert stays(of(seven, *range(1, 8)), compat=compat) == [1, 2, 3]

    def test_texts_count_where_they_are_asked_for(self, seven, compat):
        rows = of(seven, *range(1, 8), texts=("t1", "t2", "t3", "t1", "t5", "t3", "t7"))
        assert stays(rows, consider_text=True, compat=compat) == [1, 2, 3, 5, 7]
        assert traced(rows, 2, consider_text=True, compat=compat) == 2

    def test_rows_of_several_images(self, seven, compat):
        rows = of(seven, [1, 2, 3], [4, 5, 6], [7], [6])
        assert stays(rows, compat=compat) == [1, 3]
        worded = of(seven, [1, 2, 3], [4, 5, 6], [7], [6], texts=("a", "b", "c", "c"))
        assert stays(worded, consider_text=True, compat=compat) == [1, 2, 3]

    @pytest.mark.parametrize("method", METHODS)
    def test_the_order_of_images_counts(self, seven, compat, method):
        rows = of(seven, [1, 2], [2, 1], [4, 5], [7, 7], [6, 6])
        assert stays(rows, method=method, compat=compat) == [1, 2, 4]

    def test_rows_without_images_stay(self, seven, compat):  # noqa: ARG002
        assert stays([ImageRow("a"), ImageRow("b")], compat=compat) == [1, 2]

    def test_rows_without_images_go_by_their_text(self, seven, compat):  # noqa: ARG002
        rows = [ImageRow(str(i), text=t) for i, t in enumerate(("t1", "t2", "t1", "t3"))]
        assert stays(rows, consider_text=True, compat=compat) == [1, 2, 4]

    def test_unknown_methods_are_refused(self, seven, compat):
        with pytest.raises(ValueError, match="phash"):
            stays(of(seven, 1), method="md5", compat=compat)


def test_an_image_that_comes_twice_counts_twice_except_for_the_operator(seven):
    rows = of(seven, [1], [1, 1], [1, 2], [1, 2, 1])
    assert stays(rows) == [1, 2, 3, 4]
    assert stays(rows, compat="data-juicer") == [1, 3]


def test_black_and_white_are_the_same_to_the_operator_alone(tmp_path):
    for name, level in (("black", 0), ("white", 255)):
        write_image(tmp_path / f"{name}.png", np.full((40, 60, 3), level, np.uint8))
    assert stays([ImageRow(n, (tmp_path / f"{n}.png",)) for n in ("black", "white")]) == [1, 2]
    found = deduplicate(tmp_path, DedupRules(compat="data-juicer"), workers=1)
    assert found.stays.tolist() == [True, False]


def test_what_cannot_be_read_stays_and_is_told(seven, tmp_path):
    torn = tmp_path / "torn.png"
    torn.write_bytes(seven[0].read_bytes()[:90])
    rows = [*of(seven, 1), ImageRow("torn", (torn,)), ImageRow("gone", (tmp_path / "gone.png",))]
    found = deduplicate([*rows, *rows], workers=1)
    assert found.stays.tolist() == [True, True, True, False, True, True]
    assert len(found.problems) == 4
    assert any("torn.png" in problem for problem in found.problems)


def test_near_ones_are_found_and_the_largest_stays(seven, tmp_path):
    image = cv2.imread(str(seven[0]))
    small = tmp_path / "small.jpg"
    cv2.imwrite(str(small), cv2.resize(image, (80, 60), interpolation=cv2.INTER_AREA))
    rows = [ImageRow("small", (small,)), *of(seven, 1, 2)]
    found = deduplicate(rows, DedupRules(max_distance=6, keep="largest"), workers=1)
    assert found.first.tolist() == [0, 0, 2]
    assert found.kept.tolist() == [1, 1, 2]
    assert 0 <= found.distances[0] <= 6


def test_a_folder_and_a_table_are_collections(seven, tmp_path):
    table = tmp_path / "rows.jsonl"
    table.write_text("".join(json.dumps({"images": [str(path)]}) + "\n" for path in seven))
    for source in (seven[0].parent, table):
        assert deduplicate(source, workers=1).stays.sum() == 3


def test_a_second_run_reads_no_pixels(seven, tmp_path, monkeypatch):
    cache = tmp_path / "hashes"
    first = deduplicate(seven[0].parent, cache=cache, workers=1)
    from PIL import Image

    monkeypatch.setattr(Image, "open", lambda *_: pytest.fail("a picture was opened"))
    again = deduplicate(seven[0].parent, cache=cache, workers=1)
    assert again.first.tolist() == first.first.tolist()


@pytest.mark.parametrize("distance", [0, 4])
def test_mirror_images_are_found_on_request(seven, tmp_path, distance):
    turned = tmp_path / "turned.png"
    cv2.imwrite(str(turned), cv2.imread(str(seven[0]))[:, ::-1])
    rows = [*of(seven, 1, [1, 2]), ImageRow("turned", (turned,)), ImageRow("b", (turned, seven[1]))]
    assert stays(rows, max_distance=distance) == [1, 2, 3, 4]
    assert stays(rows, max_distance=distance, mirrored=True) == [1, 2, 4]


def test_rows_are_read_again_and_never_held(seven):
    found = deduplicate(seven[0].parent, workers=1)
    assert [row.where for row in found.rows] == [path.name for path in seven]
    assert {number: row.where for number, row in found.picked([2, 5]).items()} == {
        2: "3.png",
        5: "6.png",
    }


def test_an_older_collection_is_another_argument(seven):
    found = deduplicate(of(seven, 1, 4, 3), against=of(seven, 5, 7), workers=1)
    assert found.older == 2
    assert found.stays.tolist() == [False, False, True, False, False]
