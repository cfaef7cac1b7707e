"""A timm vision transformer read as a dense feature extractor.

Dosovitskiy et al. 2021 (ViT): https://arxiv.org/abs/2010.11929
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import timm
import torch
from timm.models import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional


class ViTEncoder(nn.Module):
    """Patch tokens of a ViT as maps, one token a patch; no class token among them.

    Args:
        name: A timm vision transformer, e.g. `vit_base_patch16_224`.
        taps: Blocks whose tokens are read (0 is the first, -1 the last), their channels
            concatenated. Blocks after the last tap are dropped.
        scale: The image is resized by this before it is cut into patches. 0.5 makes attention
            sixteen times cheaper where other features carry the detail.
        frozen: Keep the weights as they are, without gradients.

    Raises:
        ValueError: If timm has no vision transformer of that name, or it has no block of a tap.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        name: str = "vit_base_patch16_224",
        taps: Sequence[int] = (-1,),
        scale: float = 1.0,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        vit = _vision_transformer(name)
        depth = len(vit.blocks)
        if not taps or not all(-depth <= tap < depth for tap in taps):
            msg = f"Expected taps between {-depth} and {depth - 1} for {name!r}, got {list(taps)}."
            raise ValueError(msg)
        self.taps = [tap % depth for tap in taps]
        vit.blocks = vit.blocks[: max(self.taps) + 1]
        # The last norm belongs to the last block, which may be gone; `norm` stands for it.
        vit.norm = nn.Identity()
        self.vit = vit
        self.scale = scale
        self.frozen = frozen
        self.patch: int = vit.patch_embed.patch_size[0]
        self.channels: int = vit.embed_dim * len(self.taps)
        self.norm = nn.LayerNorm(vit.embed_dim, elementwise_affine=False)
        self.register_buffer("mean", torch.tensor(vit.pretrained_cfg["mean"])[:, None, None], False)
        self.register_buffer("std", torch.tensor(vit.pretrained_cfg["std"])[:, None, None], False)
        if frozen:
            self.requires_grad_(False)

    def train(self, mode: bool = True) -> ViTEncoder:
        """Sets the mode; a frozen encoder stays in evaluation mode."""
        return super().train(mode and not self.frozen)

    def forward(self, images: Tensor) -> Tensor:
        """Features of images (b, 3, h, w) in [0, 1], any size: (b, channels, ~h/p, ~w/p)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = self.vit.forward_intermediates(
                self._fit((images - self.mean) / self.std),
                indices=self.taps,
                norm=False,
                stop_early=True,
                output_fmt="NCHW",
                intermediates_only=True,
            )
            return torch.cat([self.norm(m.movedim(1, -1)).movedim(-1, 1) for m in maps], dim=1)

    def _fit(self, images: Tensor) -> Tensor:
        """The images at `scale`, each side rounded to whole patches."""
        height, width = (
            max(1, round(side * self.scale / self.patch)) * self.patch for side in images.shape[-2:]
        )
        if (height, width) == tuple(images.shape[-2:]):
            return images
        return functional.interpolate(
            images, (height, width), mode="bilinear", align_corners=False, antialias=self.scale < 1
        )


def _vision_transformer(name: str) -> VisionTransformer:
    """A timm vision transformer without weights, for images of any size."""
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models("*vit*"), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else " See timm.list_models('vit*')."
        msg = f"Expected the name of a timm vision transformer, got {name!r}.{hint}"
        raise ValueError(msg)
    try:
        vit = timm.create_model(name, pretrained=False, num_classes=0, dynamic_img_size=True)
    except TypeError as error:  # other families do not take dynamic_img_size
        raise ValueError(_no_transformer(name)) from error
    if not hasattr(vit, "blocks") or not hasattr(vit, "forward_intermediates"):
        raise ValueError(_no_transformer(name))
    return vit


def _no_transformer(name: str) -> str:
    return (
        f"Expected a timm vision transformer for images of any size, but {name!r} is none. "
        "See timm.list_models('vit*')."
    )
