"""Pairs drawn from captions: files of their own, drawn once, the same whatever stands beside."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotdiff.building.synthesis import PromptPairs
from spotdiff.contracts import Step
from spotdiff.data.images import read_image
from spotdiff.experts.prompt_to_prompt import PromptToPrompt
from spotdiff.types import ModelInfo, Sample
from tests.building.drawing_parts import Drawing
from tests.tiny_diffusion import SIDE, tiny_sdxl

HOSTILE = ("../../escape", "/etc/passwd", ".", "..", "a/b", "x" * 400, "x" * 401, "ä ö\n\ud800", "")


def _sample(sample_id="1", after="a dog"):
    return Sample(sample_id, caption_before="a cat", caption_after=after)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_both_views_lie_in_files_and_the_row_says_how_they_were_made(tmp_path):
    step: Step = PromptPairs(Drawing(), tmp_path / "out", seed=3)
    (found,) = step([_sample()])
    assert found.verdict is None
    prompts, seed = step.synthesizer.asked[0]
    assert prompts == ("a cat", "a dog")
    assert found.made == {"image_pairs": {"model": "ruled", "steps": 4, "seed": seed}}
    views = [read_image(Path(path)) for path in (found.before, found.after)]
    (drawn,) = Drawing()([prompts], [seed])
    for view, own in zip(views, drawn, strict=True):
        assert (view == own).all()
    assert step.settings == {"model": "ruled", "steps": 4, "seed": 3}
    json.dumps(found.made)


def test_ids_cannot_leave_the_folder_and_get_files_of_their_own(tmp_path):
    out = tmp_path / "deep" / "out"
    found = PromptPairs(Drawing(), out)([_sample(name) for name in HOSTILE])
    assert {path.parent for path in _files(tmp_path)} == {out}
    assert len(_files(out)) == 2 * len(HOSTILE)
    assert len({path for one in found for path in (one.before, one.after)}) == 2 * len(HOSTILE)


def test_what_is_there_with_the_same_settings_is_not_drawn_anew(tmp_path):
    samples = [_sample(str(number)) for number in range(3)]
    first = PromptPairs(Drawing(), tmp_path)(samples)
    Path(first[1].after).unlink()
    again = Drawing()
    assert PromptPairs(again, tmp_path)(samples) == first
    assert len(again.asked) == 1
    for other in (
        PromptPairs(Drawing(steps=5), tmp_path),
        PromptPairs(Drawing(), tmp_path, seed=1),
    ):
        found = other(samples)
        assert len(other.synthesizer.asked) == 3
        assert found[0].before != first[0].before
    changed = Drawing()
    PromptPairs(changed, tmp_path)([replace(samples[0], caption_after="a hat")])
    assert len(changed.asked) == 1


def test_a_sample_is_drawn_alike_whatever_stands_beside_it(tmp_path):
    samples = [_sample(str(number)) for number in range(4)]
    together = PromptPairs(Drawing(), tmp_path / "a")(samples)
    for sample, found in zip(samples[::-1], together[::-1], strict=True):
        (alone,) = PromptPairs(Drawing(), tmp_path / "b")([sample])
        assert Path(alone.after).name == Path(found.after).name
        assert Path(alone.after).read_bytes() == Path(found.after).read_bytes()
        assert alone.made == found.made


def test_captions_that_cannot_be_drawn_are_errors_and_cost_the_others_nothing(tmp_path):
    step = PromptPairs(Drawing(longest=10), tmp_path)
    lacking = [Sample("0", caption_before="a cat"), Sample("1", caption_after="a cat")]
    found = step([*lacking, _sample("2", "a" * 11), _sample("3")])
    reasons = [sample.verdict and (sample.verdict.kind, sample.verdict.reason) for sample in found]
    assert reasons == [
        ("error", "there is no caption_after to draw"),
        ("error", "there is no caption_before to draw"),
        ("error", "too long"),
        None,
    ]
    assert len(_files(tmp_path)) == 2
    assert step([]) == []


def test_a_run_that_is_cut_off_leaves_no_half_file(tmp_path, monkeypatch):
    def broken(self, data):
        path_open(self, data[:10])
        raise OSError("disk full")

    path_open = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(OSError, match="disk full"):
        PromptPairs(Drawing(), tmp_path)([_sample()])
    assert _files(tmp_path) == []


def test_prompt_to_prompt_draws_for_the_step(tmp_path):
    expert = PromptToPrompt(tiny_sdxl(), ModelInfo("tiny", "0" * 64), steps=2, side=SIDE)
    step = PromptPairs(expert, tmp_path)
    same, other, long = step([_sample(after="a cat"), _sample(), _sample("2", "fluffy " * 99)])
    assert Path(same.before).read_bytes() == Path(same.after).read_bytes()
    assert Path(other.before).read_bytes() != Path(other.after).read_bytes()
    assert "at most 22 tokens" in long.verdict.reason
    assert json.loads(json.dumps(other.made))["image_pairs"]["edit"]["kind"] == "refine"
