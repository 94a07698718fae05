"""A second edit by InstructPix2Pix, its instruction confined to the region of the first (BPM, section 3.5).

pip install 'editjudge[guidance]'
python examples/mask_guidance.py hydrant.jpg "make the hydrant blue" second.png --bundle photo-edge
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL import Image

from editjudge import EditScore, Scorer
from editjudge.guidance import guidance
from editjudge.mask import latent_mask


@contextmanager
def guided(pipeline: StableDiffusionInstructPix2PixPipeline, mask: np.ndarray) -> Iterator[None]:
    """While it lasts, the pipeline's text guidance reaches only the latent cells where bool[H, W] is true."""
    inside = torch.as_tensor(mask, device=pipeline.unet.device)

    def confine(unet: torch.nn.Module, given: Any, predicted: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        text, image, unconditional = predicted[0].chunk(3)
        # Scales of 1, as the pipeline scales the differences itself afterwards.
        text = guidance(unconditional, image, text, inside, image_scale=1.0, text_scale=1.0)
        return (torch.cat([text, image, unconditional]), *predicted[1:])

    hook = pipeline.unet.register_forward_hook(confine)
    try:
        yield
    finally:
        hook.remove()


def edit_twice(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    scorer: Scorer,
    original: Image.Image,
    instruction: str,
    seed: int = 0,
    **options: Any,
) -> tuple[Image.Image, Image.Image, EditScore]:
    """The first edit, the second one by the first one's mask and the same noise, and the score of the first.

    options: those of the pipeline, such as guidance_scale, image_guidance_scale, num_inference_steps.
    """

    def edit() -> Image.Image:
        generator = torch.Generator("cpu").manual_seed(seed)
        return pipeline(instruction, image=original, generator=generator, **options).images[0]

    first = edit()
    score = scorer.score(original, first, instruction)
    with guided(pipeline, latent_mask(score, pipeline.vae_scale_factor)):
        return first, edit(), score


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("original", type=Path)
    options.add_argument("instruction")
    options.add_argument("output", type=Path)
    options.add_argument("--model", default="timbrooks/instruct-pix2pix", help="of the hub, or a folder")
    options.add_argument("--bundle", default="photo-edge")
    options.add_argument("--steps", type=int, default=50)
    asked = options.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(asked.model, use_safetensors=True).to(device)
    scorer, original = Scorer.load(asked.bundle), Image.open(asked.original).convert("RGB")
    _, second, before = edit_twice(pipeline, scorer, original, asked.instruction, num_inference_steps=asked.steps)
    after = scorer.score(original, second, asked.instruction)
    second.save(asked.output)
    print(f"BPM {before.bpm:.2f} -> {after.bpm:.2f}: {after.explanation}")


if __name__ == "__main__":
    main()
