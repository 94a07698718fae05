"""Edits a picture twice by InstructPix2Pix, the second time only where the first edit belongs (BPM, section 3.5).

Where the first edit has no such place, as it left nothing of the picture or changed nothing, it is not done again: the
second is the first.

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

from editjudge import EditScore, InputError, Scorer
from editjudge.guidance import guidance, latent_mask


@contextmanager
def guided(pipeline: StableDiffusionInstructPix2PixPipeline, mask: np.ndarray) -> Iterator[None]:
    """Inside the block, the pipeline's text guidance reaches only the latent cells where bool[H, W] is true."""
    inside = torch.as_tensor(mask, device=pipeline.unet.device)

    def confine(unet: torch.nn.Module, inputs: Any, predicted: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        text, image, unconditional = predicted[0].chunk(3)
        # The scales are 1, as the pipeline itself scales the differences afterwards.
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
    """The first edit, the second edit with the mask of the first and the same noise, and the score of the first.

    The second is the first itself where that has no region.

    Args:
        pipeline: Makes the edits.
        scorer: Finds the region of the first.
        original: The picture to edit.
        instruction: What is asked for.
        seed: Of the noise.
        options: Those of the pipeline, such as guidance_scale, image_guidance_scale, num_inference_steps.
    """

    def edit() -> Image.Image:
        generator = torch.Generator("cpu").manual_seed(seed)
        return pipeline(instruction, image=original, generator=generator, **options).images[0]

    first = edit()
    score = scorer.score(original, first, instruction)
    try:
        mask = latent_mask(score, pipeline.vae_scale_factor)
    except InputError:
        return first, first, score
    with guided(pipeline, mask):
        return first, edit(), score


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("original", type=Path)
    command_line.add_argument("instruction")
    command_line.add_argument("output", type=Path)
    command_line.add_argument("--model", default="timbrooks/instruct-pix2pix", help="of the hub, or a folder")
    command_line.add_argument("--bundle", default="photo-edge")
    command_line.add_argument("--steps", type=int, default=50)
    options = command_line.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(options.model, use_safetensors=True).to(device)
    scorer, original = Scorer.load(options.bundle), Image.open(options.original).convert("RGB")
    _, second, before = edit_twice(pipeline, scorer, original, options.instruction, num_inference_steps=options.steps)
    after = scorer.score(original, second, options.instruction)
    second.save(options.output)
    print(f"first edit: {before.headline}\nsecond edit: {after.headline}")


if __name__ == "__main__":
    main()
