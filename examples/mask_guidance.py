"""Edits a picture twice by InstructPix2Pix, the second time only where the first edit belongs (BPM, section 3.5).

Where the first edit has no such place, as it left nothing of the picture or changed nothing, it is not done again: the
second is the first.

pip install 'editjudge[guidance]'
python examples/mask_guidance.py hydrant.jpg "make the hydrant blue" second.png --bundle photo-edge
python examples/mask_guidance.py --data edits.jsonl both --bundle photo-edge

The second form edits each original of a table twice, and writes a folder whose edits.jsonl `editjudge study --kind
prefer` shows to raters: which do people prefer, with guidance or without? `editjudge study show` counts it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from PIL import Image, ImageOps

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


def edit_data(
    pipeline: StableDiffusionInstructPix2PixPipeline, scorer: Scorer, data: Path, folder: Path, **options: Any
) -> tuple[int, int]:
    """Writes both edits of each original and instruction of a data set, and a table of them for a preference study.

    Returns how many inputs there are, and how many are left out, as their first edit has no region: both edits would be
    one. The folder is whole, or not there.

    Args:
        pipeline: Makes the edits.
        scorer: Finds the regions.
        data: JSON lines with original and instruction.
        folder: Where to; must not be there.
        options: As of `edit_twice`.
    """
    if folder.exists():
        raise InputError(f"{folder} exists already; name another folder")
    lines = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines() if line.strip()]
    inputs = dict.fromkeys((line["original"], line["instruction"]) for line in lines)
    rows, left_out = [], 0
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.absolute().parent) as parent:
        made = Path(parent) / folder.name
        made.mkdir()
        for number, (name, instruction) in enumerate(inputs):
            original = read_upright(data.parent / name)
            plain, guided_, _ = edit_twice(pipeline, scorer, original, instruction, **options)
            if guided_ is plain:
                left_out += 1
                continue
            row = {"group": str(number), "original": f"{number}-original.png", "instruction": instruction}
            original.save(made / row["original"])
            for model, picture in (("plain", plain), ("guided", guided_)):
                edited = f"{number}-{model}.png"
                picture.save(made / edited)
                rows.append({"id": f"{number}-{model}", "model": model, "edited": edited, **row})
        if not rows:
            raise InputError(f"no edit of {data} has a region, so there is nothing to prefer; take another bundle")
        content = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (made / "edits.jsonl").write_text(content, encoding="utf-8")
        made.rename(folder)
    return len(rows) // 2, left_out


def read_upright(path: Path) -> Image.Image:
    """A picture as it is to be seen, and as editjudge reads it: many cameras write it lying, and say so."""
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("original", type=Path, nargs="?")
    command_line.add_argument("instruction", nargs="?")
    command_line.add_argument("output", type=Path)
    command_line.add_argument("--data", type=Path, help="a table of edits, in the place of one edit")
    command_line.add_argument("--model", default="timbrooks/instruct-pix2pix", help="of the hub, or a folder")
    command_line.add_argument("--bundle", default="photo-edge")
    command_line.add_argument("--steps", type=int, default=50)
    options = command_line.parse_args()
    if (options.data is None) == (options.instruction is None):
        command_line.error("name an original and an instruction, or --data alone")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(options.model, use_safetensors=True).to(device)
    scorer, settings = Scorer.load(options.bundle), {"num_inference_steps": options.steps}
    try:
        if options.data is not None:
            count, left_out = edit_data(pipeline, scorer, options.data, options.output, **settings)
            print(f"{options.output}: {count} inputs, each edited twice; {left_out} left out, without a region")
            return
        original = read_upright(options.original)
        _, second, before = edit_twice(pipeline, scorer, original, options.instruction, **settings)
        after = scorer.score(original, second, options.instruction)
        second.save(options.output)
        print(f"first edit: {before.headline}\nsecond edit: {after.headline}")
    except InputError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
