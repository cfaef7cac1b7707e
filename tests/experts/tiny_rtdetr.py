"""RT-DETR, D-FINE and DETR: transformers' real classes with few random weights, no download."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

CLASSES = ("person", "car", "dog")
SIDE = 64  # of the frame of the network


class Parts(NamedTuple):
    """What the expert is made of."""

    model: torch.nn.Module
    processor: Any


def _shape() -> dict[str, Any]:
    """Sixteen channels everywhere behind the backbone, whose last three stages have 16 too."""
    return {
        "encoder_in_channels": [16, 16, 16],
        "encoder_hidden_dim": 16,
        "encoder_ffn_dim": 16,
        "encoder_attention_heads": 2,
        "d_model": 16,
        "num_queries": 12,
        "decoder_in_channels": [16, 16, 16],
        "decoder_ffn_dim": 16,
        "decoder_layers": 2,
        "decoder_attention_heads": 2,
        **_words(),
    }


def _words() -> dict[str, Any]:
    numbers = {word: number for number, word in enumerate(CLASSES)}
    return {"id2label": dict(enumerate(CLASSES)), "label2id": numbers}


def _stretching() -> Any:
    from transformers import RTDetrImageProcessor

    return RTDetrImageProcessor(size={"height": SIDE, "width": SIDE})


def tiny_rtdetr() -> Parts:
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrResNetConfig

    backbone = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(backbone_config=backbone, **_shape())
    torch.manual_seed(0)
    return Parts(_awake(RTDetrForObjectDetection(config)), _stretching())


def tiny_dfine() -> Parts:
    from transformers import DFineConfig, DFineForObjectDetection, HGNetV2Config

    backbone = HGNetV2Config(
        hidden_sizes=[8, 16, 16, 16],
        depths=[1, 1, 1, 1],
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 16, 16],
        stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[8, 16, 16, 16],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1],
        stage_kernel_size=[3, 3, 3, 3],
        out_features=["stage2", "stage3", "stage4"],
    )
    config = DFineConfig(backbone_config=backbone, **_shape())
    torch.manual_seed(0)
    return Parts(_awake(DFineForObjectDetection(config)), _stretching())


def tiny_detr() -> Parts:
    """Their ancestor, whose processor keeps the shape of images and pads them to one size."""
    from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessor, ResNetConfig

    backbone = ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 8, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    config = DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=12,
        **_words(),
    )
    torch.manual_seed(0)
    images = DetrImageProcessor(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE})
    return Parts(DetrForObjectDetection(config).eval(), images)


def _awake(model: torch.nn.Module) -> torch.nn.Module:
    """Heads drawn anew, so that boxes depend on the pixels: those of boxes are zero."""
    for name, weight in model.named_parameters():
        if "_embed." in name and weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.0 / weight[0].numel() ** 0.5)
    return model.eval()
