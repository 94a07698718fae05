"""Computes DiffEdit's mask of an edit (Couairon et al., 2022): where two texts make a diffusion model see other noise.

The texts are those of the instruction: what it names in the original, and what is to come of it.

pip install 'editjudge[guidance]'
python examples/diffedit_mask.py hydrant.jpg "make the hydrant blue" mask.png --model PATH
python examples/diffedit_mask.py --data masks/masks.jsonl masks/three.jsonl --model PATH

The second form adds the masks, in a column mask_diffedit, to a table as `editjudge study masks` writes it, and writes
another table beside it, which `editjudge study` shows to raters.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionDiffEditPipeline
from PIL import Image, ImageOps

from editjudge import InputError, Scorer
from editjudge.guidance import encode_png
from editjudge.types import ALL, EditIntent
from editjudge.utils import atomic_file


def choose_texts(intents: Sequence[EditIntent]) -> tuple[str, str]:
    """The reference text and the query: what is named in the original, and what is to come of it.

    The reference is empty where both would be the same, as of a move. Raises InputError where nothing is named.
    """
    reference = ", ".join(intent.source for intent in intents if intent.source not in (None, ALL))
    query = ", ".join(intent.target for intent in intents if intent.target not in (None, ALL))
    if not reference and not query:
        raise InputError("the instruction names nothing that a text could be made of; say what is to change into what")
    return ("" if reference == query else reference), query


def find_diffedit_mask(
    pipeline: StableDiffusionDiffEditPipeline, original: Image.Image, reference: str, query: str, *, seed: int = 0
) -> np.ndarray:
    """bool[H, W], at the original's size: where two predictions of its noise differ by more than half the scale.

    Ten noises are added, at half of the strength. Guidance multiplies all differences by one number, which the scale
    takes away again.

    Args:
        pipeline: Of Stable Diffusion.
        original: The picture to edit.
        reference: What is there.
        query: What is to be there.
        seed: Of the noises.
    """
    if reference == query:
        raise InputError("both texts are the same, so that nothing can differ; hand in two")
    longest = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    scale = longest / max(original.size)
    small = tuple(max(64, round(side * scale / 64) * 64) for side in original.size)
    cells = pipeline.generate_mask(
        image=original.convert("RGB").resize(small, Image.Resampling.LANCZOS),
        source_prompt=reference,
        target_prompt=query,
        num_maps_per_mask=10,
        mask_encode_strength=0.5,
        guidance_scale=2.0,  # without guidance, the pipeline mistakes the missing empty text for the text
        generator=torch.Generator("cpu").manual_seed(seed),
    )[0]
    grey = Image.fromarray(cells.astype(np.uint8) * 255)
    return np.asarray(grey.resize(original.size, Image.Resampling.BILINEAR)) > 127


def open_pipeline(model: str) -> StableDiffusionDiffEditPipeline:
    """Stable Diffusion of the hub, or of a folder, on the GPU where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = StableDiffusionDiffEditPipeline.from_pretrained(model, use_safetensors=True).to(device)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline


def add_masks(
    pipeline: StableDiffusionDiffEditPipeline, scorer: Scorer, table: Path, output: Path, *, seed: int = 0
) -> int:
    """Writes a table with a column mask_diffedit beside another, and the masks; returns how many there are.

    A row of which no text can be made has none, as raters are to compare all masks of an edit.

    Args:
        pipeline: Of Stable Diffusion.
        scorer: Reads the instructions.
        table: JSON lines with original and instruction.
        output: In the same folder.
        seed: Of the noises.
    """
    if output.resolve().parent != table.resolve().parent or output.resolve() == table.resolve():
        raise InputError(f"{output} must be another file in the folder of {table}, as its rows name files there")
    rows = []
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line.strip()]
    for number, row in enumerate(map(json.loads, lines)):
        try:
            texts = choose_texts(scorer.parse(row["instruction"]).intents)
        except InputError as error:
            print(f"left out {row.get('id', number)}: {error}")
            continue
        original = read_upright(table.parent / row["original"])
        mask = find_diffedit_mask(pipeline, original, *texts, seed=seed)
        path = table.parent / f"{number}-mask_diffedit.png"
        atomic_file.write(path, encode_png(mask))
        rows.append({**row, "mask_diffedit": path.name})
    if not rows:
        raise InputError(f"of no edit of {table} a text could be made")
    content = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    atomic_file.write(output, content.encode())
    return len(rows)


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
    command_line.add_argument("--model", required=True, help="Stable Diffusion, of the hub, or a folder")
    command_line.add_argument("--bundle", default="studio", help="whose parser reads the instruction")
    command_line.add_argument("--seed", type=int, default=0)
    options = command_line.parse_args()
    if (options.data is None) == (options.instruction is None):
        command_line.error("name an original and an instruction, or --data alone")
    scorer = Scorer.load(options.bundle)
    try:
        if options.data is not None:
            pipeline = open_pipeline(options.model)
            count = add_masks(pipeline, scorer, options.data, options.output, seed=options.seed)
            print(f"{options.output}: masks of {count} edits")
            return
        texts = choose_texts(scorer.parse(options.instruction).intents)
        original = read_upright(options.original)
        mask = find_diffedit_mask(open_pipeline(options.model), original, *texts, seed=options.seed)
        atomic_file.write(options.output, encode_png(mask))
        print(f"{options.output}: {100 * mask.mean():.1f} % of the picture; from {texts[0]!r} to {texts[1]!r}")
    except InputError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
