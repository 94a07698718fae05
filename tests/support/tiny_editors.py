"""Pipelines of diffusers that edit and can be stopped, tiny and of random weights; needs torch and diffusers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch

from support.tiny_pipeline import make_pipeline


def make_image_to_image(folder: Path, scheduler: Any) -> diffusers.StableDiffusionImg2ImgPipeline:
    """Stable Diffusion from picture to picture, with latents of an eighth. `folder`: for its words."""
    parts = make_pipeline(folder)
    torch.manual_seed(1)
    unet = diffusers.UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
    )  # fmt: skip
    made = diffusers.StableDiffusionImg2ImgPipeline(
        vae=parts.vae, text_encoder=parts.text_encoder, tokenizer=parts.tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


def make_kontext() -> diffusers.FluxKontextPipeline:
    """FLUX Kontext, which packs its latents; it has no text encoders: hand in `embed_nothing()`."""
    torch.manual_seed(2)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=2, latent_channels=1, scaling_factor=1.5, shift_factor=0.1,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        use_quant_conv=False, use_post_quant_conv=False,
    )  # fmt: skip
    made = diffusers.FluxKontextPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=None, tokenizer=None,
        text_encoder_2=None, tokenizer_2=None, transformer=transformer,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


def embed_nothing() -> dict[str, torch.Tensor]:
    """What a prompt would be for `make_kontext`."""
    generator = torch.Generator("cpu").manual_seed(3)
    embedded = torch.randn(1, 4, 32, generator=generator)
    return {"prompt_embeds": embedded, "pooled_prompt_embeds": embedded[:, 0]}
