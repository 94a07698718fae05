"""Rewards of batches for trainers: what a batch takes, and what Flow-Factory makes of an edit without a reward.

python -m benchmarks.rewards.trainers [--flow-factory FOLDER]

FOLDER is the `src` of a copy of github.com/X-GenGroup/Flow-Factory; its part needs torch, diffusers and accelerate.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common.reporting import Figure, show
from editjudge.datasets.demo import load_demo
from editjudge.errors import EditJudgeWarning
from editjudge.rewards import Reward

ROUNDS = 7
GROUP = 5
"""Recorded edits of each original."""
FAILED = 1
"""Which of the first group has no reward: its picture is too small to show anything."""
Triples = list[tuple[Image.Image, Image.Image, str]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--flow-factory", type=Path, metavar="FOLDER")
    options.add_argument("--device", default="cpu")
    asked = options.parse_args()
    triples = read_triples()
    figures = time_batches(triples, asked.device)
    if asked.flow_factory:
        sys.path.insert(0, str(asked.flow_factory))
        figures += train_with_gap(triples[: 2 * GROUP], asked.device)
    show("rewards for trainers", figures, edits=len(triples), device=asked.device)


def read_triples() -> Triples:
    """Original, edited picture and instruction of the demo, a copy of the original for each edit, as trainers have."""
    triples: Triples = []
    for demo in load_demo():
        for candidate in demo.candidates[:GROUP]:
            triples.append((_open(demo.original), _open(candidate.file), demo.instruction))
    return triples


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def time_batches(triples: Triples, device: str) -> list[Figure]:
    """Milliseconds an edit, of all in one call and of one call each, in turns and warm."""
    with Reward(device=device) as reward:

        def together() -> list[dict[str, Any]]:
            return reward(*zip(*triples, strict=True))

        def alone() -> list[dict[str, Any]]:
            return [reward([original], [edited], [text])[0] for original, edited, text in triples]

        rows, taken = together(), ([], [])
        for _ in range(ROUNDS):
            for call, times in zip((together, alone), taken, strict=True):
                times.append(_time(call) / len(triples) * 1000)
        apart = [abs((one["overall"] or 0) - (other["overall"] or 0)) for one, other in zip(rows, alone(), strict=True)]
    batch, single = map(median, taken)
    return [
        Figure("batch_ms", "an edit of a batch, its original in five", batch, single, at_least=False, unit=" ms"),
        Figure("alone_ms", "the same edits, each by itself", single, unit=" ms"),
        Figure("apart", "largest difference between the two, of 5", max(apart), 0.01, at_least=False),
        Figure("unjudged", "edits without a reward", sum(row["overall"] is None for row in rows)),
    ]


def _time(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def train_with_gap(triples: Triples, device: str) -> list[Figure]:
    """The advantages that the trainer computes of two groups, an edit of the first of which cannot be judged."""
    accelerator = import_module("accelerate").Accelerator(cpu=device == "cpu")
    rewards, advantage = import_module("flow_factory.rewards"), import_module("flow_factory.advantage")
    sample = import_module("flow_factory.samples").I2ISample
    config = import_module("flow_factory.hparams").RewardArguments.from_dict(
        {
            "name": "edit",
            "reward_model": "editjudge.rewards.flow_factory.GroupwiseEditReward",
            "device": device,
            "scoring_device": device,
        }
    )
    model = rewards.load_reward_model(config, accelerator)
    pictures = [edited for _, edited, _ in triples]
    pictures[FAILED] = Image.new("RGB", (1, 1))
    samples = [
        sample(image=edited, prompt=text, condition_images=[original])
        for edited, (original, _, text) in zip(pictures, triples, strict=True)
    ]
    trainer = rewards.RewardProcessor(
        accelerator, {"edit": model}, {"edit": config}, group_on_same_rank=True, verbose=False
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", EditJudgeWarning)
        given = trainer.compute_rewards(samples)["edit"]
    told = sum(issubclass(one.category, EditJudgeWarning) for one in said)

    def advantages(values: Any, how: str) -> np.ndarray:
        processor = advantage.AdvantageProcessor(
            accelerator, {"edit": 1.0}, GROUP, sampler_type="group_contiguous", verbose=False
        )
        return processor.compute_advantages(samples, {"edit": values}, aggregation_func=how).numpy()

    spoilt = given.clone()
    spoilt[FAILED] = float("nan")
    gaps = {how: abs(advantages(given, how)[FAILED]) for how in ("sum", "gdpo")}
    return [
        *(
            Figure(f"gap_{how}", f"advantage of the edit without a reward ({how})", float(gap), 1e-6, at_least=False)
            for how, gap in gaps.items()
        ),
        Figure("warnings", "warnings that say so", told, 1),
        Figure("lost", "advantages that NaN in its place would spoil", int(np.isnan(advantages(spoilt, "sum")).sum())),
        Figure("edits", "of so many", len(samples)),
    ]


if __name__ == "__main__":
    main()
