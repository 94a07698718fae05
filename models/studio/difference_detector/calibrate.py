"""Fits how likely a box of the network is to be right, and from when on it is told.

    PYTHONPATH=models:runtime:export python -m studio.difference_detector.calibrate runs/difference/edits/checkpoint

prints the section [difference] of the bundle's manifest. A box is right that overlaps a true one, not taken by a surer
box, by an IoU of a half. The pairs are of photographs and cut-outs that are held out, and others than those that
`evaluate` measures with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from studio.difference_detector.data import Shards
from studio.difference_detector.evaluate import UNCALIBRATED, Found, detect, match, open_detector
from studio.difference_detector.variation import Sample
from studio.differences.draw import EDITS, draw_pair
from studio.differences.pair import LabelledPair
from studio.differences.write_shards import write_shard

PAIRS, SEED = 800, 18
STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def draw_pairs() -> Iterator[LabelledPair]:
    """Held-out pairs, of the origins in the shares of the training."""
    for index in range(PAIRS):
        rng = np.random.default_rng([SEED, index])
        yield draw_pair(rng, str(rng.choice(list(EDITS), p=list(EDITS.values()))), held_out=True)


def calibration_samples(folder: Path) -> list[Sample]:
    """The pairs; they are drawn where the folder has none."""
    path = folder / "calibration.npz"
    if not path.is_file():
        write_shard(path, list(draw_pairs()))
    shards = Shards(folder, path.name)
    shards.look()
    return [shards.sample(place) for place in shards.places()]


def fit(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """The slope and offset on the logit of the score under which what happened is likeliest."""
    logits = np.log(scores / (1 - scores))

    def surprise(line: NDArray[np.float64]) -> float:
        value = line[0] * logits + line[1]
        return float(np.mean(np.logaddexp(0, np.where(right, -value, value))))

    slope, offset = minimize(surprise, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return round(float(slope), 3), round(float(offset), 3)


def judge(found: Sequence[Found]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The scores of all boxes, and whether they are right."""
    scores = np.concatenate([changes.scores for _, changes in found]).astype(np.float64)
    return scores, np.concatenate([match(one)[0] >= 0 for one in found])


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("checkpoint", type=Path)
    command_line.add_argument("--held-out", type=Path, default=Path("runs/differences/held_out"))
    options = command_line.parse_args()
    torch.set_num_threads(1)
    scores, right = judge(detect(open_detector(options.checkpoint), calibration_samples(options.held_out)))
    slope, offset = fit(scores, right)
    confidence = 1 / (1 + np.exp(-(slope * np.log(scores / (1 - scores)) + offset)))
    for low, high in pairwise(STEPS):
        of_these = (confidence >= low) & (confidence < high)
        share = right[of_these].mean() if of_these.any() else float("nan")
        print(f"# {low:.1f} to {high:.1f}: {of_these.sum()} boxes, {share:.3f} of them right")
    print(f"[difference]\nsize = {UNCALIBRATED.size}\nresample = {UNCALIBRATED.resample!r}".replace("'", '"'))
    print(f"confidence = [{slope}, {offset}]")


if __name__ == "__main__":
    main()
