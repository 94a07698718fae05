"""What a pipeline of diffusers would end at, told in the middle of its denoising."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from editjudge import InputError

KNOWN = "DDIMScheduler, EulerDiscreteScheduler or FlowMatchEulerDiscreteScheduler"
PACKED_AXES = 3
LATENT_AXES = 4

Level = tuple[float, float]
"""How much of the picture and how much noise latents are made of: latents = level[0] * picture + level[1] * noise."""


def check_scheduler(scheduler: Any) -> None:
    """Raises InputError for a scheduler whose steps are not told by two points: which draws noise, or looks back."""
    if type(scheduler) not in (DDIMScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler):
        raise InputError(f"no preview can be made with {type(scheduler).__name__}; set pipeline.scheduler to {KNOWN}")
    for name in ("clip_sample", "thresholding", "stochastic_sampling"):
        if scheduler.config.get(name):
            raise InputError(f"no preview can be made with {name}; set it to False in the scheduler's configuration")


def find_levels(scheduler: Any, timestep: Any) -> tuple[Level, Level]:
    """The levels before and after the step that has just been made at a timestep.

    The scheduler is one that `check_scheduler` takes.
    """
    if isinstance(scheduler, DDIMScheduler):
        then = int(timestep)
        now = then - scheduler.config.num_train_timesteps // scheduler.num_inference_steps
        kept = [
            scheduler.alphas_cumprod[then],
            scheduler.alphas_cumprod[now] if now >= 0 else scheduler.final_alpha_cumprod,
        ]
        before, after = ((float(share) ** 0.5, (1 - float(share)) ** 0.5) for share in kept)
        return before, after
    sigmas = [float(scheduler.sigmas[scheduler.step_index + offset]) for offset in (-1, 0)]
    flows = isinstance(scheduler, FlowMatchEulerDiscreteScheduler)
    before, after = ((1 - sigma if flows else 1.0, sigma) for sigma in sigmas)
    return before, after


def estimate_clean(before: Tensor, after: Tensor, levels: tuple[Level, Level]) -> Tensor:
    """The latents without noise that a step went towards, float32.

    A step mixes one picture and one noise, both as the model predicted them, at two levels: two equations.

    Args:
        before: The latents before the step.
        after: Those after it, of the same shape.
        levels: Of both.
    """
    (picture_then, noise_then), (picture_now, noise_now) = levels
    mixed = noise_then * after.float() - noise_now * before.float()
    return mixed / (noise_then * picture_now - noise_now * picture_then)


def decode_latents(pipeline: Any, latents: Tensor, size: tuple[int, int] | None) -> Image.Image:
    """The picture of latents without noise [1, C, H, W], or packed [1, N, C], as the pipeline itself would decode them.

    size: the width and height of its pictures in pixels, of which packed latents tell nothing; else None.

    Raises InputError for a pipeline that has another way.
    """
    config = getattr(getattr(pipeline, "vae", None), "config", None)
    if getattr(config, "scaling_factor", None) is None or not hasattr(pipeline, "image_processor"):
        raise InputError(f"how {type(pipeline).__name__} decodes is not known; hand in decode, a function that does it")
    if latents.ndim == PACKED_AXES and hasattr(pipeline, "_unpack_latents"):
        if size is None:
            raise InputError(
                f"{type(pipeline).__name__} packs its latents; hand in size, the width and height it makes"
            )
        latents = pipeline._unpack_latents(latents, size[1], size[0], pipeline.vae_scale_factor)
    if latents.ndim != LATENT_AXES:
        raise InputError(f"latents of {list(latents.shape)} cannot be decoded; hand in decode, a function that does it")
    shift = getattr(config, "shift_factor", None) or 0.0
    with torch.no_grad():
        decoded = pipeline.vae.decode(
            (latents / config.scaling_factor + shift).to(pipeline.vae.dtype), return_dict=False
        )
    return pipeline.image_processor.postprocess(decoded[0], output_type="pil")[0]
