"""Chat models: the real classes of transformers, few random weights, no download.

Whoever changes a model works on a copy: each is built once.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch

SIDE, PATCH = 32, 8  # pixels of the views that LLaVA sees, and of a patch
LIMIT = 1024  # tokens of a conversation
WORDS = ("Yes", " Yes", "yes", " yes", "YES", "No", " No", "no", " no", "NO", "A", "B")

_VISUAL = """{% for message in messages %}<|{{ message['role'] }}|>
{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE
{% else %}{{ part['text'] }}
{% endif %}{% endfor %}<|end|>
{% endfor %}{% if add_generation_prompt %}<|assistant|>
{% endif %}"""
_PLAIN = """{% for message in messages %}<|{{ message['role'] }}|>
{{ message['content'] }}<|end|>
{% endfor %}{% if add_generation_prompt %}<|assistant|>
{% endif %}"""
# as those that know no system
PICKY = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system') }}{% endif %}"


class Parts(NamedTuple):
    """What a chat model is made of."""

    model: torch.nn.Module
    processor: object


def byte_tokenizer(*special: str):
    """Every byte is a token, and so are a few answers as one may spell them."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    plain.add_tokens([AddedToken(word, normalized=False) for word in WORDS])
    roles = [f"<|{role}|>" for role in ("system", "user", "assistant", "end")]
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        extra_special_tokens=[*roles, *special],
        chat_template=_PLAIN,
    )


def _sizes() -> dict[str, int]:
    return {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }


def _text(tokenizer) -> dict[str, object]:
    """Of the part that reads and answers."""
    return {
        **_sizes(),
        "num_key_value_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": LIMIT,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _awake(model: torch.nn.Module) -> torch.nn.Module:
    """Drawn anew, so large that what was said and shown matters."""
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.5 / weight[0].numel() ** 0.5)
    return model.eval()


@cache
def tiny_llava() -> Parts:
    """LLaVA: all views at one size; its processor keeps to the order of parts."""
    import transformers

    tokenizer = byte_tokenizer("<image>")
    vision = transformers.CLIPVisionConfig(**_sizes(), image_size=SIDE, patch_size=PATCH)
    config = transformers.LlavaConfig(
        vision_config=vision,
        text_config=transformers.LlamaConfig(**_text(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    torch.manual_seed(4)
    model = _awake(transformers.LlavaForConditionalGeneration(config))
    images = transformers.CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    processor = transformers.LlavaProcessor(
        images,
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_VISUAL.replace("IMAGE", "<image>"),
    )
    return Parts(model, processor)


@cache
def tiny_qwen2_vl() -> Parts:
    """Qwen2-VL: views at their own sizes, positions in three dimensions."""
    import transformers

    marks = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    tokenizer = byte_tokenizer(*marks)
    start, end, image, video = tokenizer.convert_tokens_to_ids(list(marks))
    text = {**_text(tokenizer), "hidden_size": 64}
    config = transformers.Qwen2VLConfig(
        text_config={**text, "rope_parameters": {"type": "mrope", "mrope_section": [2, 3, 3]}},
        vision_config={"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 64,
                       "patch_size": 4, "mlp_ratio": 2},
        image_token_id=image, video_token_id=video,
        vision_start_token_id=start, vision_end_token_id=end,
    )  # fmt: skip
    torch.manual_seed(5)
    model = _awake(transformers.Qwen2VLForConditionalGeneration(config))
    edges = {"shortest_edge": 16 * 16, "longest_edge": 48 * 48}
    images = transformers.Qwen2VLImageProcessor(patch_size=4, size=edges)
    videos = transformers.Qwen2VLVideoProcessor(patch_size=4)
    template = _VISUAL.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    return Parts(
        model, transformers.Qwen2VLProcessor(images, tokenizer, videos, chat_template=template)
    )


@cache
def tiny_llama() -> Parts:
    """Llama, which sees nothing."""
    import transformers

    tokenizer = byte_tokenizer()
    torch.manual_seed(6)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**_text(tokenizer)))
    return Parts(_awake(model), tokenizer)
