"""Pairs of pictures that differ in what two prompts differ in, by SDXL and prompt-to-prompt.

Hertz et al. 2022, Prompt-to-prompt image editing with cross attention control:
https://arxiv.org/abs/2208.01626. Both pictures begin with the same noise and get the same noise on
the way; the second one takes attention from the first, so that it shows the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from spotdiff.experts.attention_control import AttentionControl, ControlledAttention, PairControl
from spotdiff.experts.diffusion import Drawing, generators, loaded, quiet
from spotdiff.experts.pretrained import with_settings
from spotdiff.experts.prompt_edits import Edit, PromptReader
from spotdiff.types import Image, ModelInfo, Plain


class PromptToPrompt(Drawing):
    """SDXL and its turbo variants as a `PairSynthesizer`.

    Args:
        pipeline: A `StableDiffusionXLPipeline` of diffusers.
        info: Name and hash of its weights.
        edit: What after takes from before.
        steps: Of drawing one picture.
        guidance: Weight of classifier-free guidance; at most 1 for none, as turbo variants want.
        side: Pixels of the square pictures.
        batch_size: Pairs that are drawn at once.
    """

    def __init__(
        self,
        pipeline: Any,  # noqa: ANN401 - diffusers is imported where it is used
        info: ModelInfo,
        *,
        edit: Edit | None = None,
        steps: int = 50,
        guidance: float = 7.5,
        side: int = 1024,
        batch_size: int = 1,
    ) -> None:
        super().__init__(pipeline, info)
        self.edit = edit or Edit()
        self.reader = PromptReader((pipeline.tokenizer, pipeline.tokenizer_2))
        self.steps = steps
        self.guidance = guidance
        self.side = side
        self.batch_size = batch_size
        self.weights = info
        self.info = with_settings(info, **self.settings)

    @classmethod
    def from_pretrained(
        cls,
        name_or_dir: str | Path,
        *,
        edit: Edit | None = None,
        steps: int = 50,
        guidance: float = 7.5,
        side: int = 1024,
        batch_size: int = 1,
        dtype: str = "fp16",
    ) -> Self:
        """Loads an id of the model hub that is in its cache, or a local folder.

        Args:
            name_or_dir: The id or the folder.
            edit: As of the class, like all that follow but the last.
            steps: Likewise.
            guidance: Likewise.
            side: Likewise.
            batch_size: Likewise.
            dtype: fp32, fp16 or bf16.

        Raises:
            WeightsMissing: If they are not on this machine; nothing is downloaded.
            ValueError: If they are of another kind of model, or damaged; if the dtype is none.
        """
        parts = loaded(name_or_dir, "StableDiffusionXLPipeline", dtype)
        return cls(
            parts.pipeline,
            parts.info,
            edit=edit,
            steps=steps,
            guidance=guidance,
            side=side,
            batch_size=batch_size,
        )

    @property
    def settings(self) -> dict[str, Plain]:
        """All that decides a picture besides the prompts and the seed."""
        edit = asdict(self.edit)
        return {
            "model": self.weights.name,
            "sha256": self.weights.sha256,
            "scheduler": type(self.pipeline.scheduler).__name__,
            "dtype": self.dtype,
            "steps": self.steps,
            "guidance": self.guidance,
            "side": self.side,
            "edit": {**edit, "factors": dict(edit["factors"])},
        }

    def problem(self, prompts: tuple[str, str]) -> str | None:
        """Why a pair of prompts cannot be drawn, in one sentence; None if it can."""
        try:
            self.reader.token_map(prompts, self.edit)
        except ValueError as error:
            return str(error)
        return None

    @torch.inference_mode()
    def forward(
        self,
        prompts: Sequence[tuple[str, str]],
        seeds: Sequence[int],
        edits: Sequence[Edit] | None = None,
    ) -> list[tuple[Image, Image]]:
        """The views of every pair, square pictures of `side` pixels.

        Args:
            prompts: What before and what after shows.
            seeds: Of the noise, one a pair.
            edits: One a pair; without, that of the constructor.

        Raises:
            ValueError: If `problem` has one with a pair.
        """
        chosen = [self.edit] * len(prompts) if edits is None else edits
        found: list[tuple[Image, Image]] = []
        for start in range(0, len(prompts), self.batch_size):
            rows = slice(start, start + self.batch_size)
            found += self._pairs(prompts[rows], seeds[rows], chosen[rows])
        return found

    def _pairs(
        self, prompts: Sequence[tuple[str, str]], seeds: Sequence[int], edits: Sequence[Edit]
    ) -> list[tuple[Image, Image]]:
        """As `forward`, all at once: before and after of one pair follow each other."""
        pairs = [self._control(own, edit) for own, edit in zip(prompts, edits, strict=True)]
        latent = self.side // self.pipeline.vae_scale_factor
        control = AttentionControl(pairs, (latent, latent))

        def next_step(_pipe: object, _step: int, _time: Tensor, kept: dict[str, Tensor]) -> object:
            return {"latents": control.finished(kept["latents"])}

        twice = [seed for seed in seeds for _ in ("before", "after")]
        with _controlled(self.pipeline.unet, control):
            pictures = self.drawn(
                prompt=[prompt for own in prompts for prompt in own],
                generator=generators(twice),
                num_inference_steps=self.steps,
                guidance_scale=self.guidance,
                height=self.side,
                width=self.side,
                callback_on_step_end=next_step,
            )
        return list(zip(pictures[::2], pictures[1::2], strict=True))

    def _control(self, prompts: tuple[str, str], edit: Edit) -> PairControl:
        found = self.reader.token_map(prompts, edit)
        with quiet():
            self.pipeline.scheduler.set_timesteps(self.steps)
        times = len(self.pipeline.scheduler.timesteps)  # some schedulers ask twice a step
        device = self.pipeline.unet.device
        return PairControl(
            torch.from_numpy(found.flow).to(device),
            torch.from_numpy(self.reader.factors(prompts[1], edit)).to(device),
            torch.from_numpy(found.gone).to(device),
            torch.from_numpy(found.come).to(device),
            round(edit.cross_share * times),
            round(edit.self_share * times),
            edit.self_positions,
            edit.blend,
        )


@contextmanager
def _controlled(unet: Any, control: AttentionControl) -> Iterator[None]:  # noqa: ANN401
    """The denoiser with its attention under control; afterwards as it was."""
    plain = unet.attn_processors
    unet.set_attn_processor({k: ControlledAttention(control, own) for k, own in plain.items()})
    try:
        yield
    finally:
        unet.set_attn_processor(dict(plain))
