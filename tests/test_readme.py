"""Every command and every example in the README and the pages of docs/ works as it stands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser

from spotdiff.cli import VERBS
from spotdiff.data.demo import demo_pair
from spotdiff.data.sources import open_source
from spotdiff.labels import Synonyms
from spotdiff.types import Change, ChangeKind, PairResult, PairRow, ViewInfo
from spotdiff.writers.jsonl import JsonlWriter
from spotdiff.writers.records import schema
from tests.fakes import noise, write_image
from tests.photo_parts import library, write_coco

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(
        ROOT / "docs" / f"{name}.md"
        for name in (
            "alignment",
            "architecture",
            "areas",
            "building",
            "captions",
            "data",
            "deduplication",
            "evaluation",
            "objects",
            "records",
            "sets",
            "training",
        )
    ),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RECORDS = "outputs/**/predictions.jsonl"
LINK = re.compile(r"\]\(([^)#]+)\)")
# What keeps a command short that is meant to run for minutes.
SHORT = {
    "synthesize": ("length=2", "workers=1", "size=[64,64]"),
    "calibrate": ("data.module.num_workers=0", "data.size=[64,64]", "trainer=cpu"),
}


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(page.read_text("utf-8")) if kind == language]


def commands() -> Iterator[tuple[str, ...]]:
    """The distinct commands of all pages, split into words, without their comments."""
    lines = (line for page in PAGES for body in blocks(page, "sh") for line in body.splitlines())
    return iter(dict.fromkeys(tuple(shlex.split(line, comments=True)) for line in lines if line))


def as_verb(words: tuple[str, ...]) -> tuple[str, list[str]] | None:
    """The verb and the arguments of one of our programs."""
    if words[0] == "spotdiff":
        return words[1], list(words[2:])
    if words[0].endswith("python") and words[1].endswith(".py"):
        assert (ROOT / words[1]).is_file()
        return Path(words[1]).stem, list(words[2:])
    return None


OURS = [found for words in commands() if (found := as_verb(words)) is not None]
# What takes minutes, or what no test has: other trainers, fetched weights, a cluster.
LONG = (
    "trainer=",
    "engine=ray",
    "areas_published",
    "proposer=sam2",
    "captioner=mllm",
    "detector@",
    "detector=",
    "image_text=",
    "img_diff_published",
    "removal_published",
    "=image_pairs",
    "editor=chat",
)
HEAVY = [
    (verb, words)
    for verb, words in OURS
    if verb in ("train", "tune")
    or any(sign in word for word in words for sign in LONG)
    or ("experiment=objects" in words and "~detectors.owlv2" not in words)
]
RUN = [found for found in OURS if found not in HEAVY]
OTHER = [words for words in commands() if as_verb(words) is None]


def named(found: tuple[str, list[str]]) -> str:
    return " ".join([found[0], *found[1]])


@pytest.fixture
def world(tmp_path, tiny_checkpoint, monkeypatch) -> Path:
    """A folder with everything that the pages talk of, and a tiny model for the shipped one."""
    for name in ("before", "street/before/01", "cam/monday/a_01", "scans/x-old", "a", "17_1"):
        write_image(tmp_path / f"{name}.jpg", noise(1))
    for name in ("after", "street/after/01", "cam/friday/b_01", "scans/x-new", "b", "17_2"):
        write_image(tmp_path / f"{name}.jpg", noise(2))
    for name in ("photos/1", "photos/2", "18_1", "18_2"):
        write_image(tmp_path / f"{name}.jpg", noise(3, 96, 128))
    write_coco(tmp_path / "coco", library(tmp_path / "coco").photos)
    mask = np.zeros((64, 96), np.uint8)
    mask[10:30, 20:60] = ChangeKind.CHANGED.bit
    (tmp_path / "street" / "label").mkdir()
    for path in (tmp_path / "street" / "label" / "01.png", tmp_path / "mask.png"):
        assert cv2.imwrite(str(path), mask)
    demo_pair(tmp_path / "outputs" / "demo")
    told = {"image_path1": "before.jpg", "image_path2": "after.jpg"}
    told |= {"caption1": "a red car", "caption2": "a blue car", "images": ["before.jpg"]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(told) + "\n")
    (tmp_path / "words.csv").write_text(
        "img_id,added_objs,removed_objs,changed_objs\n17,car,none,cup\n"
    )
    (tmp_path / "sets.csv").write_text(
        "path,group_name\nphotos/1.jpg,night\n18_1.jpg,night\na.jpg,day\nb.jpg,day\n"
    )
    added = Change(ChangeKind.ADDED, 0.9, "cup", None, (5.0, 5.0, 40.0, 40.0))
    with JsonlWriter(tmp_path / "outputs" / "predict" / "predictions.jsonl") as writer:
        writer.write(PairResult("17", ViewInfo("a.jpg"), ViewInfo("b.jpg"), changes=(added,)))
    shipped = tmp_path / "checkpoints" / "spotdiff-small.ckpt"
    shipped.parent.mkdir()
    shutil.copy(tiny_checkpoint, shipped)
    for place in ("cli.pipelines", "apps.own_experts"):
        monkeypatch.setattr(f"spotdiff.{place}.shipped_checkpoint", lambda: shipped)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_hold_commands_of_every_sort():
    assert {verb for verb, _ in OURS} == set(VERBS)
    assert ("make", "demo") in OTHER
    assert ("make", "test") in OTHER


@pytest.mark.parametrize("found", RUN, ids=named)
def test_the_command_runs(found, world, program):
    verb, words = found
    earlier = set(world.glob(RECORDS))
    assert program(verb, *words, *SHORT.get(verb, ())) == 0
    outs = [word.removeprefix("out=") for word in words if word.startswith("out=")]
    assert all((world / out).exists() for out in outs)
    if verb == "predict":
        (records,) = set(world.glob(RECORDS)) - earlier
        assert [json.loads(line)["status"] for line in records.open()] == ["ok"]


@pytest.mark.parametrize("found", HEAVY, ids=named)
def test_the_long_command_names_keys_and_options_that_exist(found):
    verb, words = found
    overrides = OverridesParser.create().parse_overrides([w for w in words if w != "-m"])
    single = [
        f"{override.key_or_group}={next(override.sweep_string_iterator())}"
        if override.is_sweep_override()
        else override.input_line
        for override in overrides
    ]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        cfg = compose(verb, single, return_hydra_config=True)
    for override in overrides:
        if override.key_or_group == "data.root":
            assert cfg.data.root == override.value()


@pytest.mark.parametrize("words", OTHER, ids=" ".join)
def test_the_command_of_another_tool_names_what_is_there(words):
    if words[0] == "make":
        dry = subprocess.run(
            ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, check=False
        )
        assert dry.returncode == 0, dry.stderr
    elif words[:3] == ("python3", "-m", "venv"):
        assert words[3:] == (".venv",)
    else:
        assert words[0] == ".venv/bin/pip"
        assert words[1] == "install"
        assert (ROOT / ("requirements.txt" if "-r" in words else "pyproject.toml")).is_file()
        assert words[-1] in ("requirements.txt", ".")


@pytest.mark.usefixtures("world")
def test_the_python_of_the_readme_prints_the_changes(capsys):
    (body,) = blocks(ROOT / "README.md", "python")
    exec(compile(body, "README.md", "exec"), {})
    assert any(line.startswith(tuple(ChangeKind)) for line in capsys.readouterr().out.splitlines())


@pytest.mark.usefixtures("world")
def test_the_python_of_the_sets_page_says_what_differs(capsys):
    (body,) = blocks(ROOT / "docs" / "sets.md", "python")
    exec(compile(body, "sets.md", "exec"), {})
    assert capsys.readouterr().out.startswith("['")


def test_the_python_of_the_records_page_finds_the_schema(capsys):
    (body,) = blocks(ROOT / "docs" / "records.md", "python")
    exec(compile(body, "records.md", "exec"), {})
    assert capsys.readouterr().out == "Prediction\n"


def test_the_python_of_the_captions_page_says_that_there_is_no_server(capsys):
    (body,) = blocks(ROOT / "docs" / "captions.md", "python")
    exec(compile(body, "captions.md", "exec"), {})
    assert capsys.readouterr().out.startswith("None http://127.0.0.1:9/v1: the server cannot")


@pytest.mark.parametrize("page", ["README.md", "docs/records.md"])
def test_the_records_on_the_page_follow_the_schema(page):
    (body,) = blocks(ROOT / page, "json")
    jsonschema.validate(json.loads(body.replace("…", "0" * 64)), schema())


def test_the_tables_on_the_data_page_are_read_without_a_problem(world):
    page = ROOT / "docs" / "data.md"
    manifest, coco = blocks(page, "json")
    (words,) = (body for body in blocks(page, "") if body.startswith("img_id"))
    (world / "m.jsonl").write_text(json.dumps(json.loads(manifest)))
    (world / "c.json").write_text(coco)
    (world / "w.csv").write_text(words)
    rows = [row for name in ("m.jsonl", "c.json", "w.csv") for row in open_source(world / name)]
    assert all(isinstance(row, PairRow) for row in rows), rows
    assert [row.pair_id for row in rows] == ["demo", "7", "17", "18"]
    assert rows[1].changes[0].box_after == (10, 20, 40, 60)
    assert rows[2].labels.of(ChangeKind.ADDED) == ("person", "car", "car")


def test_the_synonyms_on_the_data_page_fold(tmp_path):
    (body,) = blocks(ROOT / "docs" / "data.md", "yaml")
    (tmp_path / "synonyms.yaml").write_text(body)
    synonyms = Synonyms.from_file(tmp_path / "synonyms.yaml")
    assert synonyms.fold(["traffic", "cone", "bike"]) == ("cone", "bicycle")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target


def test_the_pins_name_no_host_and_no_file():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)?", line) for line in lines)
    names = {line.split("==")[0] for line in lines}
    assert {"torch", "torchvision", "lightning", "pytest", "ruff", "optuna"} <= names
    assert not names & {"ultralytics", "ultralytics-opencv-headless", "opencv-python"}
