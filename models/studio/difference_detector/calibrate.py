"""Fits how likely a box of the network is to be right.

    PYTHONPATH=models:runtime:export python -m studio.difference_detector.calibrate runs/difference/edits/checkpoint

prints how well that holds, and the line for the section [difference] of the bundle's manifest. A box is right that
overlaps a true one, not taken by a surer box, by an IoU of a half. The pairs are of photographs and cut-outs that are
held out, and others than those that `evaluate` measures with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from studio.difference_detector.data import Shards
from studio.difference_detector.evaluate import LENIENT, Found, detect, match, open_detector
from studio.difference_detector.variation import Sample
from studio.differences.draw import EDITS, draw_pair
from studio.differences.pair import LabelledPair
from studio.differences.write_shards import write_shard

PAIRS, SEED = 800, 18
ROUNDS = 2
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


def fit(evidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float, float]:
    """The weights of both logits float64[N, 2], and the offset, under which what happened is likeliest."""

    def surprise(line: NDArray[np.float64]) -> float:
        value = evidence @ line[:2] + line[2]
        return float(np.mean(np.logaddexp(0, np.where(right, -value, value))))

    of_kind, of_quality, offset = minimize(surprise, np.array(LENIENT.confidence), method="BFGS").x
    return round(float(of_kind), 3), round(float(of_quality), 3), round(float(offset), 3)


def judge(found: Sequence[Found]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The logits of all boxes, and whether they are right."""
    evidence = np.concatenate([changes.evidence for _, changes in found]).astype(np.float64)
    return evidence, np.concatenate([match(one)[0] >= 0 for one in found])


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("checkpoint", type=Path)
    command_line.add_argument("--held-out", type=Path, default=Path("runs/differences/held_out"))
    options = command_line.parse_args()
    torch.set_num_threads(1)
    samples, confidence = calibration_samples(options.held_out), LENIENT.confidence
    for _ in range(ROUNDS):  # which boxes overlap a better one depends on the confidence
        settings = replace(LENIENT, confidence=confidence)
        evidence, right = judge(detect(open_detector(options.checkpoint, settings), samples))
        confidence = fit(evidence, right)
    likely = 1 / (1 + np.exp(-(evidence @ confidence[:2] + confidence[2])))
    for low, high in pairwise(STEPS):
        these = (likely >= low) & (likely < high)
        share = right[these].mean() if these.any() else float("nan")
        print(f"# {low:.1f} to {high:.1f}: {these.sum()} boxes, {share:.3f} of them right")
    print(f"[difference]\nconfidence = {list(confidence)}")


if __name__ == "__main__":
    main()
