"""Trains the network that finds differences, in two stages: on pairs that are merely alike, then on edits.

    python -m studio.differences.write_shards --out runs/differences/pairs --count 3000 --alike
    python -m studio.differences.write_shards --out runs/differences/pairs --count 20000
    python -m studio.difference_detector.train runs/difference/alike --stage alike --minutes 12
    python -m studio.difference_detector.train runs/difference/edits --stage edits --minutes 90
        --start runs/difference/alike

all with PYTHONPATH=models:runtime:export. Run it again to resume: the model, its running average, the optimiser and the
time spent so far are kept in the folder. Shards that are written meanwhile are learnt from as well. What a bundle takes
is the running average, in `FOLDER/checkpoint`, its normalisation folded into the convolutions.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import os
import shutil
import time
from collections import defaultdict
from pathlib import Path

import torch
from torch import nn

from editjudge_export.architectures.difference_network import DifferenceConfig, DifferenceModel, fold
from studio.difference_detector.data import Shards, stream
from studio.difference_detector.loss import WEIGHTS, PairBatch, losses

BATCH = 32
RATE, WARM_UP, DECAY = 3e-3, 150, 0.02
KEPT = 0.998
"""What a step leaves of the running average of the weights."""
log = logging.getLogger("studio.difference")


def rate_at(step: int, share: float) -> float:
    """What the learning rate is multiplied by after a share (0 to 1) of the time: a warm-up by steps, then a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def optimiser_of(model: DifferenceModel) -> torch.optim.Optimizer:
    """AdamW, which keeps kernels small and leaves norms and biases alone."""
    kernels = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    rest = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return torch.optim.AdamW([{"params": kernels, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}], RATE)


def compute_losses(model: DifferenceModel, batch: PairBatch) -> dict[str, torch.Tensor]:
    """The parts of the loss on one batch; the network computes in bfloat16."""
    with torch.autocast("cpu", torch.bfloat16):
        kind, box, quality, mask = model(batch.original, batch.edited)
    return losses((kind.float(), box.float(), quality.float(), mask.float()), batch)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int) -> None:
    """Moves the running average towards the model, faster at the start."""
    kept = min(KEPT, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - kept)
    for mine, others in zip(average.buffers(), model.buffers(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(others, 1 - kept)


def save(folder: Path, average: DifferenceModel, state: dict[str, object]) -> None:
    """Writes the training state and the checkpoint; either is replaced at once."""
    fresh = folder / "checkpoint.part"
    fold(copy.deepcopy(average)).save_pretrained(fresh)
    torch.save(state, folder / "state.pt.part")
    os.replace(folder / "state.pt.part", folder / "state.pt")
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    os.replace(fresh, folder / "checkpoint")


def train(folder: Path, shards: Shards, minutes: float, *, start: Path | None, seed: int, save_every: float) -> None:
    """Trains, or resumes, until so many minutes were spent altogether; saves every so many."""
    torch.manual_seed(seed)
    model = DifferenceModel(DifferenceConfig()).to(memory_format=torch.channels_last)
    step, spent = 0, 0.0
    if start is not None:
        model.load_state_dict(torch.load(start / "state.pt", weights_only=True)["average"])
    average, optimiser = copy.deepcopy(model).eval(), optimiser_of(model)
    if (folder / "state.pt").exists():
        state = torch.load(folder / "state.pt", weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    log.info("%d parameters, from step %d, %.1f of %.1f minutes", model.num_parameters(), step, spent / 60, minutes)
    shards.look()
    batches = stream(shards, BATCH, seed + step)
    sums: defaultdict[str, float] = defaultdict(float)
    reported, due = time.monotonic(), time.monotonic() + save_every * 60
    model.train()
    while spent < minutes * 60:
        started = time.monotonic()
        for group in optimiser.param_groups:
            group["lr"] = RATE * rate_at(step, spent / (minutes * 60))
        parts = compute_losses(model, next(batches))
        total = sum(WEIGHTS[name] * part for name, part in parts.items())
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        follow(average, model, step)
        for name, part in parts.items():
            sums[name] += float(part.detach())
        step, spent = step + 1, spent + time.monotonic() - started
        if step % 100 == 0:
            speed = 100 * BATCH / (time.monotonic() - reported)
            line = " ".join(f"{name} {value / 100:.3f}" for name, value in sums.items())
            log.info("step %d, %.1f min, %d pairs, %.0f pairs/s: %s", step, spent / 60, shards.count, speed, line)
            sums.clear()
            reported = time.monotonic()
        if spent >= minutes * 60 or time.monotonic() > due:
            state = {"model": model.state_dict(), "average": average.state_dict()}
            save(folder, average, {**state, "optimiser": optimiser.state_dict(), "step": step, "spent": spent})
            due = time.monotonic() + save_every * 60


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--stage", choices=("alike", "edits"), required=True)
    command_line.add_argument("--pairs", type=Path, default=Path("runs/differences/pairs"), help="the folder of shards")
    command_line.add_argument("--start", type=Path, metavar="FOLDER", help="the training that this one goes on from")
    command_line.add_argument("--minutes", type=float, default=60.0)
    command_line.add_argument("--save-every", type=float, default=3.0, help="minutes between checkpoints")
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument("--seed", type=int, default=1)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(options.folder / "train.log")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    train(
        options.folder,
        Shards(options.pairs, f"{options.stage}*.npz"),
        options.minutes,
        start=options.start,
        seed=options.seed,
        save_every=options.save_every,
    )


if __name__ == "__main__":
    main()
