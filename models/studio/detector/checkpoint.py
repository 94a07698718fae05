"""The log of a training, and the checkpoints that it resumes from; a new one replaces the last only once complete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel


def save_checkpoint(
    folder: Path, model: PreTrainedModel, optimizer: torch.optim.Optimizer, seen: int, tokenizer: Tokenizer | None
) -> None:
    """Writes folder/checkpoint: the model in Hugging Face's layout, its tokenizer, and the state to resume from."""
    fresh, old = folder / "checkpoint.part", folder / "checkpoint.old"
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(fresh)
    if tokenizer is not None:
        tokenizer.save(str(fresh / "tokenizer.json"))
    torch.save({"optimizer": optimizer.state_dict(), "seen": seen}, fresh / "training.pt")
    shutil.rmtree(old, ignore_errors=True)
    if (folder / "checkpoint").exists():
        os.replace(folder / "checkpoint", old)
    os.replace(fresh, folder / "checkpoint")
    shutil.rmtree(old, ignore_errors=True)


def load_state(folder: Path, model: PreTrainedModel, optimizer: torch.optim.Optimizer) -> int:
    """Loads the last checkpoint into model and optimizer; returns the number of examples seen, 0 without one."""
    checkpoint = folder / "checkpoint"
    if not checkpoint.exists():
        return 0
    model.load_state_dict(type(model).from_pretrained(checkpoint).state_dict())
    state = torch.load(checkpoint / "training.pt", weights_only=True)
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
