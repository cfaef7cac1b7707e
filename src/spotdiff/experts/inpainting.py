"""Things painted over so that the ground behind them seems to go on.

SDXL and its turbo variants do it by drawing under a mask. Where no weights are, classical filling
does it, which no one takes for the ground where things are large.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, get_args

import cv2
import numpy as np
import torch
from PIL import Image as Pillow

from spotdiff.experts.batches import one_size_batches
from spotdiff.experts.diffusion import Drawing, generators, loaded
from spotdiff.experts.pretrained import with_settings
from spotdiff.ops.filling import filled_in, grown, pasted
from spotdiff.types import Image, Mask, ModelInfo, Plain

PROMPT = "the plain empty background of this place, with nothing on it"
Method: TypeAlias = Literal["detail", "telea", "navier_stokes"]
_GROUND = 12  # pixels around a hole that filling looks at, at least


class DiffusionInpainter(Drawing):
    """A pipeline of diffusers that draws under masks, as an `Inpainter`.

    Args:
        pipeline: A `StableDiffusionXLInpaintPipeline` of diffusers.
        info: Name and hash of its weights.
        prompt: What is to be seen where something was.
        strength: How much of the noise the picture under the mask gets, in (0, 1].
        guidance: Weight of classifier-free guidance; at most 1 for none, as turbo variants want.
        steps: Of which `strength` are taken.
        side: Longer side of the picture that the network sees, in pixels.
        growth: Pixels around a mask that are painted too; the painting fades in there.
        seed: Of the noise, the same for every image.
        batch_size: Images of one size that are painted at once.

    Raises:
        ValueError: If strength and steps leave nothing to do.
    """

    def __init__(  # noqa: PLR0913 - the settings of conf/inpainter/sdxl.yaml, each with its default
        self,
        pipeline: Any,  # noqa: ANN401 - diffusers is imported where it is used
        info: ModelInfo,
        *,
        prompt: str = PROMPT,
        strength: float = 0.85,
        guidance: float = 0.0,
        steps: int = 4,
        side: int = 512,
        growth: int = 6,
        seed: int = 0,
        batch_size: int = 4,
    ) -> None:
        super().__init__(pipeline, info)
        if int(steps * strength) < 1 or strength > 1:
            raise ValueError(
                f"Expected a strength up to 1 that leaves one of {steps} steps, got {strength}."
            )
        self.prompt = prompt
        self.strength = strength
        self.guidance = guidance
        self.steps = steps
        self.side = side
        self.growth = growth
        self.seed = seed
        self.batch_size = batch_size
        self.weights = info
        self.info = with_settings(info, **self.settings)

    @classmethod
    def from_pretrained(  # noqa: PLR0913 - as above
        cls,
        name_or_dir: str | Path,
        *,
        prompt: str = PROMPT,
        strength: float = 0.85,
        guidance: float = 0.0,
        steps: int = 4,
        side: int = 512,
        growth: int = 6,
        seed: int = 0,
        batch_size: int = 4,
        dtype: str = "fp16",
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Settings are those of the class; `dtype` is fp32, fp16 or bf16.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged; if a setting is none.
        """
        parts = loaded(name_or_dir, "StableDiffusionXLInpaintPipeline", dtype)
        return cls(
            parts.pipeline,
            parts.info,
            prompt=prompt,
            strength=strength,
            guidance=guidance,
            steps=steps,
            side=side,
            growth=growth,
            seed=seed,
            batch_size=batch_size,
        )

    @property
    def settings(self) -> dict[str, Plain]:
        """All that decides a picture."""
        return {
            "model": self.weights.name,
            "sha256": self.weights.sha256,
            "scheduler": type(self.pipeline.scheduler).__name__,
            "dtype": self.dtype,
            "prompt": self.prompt,
            "strength": self.strength,
            "guidance": self.guidance,
            "steps": self.steps,
            "side": self.side,
            "growth": self.growth,
            "seed": self.seed,
        }

    @torch.inference_mode()
    def forward(self, images: Sequence[Image], masks: Sequence[Mask]) -> list[Image]:
        """Every image without what its mask covers; pixels beyond `growth` of it stay.

        Raises:
            ValueError: If a mask is not of the size of its image, or covers all of it.
        """
        holes = _holes(images, masks, self.growth)
        found = list(images)
        for rows in one_size_batches(images, self.batch_size):
            some = [images[row] for row in rows]
            painted = self._painted(some, [holes[row] for row in rows])
            for row, picture in zip(rows, painted, strict=True):
                found[row] = pasted(images[row], picture, holes[row], self.growth)
        return found

    def _painted(self, images: Sequence[Image], holes: Sequence[Mask]) -> list[Image]:
        """Images of one size as the network draws them with these holes."""
        height, width = images[0].shape[:2]
        scale = self.side / max(height, width)
        size = tuple(max(8, 8 * round(length * scale / 8)) for length in (width, height))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = [cv2.resize(image, size, interpolation=how) for image in images]
        # a pixel that a hole touches belongs to it
        small_holes = [cv2.resize(h * 255.0, size, interpolation=cv2.INTER_AREA) > 0 for h in holes]
        drawn = self.drawn(
            prompt=[self.prompt] * len(images),
            image=[Pillow.fromarray(image) for image in small],
            mask_image=[Pillow.fromarray(np.uint8(hole) * 255) for hole in small_holes],
            strength=self.strength,
            guidance_scale=self.guidance,
            num_inference_steps=self.steps,
            generator=generators([self.seed] * len(images)),
            width=size[0],
            height=size[1],
        )
        back = cv2.INTER_CUBIC if scale < 1 else cv2.INTER_AREA
        return [cv2.resize(image, (width, height), interpolation=back) for image in drawn]


class ClassicalInpainter:
    """Fills holes from their rim, as an `Inpainter` that needs no weights.

    Args:
        method: `detail` lets colours flow in and takes fine detail from beside the hole, as the
            generated pairs do; `telea` and `navier_stokes` are those of OpenCV.
        growth: Pixels around a mask that are painted too; the painting fades in there.
        radius: Pixels that OpenCV looks at around each one.

    Raises:
        ValueError: If there is no such method.
    """

    def __init__(self, *, method: Method = "detail", growth: int = 4, radius: float = 5.0) -> None:
        if method not in get_args(Method):
            known = ", ".join(get_args(Method))
            raise ValueError(f"Expected a method of {known}, got '{method}'.")
        self.method = method
        self.growth = growth
        self.radius = radius
        self.info = with_settings(ModelInfo("classical-inpainting", ""), **self.settings)

    @property
    def settings(self) -> dict[str, Plain]:
        """All that decides a picture."""
        return {"method": self.method, "growth": self.growth, "radius": self.radius}

    def __call__(self, images: Sequence[Image], masks: Sequence[Mask]) -> list[Image]:
        """Every image without what its mask covers; pixels beyond `growth` of it stay.

        Raises:
            ValueError: If a mask is not of the size of its image, or covers all of it.
        """
        holes = _holes(images, masks, self.growth)
        return [self._filled(image, hole) for image, hole in zip(images, holes, strict=True)]

    def _filled(self, image: Image, hole: Mask) -> Image:
        if not hole.any():
            return image.copy()
        x, y, width, height = cv2.boundingRect(hole)
        pad = max(_GROUND, max(width, height) // 2)
        rows, columns = (
            slice(max(0, y - pad), y + height + pad),
            slice(max(0, x - pad), x + width + pad),
        )
        found, window, own = image.copy(), image[rows, columns], hole[rows, columns]
        found[rows, columns] = pasted(window, self._painted(window, own), own, self.growth)
        return found

    def _painted(self, window: Image, hole: Mask) -> Image:
        if self.method != "detail":
            how = cv2.INPAINT_TELEA if self.method == "telea" else cv2.INPAINT_NS
            return np.asarray(cv2.inpaint(window, hole, self.radius, how), np.uint8)
        clean, shift = window.copy(), (hole.shape[0] // 3, hole.shape[1] // 3)
        # the second time nothing of the thing is left in the detail beside it
        clean[hole > 0] = filled_in(window, hole, *shift)[hole > 0]
        return filled_in(clean, hole, *shift)


def _holes(images: Sequence[Image], masks: Sequence[Mask], growth: int) -> list[Mask]:
    """What is painted over in every image, 0 or 1."""
    found = []
    for image, mask in zip(images, masks, strict=True):
        if mask.shape != image.shape[:2]:
            raise ValueError(
                f"Expected a mask of the size of its image, {image.shape[:2]}, got {mask.shape}."
            )
        hole = grown(mask, growth)
        if hole.all():
            raise ValueError("Expected ground around what is painted over, the mask covers it all.")
        found.append(hole)
    return found
