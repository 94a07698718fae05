"""The parts of a small Stable Diffusion that draws the studio's scenes: 64 pixels, latents of a quarter of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from studio.clip.train import CONTEXT, new_model
from studio.exported_weights import load_weights
from studio.vocabulary import clip_tokenizer

SIDE = 64
"""Pixels of a picture."""
FACTOR = 4
"""Pixels of a latent's side."""
STEPS = 1000
"""Of the noise that is added."""


def new_tokenizer() -> PreTrainedTokenizerFast:
    """The words that the studio's CLIP knows."""
    return PreTrainedTokenizerFast(
        tokenizer_object=clip_tokenizer(CONTEXT), model_max_length=CONTEXT,
        pad_token="[PAD]", unk_token="[UNK]", bos_token="[BOS]", eos_token="[EOS]",
    )  # fmt: skip


def new_text_encoder(bundle: Path) -> CLIPTextModel:
    """That of a bundle's CLIP, which tells colours and names apart already."""
    clip = new_model()
    load_weights(clip, [bundle / "clip_vision.onnx", bundle / "clip_text.onnx"])
    encoder = CLIPTextModel(clip.config.text_config)
    weights = {name.removeprefix("text_model."): value for name, value in clip.text_model.state_dict().items()}
    missing, unexpected = encoder.text_model.load_state_dict(weights, strict=False)
    if unexpected or any("position_ids" not in name for name in missing):
        raise ValueError(f"the text encoder lacks {missing} and has no place for {unexpected}")
    return encoder


def new_autoencoder() -> diffusers.AutoencoderKL:
    """Of 0.2M parameters, whose latents are a quarter as wide as the picture."""
    return diffusers.AutoencoderKL(
        block_out_channels=[16, 32, 32], norm_num_groups=8, latent_channels=4, sample_size=SIDE,
        down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
        mid_block_add_attention=False,
    )  # fmt: skip


def new_denoiser(width: int) -> diffusers.UNet2DConditionModel:
    """width: of the texts' features."""
    return diffusers.UNet2DConditionModel(
        sample_size=SIDE // FACTOR, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(32, 80, 128), norm_num_groups=16, attention_head_dim=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=width,
    )  # fmt: skip


def new_scheduler() -> diffusers.DDIMScheduler:
    """With the noise of Stable Diffusion."""
    return diffusers.DDIMScheduler(
        num_train_timesteps=STEPS, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, set_alpha_to_one=False, steps_offset=1,
    )  # fmt: skip


def join(parts: dict[str, Any]) -> diffusers.StableDiffusionDiffEditPipeline:
    """A pipeline of vae, text_encoder, tokenizer and unet."""
    return diffusers.StableDiffusionDiffEditPipeline(
        **parts, scheduler=new_scheduler(), inverse_scheduler=None, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
