"""Weights that are here, absent, damaged, unsafe or of another kind."""

import hashlib
import json
import logging
import pickle
import shutil

import pytest
import torch

from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.pretrained import Borrowed, pretrained
from spotdiff.types import ModelInfo


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of the model hub."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def copy(clip_folder, tmp_path):
    """A folder of weights to spoil."""
    return shutil.copytree(clip_folder, tmp_path / "copy")


def _put_in_cache(folder, hub, name: str) -> str:
    """Files as the hub caches them; gives the hash of the weights."""
    repo = hub / f"models--{name.replace('/', '--')}"
    snapshot = repo / "snapshots" / ("c" * 40)
    (repo / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    for path in folder.iterdir():
        large = path.suffix == ".safetensors"
        blob = repo / "blobs" / (sha256 if large else hashlib.sha1(path.read_bytes()).hexdigest())
        shutil.copy(path, blob)
        (snapshot / path.name).symlink_to(blob)
    return sha256


def test_a_folder_is_loaded_with_its_name_and_hash(clip_folder, clip_parts):
    found = pretrained(clip_folder, "AutoModel")
    weights = (clip_folder / "model.safetensors").read_bytes()
    assert found.info == ModelInfo("tiny-clip", hashlib.sha256(weights).hexdigest())
    assert type(found.processor).__name__ == "CLIPProcessor"
    for name, weight in clip_parts.model.state_dict().items():
        torch.testing.assert_close(found.model.state_dict()[name], weight)


def test_an_id_is_found_in_the_cache_of_the_hub(clip_folder, hub):
    sha256 = _put_in_cache(clip_folder, hub, "someone/tiny-clip")
    assert pretrained("someone/tiny-clip", "AutoModel").info == ModelInfo("tiny-clip", sha256)


def test_weights_that_were_kept_in_half_precision_compute_in_full(clip_folder, tmp_path):
    from transformers import AutoModel

    folder = shutil.copytree(clip_folder, tmp_path / "half")
    AutoModel.from_pretrained(clip_folder, dtype=torch.bfloat16).save_pretrained(folder)
    assert pretrained(folder, "AutoModel").model.dtype == torch.float32


def test_weights_of_the_older_kind_are_read_as_tensors(copy, clip_parts):
    (copy / "model.safetensors").unlink()
    torch.save(clip_parts.model.state_dict(), copy / "pytorch_model.bin")
    assert len(pretrained(copy, "AutoModel").info.sha256) == 64


class _Mine:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("save", ["pickle", "torch"])
def test_a_pickle_that_could_run_code_is_refused_and_does_not_run(copy, save):
    (copy / "model.safetensors").unlink()
    trap = copy / "sprung"
    bad = {"logit_scale": _Mine(str(trap))}
    if save == "torch":
        torch.save(bad, copy / "pytorch_model.bin")
    else:
        (copy / "pytorch_model.bin").write_bytes(pickle.dumps(bad))
    with pytest.raises(ValueError, match=r"could run any code. Give a copy with model.safetensors"):
        pretrained(copy, "AutoModel")
    assert not trap.exists()


def test_an_absent_id_says_its_licence_where_it_was_looked_for_and_how_to_get_it(hub):
    with pytest.raises(WeightsMissing) as caught:
        pretrained("Salesforce/blip-itm-base-coco", "BlipForImageTextRetrieval")
    sentence = str(caught.value)
    assert "licence BSD-3-Clause" in sentence
    assert str(hub) in sentence
    assert "spotdiff models fetch Salesforce/blip-itm-base-coco" in sentence


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("name", ["./no/such/folder", "/no/such/folder", "someone/unknown", "a b"])
def test_an_absent_folder_is_not_called_a_wrong_id(name):
    with pytest.raises(WeightsMissing, match="there is no such file or folder") as caught:
        pretrained(name, "AutoModel")
    assert "Repo id" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_says_what_it_holds(copy, name):
    (copy / name).unlink()
    with pytest.raises(
        WeightsMissing, match=r"Expected config.json and weights .* found "
    ) as caught:
        pretrained(copy, "AutoModel")
    found = str(caught.value).partition(" found ")[2].rstrip(".").split(", ")
    assert found == sorted(path.name for path in copy.iterdir())


@pytest.mark.parametrize("name", ["preprocessor_config.json", "processor_config.json"])
def test_a_folder_without_a_processor_is_one_sentence(copy, name):
    (copy / name).unlink(missing_ok=True)
    for path in copy.glob("*processor*"):
        path.unlink()
    with pytest.raises(
        ValueError, match=r"with its processor in .*, but cannot load it: "
    ) as caught:
        pretrained(copy, "AutoModel")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", None])
def test_damaged_weights_are_one_sentence(copy, content):
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000] if content is None else content)
    with pytest.raises(ValueError, match="but cannot load it: ") as caught:
        pretrained(copy, "AutoModel")
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_not_filled_up_at_random(captioner_folder):
    with pytest.raises(
        ValueError, match=r"BlipForImageTextRetrieval .* of its tensors are missing"
    ):
        pretrained(captioner_folder, "BlipForImageTextRetrieval")


def test_weights_of_another_shape_are_not_replaced_at_random(copy):
    config = json.loads((copy / "config.json").read_text())
    config["projection_dim"] = 20
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="but cannot load it: "):
        pretrained(copy, "AutoModel")


def test_a_tokenizer_is_read_only_where_there_are_texts(siglip_folder, clip_folder):
    for folder, kind in ((siglip_folder, "Siglip"), (clip_folder, "CLIP")):
        processor = pretrained(folder, "AutoModel", texts=False).processor
        assert type(processor).__name__ == f"{kind}ImageProcessor"
    with pytest.raises(ValueError, match=r"cannot load it: .*Tokenizer"):
        pretrained(siglip_folder, "AutoModel")


def test_loading_says_nothing_and_leaves_the_log_as_it_was(clip_folder, capfd):
    from transformers.utils import logging as their_logging

    before = their_logging.get_verbosity(), their_logging.is_progress_bar_enabled()
    pretrained(clip_folder, "AutoModel")
    assert (their_logging.get_verbosity(), their_logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")
    assert before[0] >= logging.DEBUG


def test_a_borrowed_model_is_never_trained_and_computes_where_its_weights_are():
    expert = Borrowed(torch.nn.Linear(2, 2), ModelInfo("tiny", ""), half=True)
    expert.train()
    assert not expert.model.training
    assert not any(weight.requires_grad for weight in expert.parameters())
    assert expert.device.type == "cpu"
    with expert.precision():
        assert expert.model(torch.ones(1, 2)).dtype == torch.bfloat16
    assert expert.to("meta").device.type == "meta"
