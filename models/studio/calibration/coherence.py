"""Fits a bundle's network of coherence on edits of scenes, and prints the regression for what it does not know.

    PYTHONPATH=models python -m studio.calibration.coherence BUNDLE OUT.npz [--pairs 1500] [--photographs 600]

The pairs are of training seeds. What a region was asked for is that of the true change that it matches; where it
matches none, it is left out. The threshold is the lowest at which few enough unasked changes count as asked for, told
on pairs that the networks did not see.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from editjudge import Scorer
from editjudge.errors import InstructionError
from editjudge.image.boxes import iou_with
from editjudge.metrics.context import EditContext, new_context
from editjudge.metrics.dice.coherence.fit import RegionFit, measure_fit
from editjudge.metrics.dice.coherence.judge import describe_fit
from editjudge.metrics.dice.coherence.looks import look_at
from editjudge.metrics.dice.coherence.parts import view_parts
from editjudge.metrics.registry import RULES
from editjudge.metrics.task import EditTask
from editjudge.types import Floats
from studio.differences.draw import draw_pair
from studio.differences.pair import LabelledPair

SEED = 11
MATCHED = 0.5
"""The IoU from which a region is a true change."""
UNASKED = 0.025
"""The share of unasked changes that may count as asked for: under the goal, which is to be met on other scenes."""
HIDDEN, NETWORKS, FOLDS = 32, 4, 5
STEPS, RATE, DECAY, DROPPED, SMOOTHED = 600, 1e-2, 0.1, 0.1, 0.02


@dataclass(frozen=True, eq=False)
class JudgedRegion:
    """A region of a pair, how it fits the one thing that was asked for, and whether it was asked for."""

    pair: int
    index: int
    partner: int | None
    features: Floats
    fit: RegionFit
    asked: bool


def judge_pairs(scorer: Scorer, origin: str, count: int, located: bool) -> Iterator[JudgedRegion]:
    """The regions of `count` pairs with an instruction of one part, that the bundle knows or does not."""
    for number in range(count):
        pair = draw_pair(np.random.default_rng([SEED, number]), origin)
        if len(pair.intents) == 1:
            yield from _judge(scorer, pair, number, located)


def _judge(scorer: Scorer, pair: LabelledPair, number: int, located: bool) -> Iterator[JudgedRegion]:
    try:
        task = EditTask.of(pair.original, pair.intents, RULES[None], pair.instruction)
    except InstructionError:
        return
    with scorer.models.in_use():
        context = new_context(task, task.align(pair.edited), scorer.models)
        parts = view_parts(context, context.regions) if context.regions.regions else ()
        if not parts or (parts[0].where is not None) != located:
            return
        looks = look_at(context, context.regions) if located else []
    found = context.regions
    for index, region in enumerate(found.regions):
        asked = find_truth(context, pair, index)
        if asked is not None:
            fit = measure_fit(found, index, parts[0], looks[index] if index < len(looks) else None)
            features = describe_fit(fit, parts[0], region.kinds)
            yield JudgedRegion(number, index, found.partners.get(index), features, fit, asked)


def find_truth(context: EditContext, pair: LabelledPair, index: int) -> bool | None:
    """Whether a region was asked for, by the true change that it matches; None where it matches none."""
    if not pair.changes:
        return None
    scale = pair.original.shape[1] / context.regions.width
    overlaps = iou_with(
        context.regions.regions[index].box * scale, np.array([one.box for one in pair.changes], np.float32)
    )
    best = int(overlaps.argmax())
    return pair.changes[best].coherent if overlaps[best] >= MATCHED else None


def train(features: Floats, asked: NDArray[np.bool_], seed: int) -> tuple[list[Floats], list[Floats]]:
    """The layers of one network: of the hidden layer weights and bias, and of the output."""
    torch.manual_seed(seed)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    net = nn.Sequential(nn.Linear(features.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(DROPPED), nn.Linear(HIDDEN, 1))
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    inputs = torch.from_numpy((features - mean) / spread)
    targets = torch.from_numpy(asked.astype(np.float32)) * (1 - SMOOTHED) + SMOOTHED / 2
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        loss = nn.functional.binary_cross_entropy_with_logits(net(inputs)[:, 0], targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = [parameter.detach().numpy() for parameter in net.parameters()]
    hidden = (weights[0] / spread).T.astype(np.float32)
    return [hidden, (weights[1] - mean @ hidden).astype(np.float32)], [weights[2][0], weights[3]]


def join(networks: Sequence[tuple[list[Floats], list[Floats]]]) -> dict[str, Floats]:
    """Networks beside each other as one, whose logit is the mean of theirs."""
    count = len(networks)
    return {
        "hidden": np.concatenate([hidden[0] for hidden, _ in networks], axis=1),
        "hidden_bias": np.concatenate([hidden[1] for hidden, _ in networks]),
        "output": np.concatenate([output[0] for _, output in networks]) / np.float32(count),
        "output_bias": np.asarray(sum(output[1] for _, output in networks) / count, np.float32),
    }


def rate(arrays: dict[str, Floats], features: Floats) -> Floats:
    """float32[N]: the probabilities of features float32[N, F]."""
    logits = np.maximum(features @ arrays["hidden"] + arrays["hidden_bias"], 0) @ arrays["output"]
    return np.asarray(1 / (1 + np.exp(-(logits + arrays["output_bias"][0]))), np.float32)


def with_partners(regions: Sequence[JudgedRegion], likely: Floats) -> Floats:
    """Each as likely as the less likely half of the move that it belongs to."""
    places = {(one.pair, one.index): place for place, one in enumerate(regions)}
    partners = [
        places.get((one.pair, -1 if one.partner is None else one.partner), place) for place, one in enumerate(regions)
    ]
    return np.minimum(likely, likely[partners])


def cross_validate(regions: Sequence[JudgedRegion], features: Floats, asked: NDArray[np.bool_]) -> Floats:
    """float32[N]: the probability of each by networks that did not see its pair."""
    folds = np.array([one.pair % FOLDS for one in regions])
    likely = np.zeros(len(regions), np.float32)
    for fold in range(FOLDS):
        seen = folds != fold
        nets = [train(features[seen], asked[seen], seed) for seed in range(2)]
        likely[~seen] = rate(join(nets), features[~seen])
    return with_partners(regions, likely)


def choose_threshold(likely: Floats, asked: NDArray[np.bool_]) -> float:
    """The lowest probability from 0.5 on at which few enough unasked changes count as asked for."""
    steps = np.arange(0.5, 0.96, 0.01)
    return float(next((step for step in steps if np.mean(likely[~asked] >= step) <= UNASKED), steps[-1]))


def fit_unlocated(regions: Sequence[JudgedRegion]) -> NDArray[np.float64]:
    """float64[4]: the bias and the weights of kind, colour and strength of a logistic regression, by Newton's steps."""
    fits = np.array([[1.0, one.fit.kind, one.fit.colour, one.fit.strength] for one in regions])
    asked = np.array([one.asked for one in regions], np.float64)
    weights = np.zeros(fits.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-fits @ weights))
        curve = (fits.T * (likely * (1 - likely))) @ fits / len(fits) + 1e-4 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, fits.T @ (likely - asked) / len(fits) + 1e-4 * weights)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", help="its name or folder")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=1500)
    parser.add_argument("--photographs", type=int, default=600)
    arguments = parser.parse_args()
    scorer = Scorer.load(arguments.bundle)
    regions = list(judge_pairs(scorer, "studio", arguments.pairs, located=True))
    features, asked = np.stack([one.features for one in regions]), np.array([one.asked for one in regions])
    likely = cross_validate(regions, features, asked)
    sure = choose_threshold(likely, asked)
    right, wrong = float(np.mean((likely >= sure) == asked)), float(np.mean(likely[~asked] >= sure))
    print(
        f"{len(regions)} regions; sure = {sure:.2f}: {right:.3f} right, {wrong:.3f} of the unasked count as asked for"
    )
    np.savez(arguments.out, **join([train(features, asked, seed) for seed in range(NETWORKS)]))
    unknown = list(judge_pairs(scorer, "composites", arguments.photographs, located=False))
    if unknown:
        weights = ", ".join(f"{weight:.2f}" for weight in fit_unlocated(unknown))
        print(f"{len(unknown)} regions of photographs; bias, kind, colour, strength = {weights}")


if __name__ == "__main__":
    main()
