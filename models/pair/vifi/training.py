"""A CLIP in training, its optimiser, and both on the disk."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import CLIPImageProcessor, CLIPModel
from transformers.image_utils import PILImageResampling

from editjudge_export.checkpoints.processors import IMAGENET
from pair.commands.state import load_state, save_state, write_folder
from pair.dataset_edits import HELD_OUT
from pair.vifi.clips import RESAMPLE, Clips, shorter_side
from pair.vifi.gradients import ClipBatch, backpropagate

BETAS = (0.9, 0.98)
SLOWEST = 0.01
"""What the learning rate is multiplied by at the end."""
SHARPEST = 100.0
"""What cosines are at most multiplied by, as CLIP is trained."""
MODEL = "model"
"""The folder of the checkpoint."""


@dataclass(frozen=True)
class FinetuneRecipe:
    """How a CLIP is fine-tuned on clips; by default as ViFi-CLIP is.

    Attributes:
        epochs: How often each clip is seen.
        batch: Clips that are told from one another.
        rate, decay: Of AdamW; the rate is the highest.
        flips: The share of clips that are mirrored, as far as their captions allow it.
        seed: Of the order and the flips.
        held_out: The share of the data set's scenes that is not trained on.
    """

    epochs: int = 10
    batch: int = 256
    rate: float = 8e-6
    decay: float = 1e-3
    flips: float = 0.5
    seed: int = 1
    held_out: float = HELD_OUT

    def steps_per_epoch(self, clips: int) -> int:
        return max(1, clips // self.batch)

    def rate_at(self, step: int, clips: int) -> float:
        """The learning rate of a step: it rises during the first epoch and falls as a cosine."""
        epoch = self.steps_per_epoch(clips)
        share = step / (self.epochs * epoch)
        falling = SLOWEST + (1 - SLOWEST) * 0.5 * (1 + math.cos(math.pi * share))
        return self.rate * min((step + 1) / epoch, 1.0) * falling


class ClipSampler:
    """The batches of a training, the same for the same recipe and step."""

    def __init__(self, clips: Clips, tokenizer: Tokenizer, recipe: FinetuneRecipe) -> None:
        self.clips, self.tokenizer, self.recipe = clips, tokenizer, recipe

    def draw(self, step: int) -> ClipBatch:
        """Whole batches, in another order each epoch; the clips that are left over then are others each time."""
        epoch, place = divmod(step, self.recipe.steps_per_epoch(len(self.clips)))
        rng = np.random.default_rng([self.recipe.seed, epoch])
        order, mirrored = rng.permutation(len(self.clips)), rng.random(len(self.clips)) < self.recipe.flips
        here = slice(place * self.recipe.batch, (place + 1) * self.recipe.batch)
        return make_batch(self.clips, self.tokenizer, order[here], mirrored[here])


def make_batch(clips: Clips, tokenizer: Tokenizer, chosen: np.ndarray, mirrored: np.ndarray) -> ClipBatch:
    """The clips `chosen`, int64[B], those `mirrored`, bool[B], from left to right."""
    coded = tokenizer.encode_batch([clips.captions[index] for index in chosen])
    ids, mask = (torch.tensor([getattr(text, name) for text in coded]) for name in ("ids", "attention_mask"))
    return ClipBatch(torch.from_numpy(clips.take(chosen, mirrored)), ids, mask)


class ClipTraining:
    """The model and the state of its training, which are kept in a folder.

    Args:
        folder: Where `pair.commands.state` keeps it.
        model: The model to begin with.
        recipe: How it is trained.
    """

    def __init__(self, folder: Path, model: CLIPModel, recipe: FinetuneRecipe) -> None:
        self.model = model.eval().requires_grad_()  # eval: no dropout, or gradients would be those of another model
        self.optimiser = torch.optim.AdamW(model.parameters(), recipe.rate, BETAS, weight_decay=recipe.decay)
        self.step = load_state(folder, self.model, self.optimiser)
        self._folder = folder

    def learn(self, batch: ClipBatch, rate: float, part: int, precision: torch.dtype) -> float:
        """Takes one step on a batch, `part` clips at a time, and returns the loss before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        loss = backpropagate(self.model, batch, part, precision)
        self.optimiser.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(max=math.log(SHARPEST))
        self.step += 1
        return loss

    def save(self) -> None:
        """Keeps the state; an older one stays until the new one is whole."""
        save_state(self._folder, self.model, self.optimiser, self.step)


def save_checkpoint(folder: Path, model: CLIPModel, tokenizer: Path) -> None:
    """Writes a folder that `architecture = "vifi_clip"` exports: weights, tokenizer.json, and how it sees pictures."""
    side = model.config.vision_config.image_size
    processor = CLIPImageProcessor(
        size={"shortest_edge": shorter_side(side)},
        crop_size={"height": side, "width": side},
        resample=PILImageResampling[RESAMPLE.upper()],
        **IMAGENET,
    )
    with write_folder(folder) as fresh:
        model.save_pretrained(fresh)
        shutil.copyfile(tokenizer, fresh / "tokenizer.json")
        processor.save_pretrained(fresh)
