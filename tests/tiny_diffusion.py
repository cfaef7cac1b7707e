"""SDXL with the real classes of diffusers, few random weights and tiny tokenizers; no download."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

SIDE = 16  # pixels of a picture; its latent has half of them, so that maps have 64 and 16 positions
WINDOW = 24  # tokens of a prompt with its two ends
# Each is one token; a word that is none of them is a token for each of its letters.
WORDS = ("a", "the", "red", "green", "fluffy", "cat", "dog", "hat", "on", "with", "mat", "grass")


def tokenizer(pad: str = "<|endoftext|>") -> Any:
    """A tokenizer of CLIP; the second of SDXL pads with `!`."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        merges += [("".join(parts[:end]), parts[end]) for end in range(1, len(parts))]
    merges = list(dict.fromkeys(merges))
    ends = ("<|startoftext|>", "<|endoftext|>")
    joined = ["".join(pair) for pair in merges]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *dict.fromkeys(joined), *ends]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=WINDOW)


@cache
def _networks(channels: int) -> dict[str, Any]:
    """Both text encoders, the denoiser and the autoencoder; shared, since nobody trains them."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    words = tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=WINDOW,
        projection_dim=16,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
    )
    torch.manual_seed(0)
    found: dict[str, Any] = {
        "text_encoder": CLIPTextModel(text),
        "text_encoder_2": CLIPTextModelWithProjection(text),
        "unet": UNet2DConditionModel(
            sample_size=SIDE // 2,
            in_channels=channels,
            block_out_channels=(16, 32),
            layers_per_block=1,
            norm_num_groups=8,
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 16,
            cross_attention_dim=32,
        ),
        "vae": AutoencoderKL(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=8,
            sample_size=SIDE,
        ),
    }
    for network in found.values():
        _awake(network)
    return found


def _awake(network: torch.nn.Module) -> None:
    """Draws weights anew, so large that every word is seen in the picture."""
    for weight in network.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.2 / weight[0].numel() ** 0.5)
    network.eval().requires_grad_(False)


def tiny_sdxl(*, turbo: bool = False) -> Any:
    """A `StableDiffusionXLPipeline`; turbo takes the scheduler that adds noise at every step."""
    from diffusers import StableDiffusionXLPipeline

    return StableDiffusionXLPipeline(**_parts(4, turbo), add_watermarker=False)


def tiny_sdxl_inpaint(*, channels: int = 9, turbo: bool = True) -> Any:
    """A `StableDiffusionXLInpaintPipeline`; 4 channels are those of weights made for drawing."""
    from diffusers import StableDiffusionXLInpaintPipeline

    return StableDiffusionXLInpaintPipeline(**_parts(channels, turbo), add_watermarker=False)


def _parts(channels: int, turbo: bool) -> dict[str, Any]:
    from diffusers import EulerAncestralDiscreteScheduler, EulerDiscreteScheduler

    kind = EulerAncestralDiscreteScheduler if turbo else EulerDiscreteScheduler
    scheduler = kind(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="trailing" if turbo else "leading",
    )
    return {
        **_networks(channels),
        "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer("!"),
        "scheduler": scheduler,
    }
