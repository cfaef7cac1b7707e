"""OWL-ViT, OWLv2 and Grounding DINO: the real classes, few random weights, no download."""

from __future__ import annotations

import string
from typing import Literal

import torch

from tests.experts.conftest import LIMIT, SIDE, Parts, _awake, _clip_tokenizer, _layers, _vision

# Grounding DINO knows these by the numbers that they have in the published tokenizer.
FIXED = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
MAX_TEXT = 40  # tokens of a caption of Grounding DINO


def owl_parts(kind: Literal["OwlViT", "Owlv2"]) -> Parts:
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
    config = getattr(transformers, f"{kind}Config")(
        text_config=text, vision_config=_vision(), projection_dim=32
    )
    torch.manual_seed(3)
    model = _awake(getattr(transformers, f"{kind}ForObjectDetection")(config))
    images = getattr(transformers, f"{kind}ImageProcessor")(size={"height": SIDE, "width": SIDE})
    return Parts(model, getattr(transformers, f"{kind}Processor")(images, tokenizer))


def _uncased_tokenizer():
    """Every letter is a token, and a few words are."""
    from transformers import BertTokenizer

    letters = string.ascii_lowercase + string.digits + string.punctuation.replace(".", "")
    words = ["red", "car", "street", *letters.replace("?", "")]
    words += [f"##{letter}" for letter in letters]
    free = (number for number in range(1, 2000) if number not in FIXED.values())
    vocabulary = FIXED | dict(zip(words, free, strict=False))
    spare = sorted(set(range(max(FIXED.values()))) - set(vocabulary.values()))
    vocabulary |= {f"[unused{number}]": number for number in spare}
    return BertTokenizer(vocab=vocabulary, model_max_length=512)


def groundingdino_parts() -> Parts:
    import transformers

    tokenizer = _uncased_tokenizer()
    backbone = transformers.SwinConfig(
        image_size=64,
        embed_dim=16,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=2,
        out_features=["stage2", "stage3", "stage4"],
    )
    text = transformers.BertConfig(
        **_layers() | {"num_hidden_layers": 1},
        vocab_size=len(tokenizer),
        max_position_embeddings=64,
        pad_token_id=0,
    )
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=text,
        d_model=64,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=MAX_TEXT,
    )
    torch.manual_seed(4)
    model = _awake(transformers.GroundingDinoForObjectDetection(config))
    images = transformers.GroundingDinoImageProcessor(
        size={"shortest_edge": 64, "longest_edge": 96}
    )
    return Parts(model, transformers.GroundingDinoProcessor(images, tokenizer))
