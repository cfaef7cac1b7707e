"""The laws of the house that no tool checks."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "spotdiff").rglob("*.py"))
TEXTS = [
    *SOURCES,
    *sorted((ROOT / "conf").rglob("*.yaml")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "scripts").glob("*.py")),
    *sorted((ROOT / "benchmarks").glob("*.py")),
    *(path for name in ("README.md", "Makefile") if (path := ROOT / name).is_file()),
]


_STAGES = """
import json, sys
import spotdiff.cli
for words in (["--help"], ["build", "--help"]):
    sys.argv = ["spotdiff", *words]
    spotdiff.cli.main()
print(json.dumps([*sys.modules]))
import spotdiff.labels, spotdiff.pipeline, spotdiff.stages.decision
import spotdiff.writers.jsonl, spotdiff.writers.overlay
print(json.dumps([*sys.modules]))
import spotdiff.cli.door, spotdiff.cli.predict
print(json.dumps([*sys.modules]))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What one fresh interpreter has imported after help, after thinking, after predicting."""
    command = [sys.executable, "-c", _STAGES]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "src")
    *said, helping, thinking, predicting = run.stdout.splitlines()
    assert "usage: spotdiff VERB" in "\n".join(said)
    names = {"help": helping, "thinking": thinking, "predicting": predicting}
    return {name: set(json.loads(line)) for name, line in names.items()}


def test_no_file_is_named_after_nothing():
    nameless = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "base.py"}
    assert [path for path in SOURCES if path.name in nameless] == []


def test_every_file_fits_in_300_lines():
    long = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


def test_every_module_says_what_it_is_for():
    silent = [p for p in SOURCES if (text := p.read_text()).strip() and not text.startswith('"""')]
    assert silent == []


def test_views_are_before_and_after_everywhere():
    other = re.compile(r"\b(t1|t2|img1|img2|image_a|image_b|left_image|right_image)\b")
    # data/ translates what other data sets say
    own = [p for p in SOURCES if p.parent.name != "data"]
    assert [p for p in own if other.search(p.read_text())] == []


def test_files_come_from_this_project_and_no_machine():
    private = re.compile(r"/(work|root|home/\w+|tmp)/")
    found = {str(p.relative_to(ROOT)) for p in TEXTS if private.search(p.read_text())}
    assert found == set()


def test_requirements_name_no_hosts():
    files = sorted(ROOT.glob("requirements*"))
    hosts = re.compile(r"https?://|file:|--(extra-)?index-url|--find-links|(^|\s)-[if]\s", re.M)
    for path in files:
        lines = [
            line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")
        ]
        assert hosts.search("\n".join(lines)) is None, path


def test_help_imports_neither_torch_nor_hydra(loaded):
    assert "spotdiff.cli" in loaded["help"]
    assert not {"torch", "hydra", "numpy", "omegaconf"} & loaded["help"]


def test_the_thinking_layers_need_no_torch(loaded):
    assert "spotdiff.pipeline" in loaded["thinking"]
    assert "torch" not in loaded["thinking"]


def test_predicting_imports_no_trainer_and_no_borrowed_model(loaded):
    assert "torch" in loaded["predicting"]
    assert not {"lightning", "ultralytics", "transformers", "albumentations"} & loaded["predicting"]


@pytest.mark.parametrize("verb", ["train", "predict"])
def test_the_scripts_of_a_clone_call_the_same_verbs(verb):
    assert f'main("{verb}")' in (ROOT / f"{verb}.py").read_text()
