"""Prediction that a chat model puts into words: on this machine, behind a server, or absent."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import instantiate

from spotdiff.stages.difference_captioner import MllmCaptioner
from tests.fakes import noise, write_image
from tests.tiny_chat import tiny_llava

CONF = Path(__file__).resolve().parents[2] / "conf"


@pytest.fixture(scope="module")
def chat_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("weights") / "tiny-llava"
    parts = tiny_llava()
    parts.model.save_pretrained(folder)
    parts.processor.save_pretrained(folder)
    return folder


@pytest.fixture
def predict(program, tiny_checkpoint, tmp_path):
    def run(*arguments: str) -> int:
        views = [write_image(tmp_path / f"{i}.png", noise(i)) for i in range(2)]
        given = (f"before={views[0]}", f"after={views[1]}", f"ckpt={tiny_checkpoint}")
        return program("predict", *given, "device=cpu", "overlays=false", "out=run", *arguments)

    return run


def _record(tmp_path) -> dict:
    (line,) = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    return json.loads(line)


def test_a_chat_model_says_what_differs(predict, tmp_path, chat_folder):
    settings = ["captioner=mllm", f"captioner.model.name_or_dir={chat_folder}"]
    settings.append("captioner.model.generation.max_new_tokens=9")
    assert predict(*settings) == 0
    record = _record(tmp_path)
    assert record["captioner"]["name"] == "tiny-llava, region/1 difference/1"
    assert record["changes"]
    for change in record["changes"]:
        assert change["caption"]
        assert all(change["region_captions"])
    assert record["caption"] == " ".join(change["caption"] for change in record["changes"])


def test_a_server_that_is_not_there_costs_the_captions_and_not_the_boxes(predict, tmp_path):
    settings = ["captioner=endpoint", "captioner.model.model=m", "captioner.model.retries=0"]
    assert predict(*settings, "captioner.model.base_url=http://127.0.0.1:9/v1") == 0
    record = _record(tmp_path)
    assert record["captioner"]["name"].startswith("m at http://127.0.0.1:9/v1, region/1")
    assert record["caption"] is None
    assert all(
        "the server cannot be reached" in change["caption_reason"] for change in record["changes"]
    )


def test_weights_that_are_absent_are_one_sentence(predict, capsys, monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert predict("captioner=mllm") == 64
    told = capsys.readouterr().err
    assert "Run `spotdiff models fetch Qwen/Qwen2.5-VL-7B-Instruct`" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("captioner", ["mllm", "endpoint"])
@pytest.mark.parametrize("checks", ["none", "operator", "published"])
def test_checks_are_chosen_by_name(captioner, checks, monkeypatch):
    made = {}

    def noted(name_or_dir, **settings):
        made[name_or_dir] = settings
        raise RuntimeError("that will do")

    monkeypatch.setattr("spotdiff.experts.blip.BlipMatcher.from_pretrained", noted)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("predict", [f"captioner={captioner}", f"captioner/checks={checks}"])
    GlobalHydra.instance().clear()
    if checks == "none":
        assert instantiate(cfg.captioner.checks, _convert_="all").experts == {}
        return
    with pytest.raises(Exception, match="that will do"):
        instantiate(cfg.captioner.checks, _convert_="all")
    large, score = checks == "published", {"operator": "itm", "published": "itc"}[checks]
    assert made == {
        f"Salesforce/blip-itm-{'large' if large else 'base'}-coco": {"score": score, "half": False}
    }


def test_an_endpoint_with_rules_alone_needs_nothing_downloaded():
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        words = ["captioner=endpoint", "captioner.model.model=m", "captioner/checks=operator"]
        words += ["captioner.checks.matcher=null", "captioner.checks.embedder=null"]
        cfg = compose("predict", words)
    GlobalHydra.instance().clear()
    found = instantiate(cfg.captioner, _convert_="all")
    assert isinstance(found, MllmCaptioner)
    assert found.checks.rules.max_area == 0.1
    assert list(found.experts) == ["model"]
