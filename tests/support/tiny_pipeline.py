"""InstructPix2Pix as diffusers has it, tiny and of random weights; needs torch and diffusers."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


def make_pipeline(folder: Path) -> diffusers.StableDiffusionInstructPix2PixPipeline:
    """One with latents of an eighth, its U-Net of random weights that listen to the text. `folder`: for its words."""
    letters = [*"abcdefghijklmnopqrstuvwxyz.,"]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: place for place, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    torch.manual_seed(0)
    text = CLIPTextConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=len(words) - 2, eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        sample_size=32, in_channels=8, out_channels=4, layers_per_block=1, block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=[8, 8, 8, 8], norm_num_groups=2, latent_channels=4,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
    )  # fmt: skip
    tokenizer = CLIPTokenizer(folder / "vocab.json", folder / "merges.txt", model_max_length=77)
    made = diffusers.StableDiffusionInstructPix2PixPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    made.set_progress_bar_config(disable=True)
    return made


def make_diffedit_pipeline(folder: Path) -> diffusers.StableDiffusionDiffEditPipeline:
    """Text to image: the same parts, and a U-Net that takes latents alone."""
    tiny = make_pipeline(folder)
    torch.manual_seed(1)
    unet = diffusers.UNet2DConditionModel.from_config({**tiny.unet.config, "in_channels": 4})
    return diffusers.StableDiffusionDiffEditPipeline(
        vae=tiny.vae, text_encoder=tiny.text_encoder, tokenizer=tiny.tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(steps_offset=1), inverse_scheduler=None, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
