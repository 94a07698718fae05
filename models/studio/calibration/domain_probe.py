"""Fits the probe that tells the studio's world from photographs.

    PYTHONPATH=models python -m studio.calibration.domain_probe runs/clip

It is a logistic regression on the L2-normalised CLIP embedding of the whole picture, written to domain.npz in the
folder: `weight` float32[D] and `bias` float32[]. The bias is shifted so that a logit below 0 means out of domain.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from transformers import CLIPModel

from editjudge.types import Image
from studio.clip.crops import disturb, whole
from studio.clip.evaluate import HELD_OUT_SEED, embed_images
from studio.edits.edit import EDIT_RULES
from studio.renderer.photographs import held_out_photograph, photograph
from studio.renderer.scene import random_scene, render

FALSE_ALARMS = 0.045
CANVASES = (160, 320)


def draw_pictures(seed: int, count: int, of_scenes: bool, held_out: bool = False) -> list[Image]:
    """Whole pictures as CLIP takes them: scenes, or photographs."""
    rng = np.random.default_rng(seed)
    rules = replace(EDIT_RULES, held_out=held_out)
    pictures = []
    for _ in range(count):
        if of_scenes:
            image = render(random_scene(rng, rules), int(rng.choice(CANVASES))).image
        else:
            image = held_out_photograph(rng) if held_out else photograph(rng)
        pictures.append(whole(disturb(rng, image, strong=0.0)))
    return pictures


def embed(model: CLIPModel, pictures: list[Image]) -> torch.Tensor:
    """float32[N, D], L2-normalised."""
    return F.normalize(embed_images(model, pictures), dim=-1)


def fit(inside: torch.Tensor, outside: torch.Tensor, decay: float = 1e-4) -> tuple[torch.Tensor, torch.Tensor]:
    """weight[D] and bias[] of the logistic regression whose logit is high inside; both classes weigh the same."""
    features = torch.cat([inside, outside])
    wanted = torch.cat([torch.ones(len(inside)), torch.zeros(len(outside))])
    balance = torch.cat([torch.full((len(side),), 0.5 / len(side)) for side in (inside, outside)])
    weight, bias = torch.zeros(features.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        logits = features @ weight + bias
        loss = (
            F.binary_cross_entropy_with_logits(logits, wanted, balance, reduction="sum") + decay * weight.square().sum()
        )
        loss.backward()
        return loss

    optimiser.step(closure)
    return weight.detach(), bias.detach()


def train(folder: Path, count: int) -> dict[str, float]:
    """Fits the probe, writes it, and returns its figures on held-out scenes and photographs."""
    model = CLIPModel.from_pretrained(folder)
    inside = embed(model, draw_pictures(1, count, of_scenes=True))
    outside = embed(model, draw_pictures(2, count, of_scenes=False))
    weight, bias = fit(inside, outside)

    def logits(seed: int, of_scenes: bool, held_out: bool) -> NDArray[np.float32]:
        return (embed(model, draw_pictures(seed, count // 2, of_scenes, held_out)) @ weight + bias).numpy()

    # Shifted so that FALSE_ALARMS of some more scenes lie below 0.
    bias -= float(np.quantile(logits(3, of_scenes=True, held_out=False), FALSE_ALARMS))
    scratch = folder / "domain.part.npz"
    np.savez(scratch, weight=weight.numpy(), bias=bias.numpy())
    scratch.replace(folder / "domain.npz")
    return {
        "photographs_flagged": float((logits(HELD_OUT_SEED, of_scenes=False, held_out=True) < 0).mean()),
        "training_photographs_flagged": float((logits(4, of_scenes=False, held_out=False) < 0).mean()),
        "scenes_flagged": float((logits(HELD_OUT_SEED + 1, of_scenes=True, held_out=True) < 0).mean()),
    }


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path, help="the folder of the trained CLIP")
    command_line.add_argument("--count", type=int, default=2000, help="pictures of each class")
    options = command_line.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(train(options.folder, options.count), indent=2))


if __name__ == "__main__":
    main()
