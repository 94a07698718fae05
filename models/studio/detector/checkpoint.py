"""The log of a training, and the checkpoints that it resumes from; a new one replaces the last only once complete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel


def save_checkpoint(
    folder: Path,
    average: PreTrainedModel,
    model: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    *,
    seen: int,
    tokenizer: Tokenizer,
) -> None:
    """Writes folder/checkpoint: the averaged model in Hugging Face's layout, its tokenizer, what to resume from."""
    fresh, old = folder / "checkpoint.part", folder / "checkpoint.old"
    shutil.rmtree(fresh, ignore_errors=True)
    average.save_pretrained(fresh)
    tokenizer.save(str(fresh / "tokenizer.json"))
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "seen": seen}
    torch.save(state, fresh / "training.pt")
    shutil.rmtree(old, ignore_errors=True)
    if (folder / "checkpoint").exists():
        os.replace(folder / "checkpoint", old)
    os.replace(fresh, folder / "checkpoint")
    shutil.rmtree(old, ignore_errors=True)


def load_state(folder: Path, model: PreTrainedModel, average: PreTrainedModel, optimizer: torch.optim.Optimizer) -> int:
    """Loads the last checkpoint into all three; returns the number of examples seen, 0 without one."""
    checkpoint = folder / "checkpoint"
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint / "training.pt", weights_only=True)
    model.load_state_dict(state["model"])
    average.load_state_dict(type(average).from_pretrained(checkpoint).state_dict())
    optimizer.load_state_dict(state["optimizer"])
    return int(state["seen"])


class TrainingLog:
    """Prints lines, and appends them to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, line: str) -> None:
        print(line, flush=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
