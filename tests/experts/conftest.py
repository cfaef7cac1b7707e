"""CLIP, SigLIP and BLIP: the real classes of transformers, few random weights, no download."""

from __future__ import annotations

import string
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

SIDE = 32  # of the input of every model here
LIMIT = 24  # tokens of a text
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Parts(NamedTuple):
    """What an expert is made of."""

    model: torch.nn.Module
    processor: object


def _layers() -> dict[str, int]:
    return {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }


def _vision() -> dict[str, int]:
    return {**_layers(), "image_size": SIDE, "patch_size": 8}


def _awake(model: torch.nn.Module) -> torch.nn.Module:
    """Drawn anew, so large that inputs matter: those of BLIP's vision are nearly zero otherwise."""
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.5 / weight[0].numel() ** 0.5)
    return model.eval()


def _clip_tokenizer():
    """Every byte is a token, alone or at the end of a word."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=LIMIT)


def _bert_tokenizer():
    """Every letter is a token, and a few words are."""
    from transformers import BertTokenizer

    letters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = [*SPECIAL, "red", "car", "street", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return BertTokenizer(vocab=vocabulary, model_max_length=10**9)  # as the published ones say


@pytest.fixture(scope="session")
def clip_parts() -> Parts:
    import transformers

    tokenizer = _clip_tokenizer()
    text = {
        **_layers(),
        "vocab_size": len(tokenizer),
        "max_position_embeddings": LIMIT,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = transformers.CLIPConfig(text_config=text, vision_config=_vision(), projection_dim=16)
    images = transformers.CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    torch.manual_seed(0)
    model = _awake(transformers.CLIPModel(config))
    return Parts(model, transformers.CLIPProcessor(images, tokenizer))


@pytest.fixture(scope="session")
def siglip_parts() -> Parts:
    """Its processor is for images only, as where sentencepiece is absent."""
    import transformers

    text = {**_layers(), "vocab_size": 99, "max_position_embeddings": LIMIT}
    text |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    config = transformers.SiglipConfig(text_config=text, vision_config=_vision())
    torch.manual_seed(1)
    model = _awake(transformers.SiglipModel(config))
    return Parts(model, transformers.SiglipImageProcessor(size={"height": SIDE, "width": SIDE}))


def _blip_parts(kind: str) -> Parts:
    import transformers

    tokenizer = _bert_tokenizer()
    text = {
        **_layers(),
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": 32,
        "projection_dim": 16,
        "max_position_embeddings": LIMIT,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
    }
    config = transformers.BlipConfig(
        text_config=text, vision_config=_vision(), projection_dim=16, image_text_hidden_size=16
    )
    torch.manual_seed(2)
    model = _awake(getattr(transformers, kind)(config))
    images = transformers.BlipImageProcessor(size={"height": SIDE, "width": SIDE})
    return Parts(model, transformers.BlipProcessor(images, tokenizer))


@pytest.fixture(scope="session")
def matcher_parts() -> Parts:
    return _blip_parts("BlipForImageTextRetrieval")


@pytest.fixture(scope="session")
def captioner_parts() -> Parts:
    return _blip_parts("BlipForConditionalGeneration")


def _saved(parts: Parts, folder: Path) -> Path:
    parts.model.save_pretrained(folder)
    parts.processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip_folder(clip_parts, tmp_path_factory) -> Path:
    return _saved(clip_parts, tmp_path_factory.mktemp("weights") / "tiny-clip")


@pytest.fixture(scope="session")
def siglip_folder(siglip_parts, tmp_path_factory) -> Path:
    return _saved(siglip_parts, tmp_path_factory.mktemp("weights") / "tiny-siglip")


@pytest.fixture(scope="session")
def matcher_folder(matcher_parts, tmp_path_factory) -> Path:
    return _saved(matcher_parts, tmp_path_factory.mktemp("weights") / "tiny-blip")


@pytest.fixture(scope="session")
def captioner_folder(captioner_parts, tmp_path_factory) -> Path:
    return _saved(captioner_parts, tmp_path_factory.mktemp("weights") / "tiny-blip-captions")
