"""Fine-tunes a CLIP on edits as clips of two frames, by ViFi-CLIP's recipe: the mean of both, both encoders trained.

    PYTHONPATH=models python -m pair.vifi.finetune runs/vifi --data humanedit/data --checkpoint clip-vit-base-patch16

Run it again to resume; it takes one GPU where there is one. CHECKPOINT is a folder of transformers' CLIP with its
tokenizer.json. runs/vifi/model is then a checkpoint of the architecture vifi_clip.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import CLIPModel

from editjudge.datasets.dataset import open_dataset
from editjudge_export.checkpoints.checkpoint import find_tokenizer, load_model
from pair.clip_tokenizer import open_tokenizer
from pair.commands.log import log_into
from pair.commands.options import (
    exit_with_reason,
    read_count,
    read_natural,
    read_not_negative,
    read_pairs,
    read_positive,
    read_share,
)
from pair.commands.settings import keep_settings
from pair.vifi.clips import prepare_clips
from pair.vifi.evaluate import evaluate
from pair.vifi.training import MODEL, ClipSampler, ClipTraining, FinetuneRecipe, save_checkpoint

PART = 16
"""Clips that go through the model at once; a ViT-B/16 and its optimiser then take 6 GB."""
SAVE_EVERY = 10.0
READERS = {
    "epochs": read_count, "batch": read_pairs, "rate": read_positive, "decay": read_not_negative, "flips": read_share,
    "seed": read_natural, "held_out": read_share,
}  # fmt: skip
"""Of the recipe's options."""
log = logging.getLogger("pair.vifi")


@dataclass(frozen=True)
class FinetuneLimits:
    """How much of a training is done at a time.

    Attributes:
        steps: After how many steps altogether it stops.
        minutes: After how many minutes of this run it stops.
        save_every: Minutes between two saved states.
        part: Clips that go through the model at once.
        precision: In which the encoders compute.
    """

    steps: float = math.inf
    minutes: float = math.inf
    save_every: float = SAVE_EVERY
    part: int = PART
    precision: torch.dtype = torch.bfloat16


def finetune(folder: Path, data: Path, checkpoint: Path, recipe: FinetuneRecipe, limits: FinetuneLimits) -> None:
    """Trains, or resumes, until the recipe is done or a limit is reached; the model is then in the folder's model/.

    Raises InputError for what is no checkpoint of CLIP or no data set, and for a folder that was begun in another way.
    """
    dataset, model = open_dataset(data), load_model(checkpoint, CLIPModel)
    model.set_attn_implementation("sdpa")
    tokenizer = open_tokenizer(checkpoint, model.config.text_config)
    origin = {"data": dataset.fingerprint(), "checkpoint": str(checkpoint.resolve())}
    keep_settings(folder, {**origin, **asdict(recipe)})
    clips, apart = prepare_clips(dataset, folder / "clips", model.config.vision_config.image_size, recipe.held_out)
    training = ClipTraining(folder, model.to("cuda" if torch.cuda.is_available() else "cpu"), recipe)
    batches, epoch = ClipSampler(clips, tokenizer, recipe), recipe.steps_per_epoch(len(clips))
    last = min(recipe.epochs * epoch, limits.steps)
    log.info("%d clips, %d held out, from step %d of %d", len(clips), len(apart), training.step, recipe.epochs * epoch)
    began = saved = time.monotonic()
    while training.step < last and time.monotonic() - began < limits.minutes * 60:
        started = time.monotonic()
        rate = recipe.rate_at(training.step, len(clips))
        loss = training.learn(batches.draw(training.step), rate, limits.part, limits.precision)
        log.info("step %d: loss %.4f, rate %.1e, %.1f s", training.step, loss, rate, time.monotonic() - started)
        if time.monotonic() - saved >= limits.save_every * 60:
            training.save()
            saved = time.monotonic()
        if training.step % epoch == 0 and len(apart):
            figures = evaluate(model, apart, tokenizer, limits.part, limits.precision)
            log.info("epoch %d, held out: %s", training.step // epoch, figures)
    training.save()
    save_checkpoint(folder / MODEL, model, find_tokenizer(checkpoint))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--data", type=Path, required=True, help="a data set that editjudge reads")
    command_line.add_argument("--checkpoint", type=Path, required=True, help="the CLIP to begin with")
    for name, value in asdict(FinetuneRecipe()).items():
        command_line.add_argument(f"--{name.replace('_', '-')}", type=READERS[name], default=value)
    command_line.add_argument("--steps", type=read_count, default=math.inf, help="stop after so many steps altogether")
    command_line.add_argument("--minutes", type=read_not_negative, default=math.inf, help="after how many it stops")
    command_line.add_argument("--save-every", type=read_not_negative, default=SAVE_EVERY, help="minutes between states")
    command_line.add_argument("--part", type=read_count, default=PART, help="clips that go through the model at once")
    command_line.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    command_line.add_argument("--threads", type=read_count, default=2)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    recipe = FinetuneRecipe(**{name: getattr(options, name) for name in asdict(FinetuneRecipe())})
    precision = torch.bfloat16 if options.precision == "bfloat16" else torch.float32
    limits = FinetuneLimits(options.steps, options.minutes, options.save_every, options.part, precision)
    with exit_with_reason(command_line):
        options.folder.mkdir(parents=True, exist_ok=True)
        with log_into(options.folder):
            finetune(options.folder, options.data, options.checkpoint, recipe, limits)


if __name__ == "__main__":
    main()
