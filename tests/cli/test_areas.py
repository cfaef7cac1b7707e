"""Difference areas as a user starts them: through the Lightning loop or without it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spotdiff.pipeline import PairPipeline
from tests.fakes import noise, write_image

COUNT = 5
EVERYTHING = (
    "areas.min_similarity=-1",
    "areas.max_similarity=1",
    "areas.max_region_similarity=1",
    "areas.min_area=0",
)


@pytest.fixture
def areas(program, tiny_checkpoint) -> Callable[..., int]:
    def run(*arguments: str) -> int:
        fixed = ("experiment=areas", "trainer=cpu", "device=cpu", f"ckpt={tiny_checkpoint}")
        return program("predict", *fixed, *arguments)

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Pairs as siblings: a block of other noise in each, the last one of unequal sizes."""
    for i in range(COUNT):
        before = noise(i, *((80, 60) if i == COUNT - 1 else (64, 96)))
        after = noise(i)
        after[16:48, 24:72] = noise(100 + i, 32, 48)
        for view, image in ((1, before), (2, after)):
            write_image(tmp_path / "in" / f"p{i}_{view}.png", image)
    return tmp_path / "in"


@pytest.fixture
def answered(monkeypatch) -> list[str]:
    """The ids of the pairs that were looked at, as they come."""
    ids: list[str] = []
    told = PairPipeline._told

    def noted(self, read, *rest):
        ids.append(read.result.pair_id)
        return told(self, read, *rest)

    monkeypatch.setattr(PairPipeline, "_told", noted)
    return ids


def records(out: Path) -> dict[str, dict]:
    lines = (out / "predictions.jsonl").read_text().splitlines()
    found = {record["pair_id"]: record for record in map(json.loads, lines)}
    assert len(found) == len(lines)
    return found


def only_line(capsys) -> str:
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    return error


def test_records_say_how_areas_were_found_and_a_funnel_sums_them(areas, folder, tmp_path, capsys):
    assert areas(f"pairs={folder}", "out=run") == 0
    told = capsys.readouterr().err
    found = records(tmp_path / "run")
    assert list(found) == [f"p{i}" for i in range(COUNT)]
    reports = [record["areas"] for record in found.values()]
    funnel = json.loads((tmp_path / "run" / "funnel.json").read_text())
    for name, count in funnel["funnel"].items():
        assert count == sum(report["funnel"][name] for report in reports)
    assert funnel["funnel"]["pairs"] == COUNT == sum(funnel["reasons"].values())
    assert funnel["failed"] == 0
    assert {record["captioner"]["name"] for record in found.values()} == {"template"}
    assert all(record["caption"].endswith(".") for record in found.values())
    for report in reports:
        assert set(report["experts"]) == {"proposer", "similarity"}
        assert (report["reason"] is None) == (report["funnel"]["kept"] > 0)
    assert any(record["changes"] for record in found.values())
    assert "Difference areas by proposer tiny, similarity tiny." in told
    *_, line, last = told.strip().splitlines()
    assert line.startswith(f"Funnel: {COUNT} pairs → ")
    assert last.startswith(f"{COUNT} pairs answered: ")


def test_no_temporary_file_is_left(areas, folder, tmp_path):
    before = set(tmp_path.rglob("*"))
    assert areas(f"pairs={folder}", "out=run", "overlays=true") == 0
    left = {str(path.relative_to(tmp_path)) for path in set(tmp_path.rglob("*")) - before}
    pictures = {f"run/overlays/p{i}.png" for i in range(COUNT)}
    files = {f"run/{name}" for name in ("predictions.jsonl", "funnel.json", "settings.json")}
    assert left == {"run", "run/overlays", *files, *pictures}


def test_a_second_run_answers_nothing_and_changes_nothing(areas, folder, tmp_path, answered):
    assert areas(f"pairs={folder}", "out=run") == 0
    kept = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    answered.clear()
    assert areas(f"pairs={folder}", "out=run") == 0
    assert answered == []
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == kept


@pytest.mark.parametrize("engine", ["lightning", "local"])
def test_what_a_killed_run_left_is_gathered_and_not_answered_again(
    areas, folder, tmp_path, answered, engine
):
    assert areas(f"pairs={folder}", "out=run") == 0
    out = tmp_path / "run"
    whole = (out / "predictions.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    (out / "predictions.jsonl").write_bytes(lines[0])
    (out / "predictions.rank0.jsonl").write_bytes(lines[1] + lines[2] + lines[3][:50])
    answered.clear()
    assert areas(f"pairs={folder}", "out=run", f"engine={engine}") == 0
    assert sorted(answered) == ["p3", "p4"]
    assert (out / "predictions.jsonl").read_bytes() == whole
    assert not list(out.glob("predictions.rank*"))


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("areas.max_areas=3", "areas"),
        ("areas=recipe", "areas"),
        ("framing=resize", "framing"),
        ("similarity.region_scale=[[-1,-1],[1,1]]", "similarity"),
        ("max_side=64", "max_side"),
        ("~areas", "areas"),
    ],
)
def test_other_settings_are_refused_in_the_same_folder(
    areas, folder, tmp_path, capsys, setting, named
):
    assert areas(f"pairs={folder}", "out=run", "engine=local") == 0
    kept = (tmp_path / "run" / "predictions.jsonl").read_bytes()
    capsys.readouterr()
    assert areas(f"pairs={folder}", "out=run", "engine=local", setting) == 64
    error = only_line(capsys)
    assert named in error.partition(" differ: ")[0]
    assert "choose another out=" in error
    assert (tmp_path / "run" / "predictions.jsonl").read_bytes() == kept


def test_the_local_engine_gives_the_records_of_the_lightning_loop(areas, folder, tmp_path):
    assert areas(f"pairs={folder}", "out=lightning", *EVERYTHING) == 0
    assert areas(f"pairs={folder}", "out=local", "engine=local", *EVERYTHING) == 0
    assert records(tmp_path / "local") == records(tmp_path / "lightning")


def test_views_of_unequal_size_have_boxes_in_their_own_pixels(areas, folder, tmp_path):
    assert areas(f"pairs={folder}", "out=run", *EVERYTHING) == 0
    record = records(tmp_path / "run")[f"p{COUNT - 1}"]
    # 60 × 80 pixels fit into 96 × 64 as 48 × 64, 24 columns free on both sides
    assert record["alignment"] == {
        "method": "fit",
        "matrix": [[0.8, 0, 24], [0, 0.8, 0], [0, 0, 1]],
        "registration": None,
    }
    assert record["changes"]
    for change in record["changes"]:
        before, after = change["box_before"], change["box_after"]
        if before:
            assert 0 <= before[0] < before[2] <= 60
            assert 0 <= before[1] < before[3] <= 80
        if after:
            assert 24 <= after[0] < after[2] <= 72
            assert 0 <= after[1] < after[3] <= 64
        if before and after:
            carried = np.array(before) * 0.8 + [24, 0, 24, 0]
            np.testing.assert_allclose(carried, after, atol=0.02)


@pytest.mark.usefixtures("folder")
def test_an_answer_depends_neither_on_its_company_nor_on_its_place(areas, tmp_path):
    names = [f"p{i}" for i in range(COUNT)]
    orders = {"one": names, "two": [*names[::-1], "again"]}
    for name, order in orders.items():
        rows = [(pair, "p0" if pair == "again" else pair) for pair in order]
        lines = [f"{pair},in/{stem}_1.png,in/{stem}_2.png" for pair, stem in rows]
        (tmp_path / f"{name}.csv").write_text("\n".join(["pair_id,before,after", *lines]))
    wanted = ("engine=local", *EVERYTHING)
    assert areas("pairs=one.csv", "out=one", "batch_size=1", *wanted) == 0
    assert areas("pairs=two.csv", "out=two", "batch_size=6", *wanted) == 0
    one, two = records(tmp_path / "one"), records(tmp_path / "two")
    assert list(two) == orders["two"]
    again = two.pop("again")
    assert again["changes"] == two["p0"]["changes"]
    for name in names:
        _same(one[name], two[name])


def _same(one: dict, two: dict) -> None:
    """The same answer, as far as sums in another order are the same numbers."""
    assert one["areas"]["reason"] == two["areas"]["reason"]
    assert [c["kind"] for c in one["changes"]] == [c["kind"] for c in two["changes"]]
    for own, other in zip(one["changes"], two["changes"], strict=True):
        for box in ("box_before", "box_after"):
            assert own[box] == other[box]
        assert own["score"] == pytest.approx(other["score"], abs=2e-3)


@pytest.mark.parametrize("rules", ["operator", "recipe"])
def test_other_rules_are_one_word(areas, folder, tmp_path, rules):
    assert areas(f"pairs={folder}", "out=run", "engine=local", f"areas={rules}") == 0
    found = records(tmp_path / "run").values()
    assert {record["status"] for record in found} == {"ok"}
    kept = sum(record["areas"]["funnel"]["kept"] for record in found)
    assert kept == sum(len(record["changes"]) for record in found) > 0


def test_a_single_pair_gives_a_table_and_a_picture(areas, folder, tmp_path, capsys):
    pair = (f"before={folder}/p3_1.png", f"after={folder}/p3_2.png")
    assert areas(*pair, "out=run") == 0
    told = capsys.readouterr().err
    assert "difference areas, views 0." in told
    assert "Picture: run/overlays/" in told
    assert len(list((tmp_path / "run" / "overlays").glob("*.png"))) == 1
    assert areas(*pair[:1], f"after={folder}/p3_1.png", "out=same") == 0
    assert "identical, views 1.000 alike" in capsys.readouterr().err


def test_regions_that_are_all_too_small_are_told_with_the_key_that_takes_them(
    areas, folder, tmp_path, capsys
):
    assert areas(f"pairs={folder}", "out=run", *EVERYTHING[:3], "areas.min_area=0.999") == 0
    funnel = json.loads((tmp_path / "run" / "funnel.json").read_text())
    few = funnel["reasons"]["wrong_size"]
    assert f"{few} pairs have only regions that areas.min_area" in capsys.readouterr().err


def test_boxes_can_be_had_as_coco_too(areas, folder, tmp_path):
    assert areas(f"pairs={folder}", "out=run", *EVERYTHING, "writer=coco", "engine=local") == 0
    content = json.loads((tmp_path / "run" / "coco.json").read_text())
    assert len(content["images"]) == 2 * COUNT
    assert content["annotations"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["heatmaps=true"], "heatmaps=false for difference areas"),
        (["writer=submission"], "Expected a matcher for writer=submission"),
        (["engine=nonsense"], "engine to be one of auto, local, lightning, ray, got 'nonsense'"),
        (["engine=lightning", "~trainer"], "add trainer=default"),
        (["writer=datajuicer"], "writer=datajuicer, got pairs="),
        (["~proposer"], "Expected a proposer for difference areas, got none"),
        (["~similarity"], "Expected a similarity for difference areas, got none"),
        (["areas.order=size"], "areas.order to be one of difference, arrival, got 'size'"),
        (["areas.min_similarity=0.99"], "areas.min_similarity of at most areas.max_similarity"),
        (["areas=papre"], "Did you mean 'paper'?"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(areas, folder, capsys, arguments, said):
    assert areas(f"pairs={folder}", "out=run", *arguments) == 64
    assert said in only_line(capsys)
