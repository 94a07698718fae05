"""Finds the ranges of Norm() for a bundle: `python -m studio.calibrate BUNDLE`, and prints them for its recipe.

Tries percentiles of the raw scores over a set of training seeds, and takes those that order the candidates best; of
several that do so equally well, the widest, which clip the least.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from editjudge import Scorer, judges, overall
from editjudge.types import EditScore
from studio.edit_set import edit_set
from studio.ordering import Scored, agreement, ground_truth, score_set

SEED = 1
LOWS = (0, 2, 5, 10, 20, 30, 40, 50)
HIGHS = (100, 98, 95, 90, 80, 70, 60)
Range = tuple[float, float]


def renormed(score: EditScore, modify: Range, preserve: Range) -> float:
    """The overall score with other ranges."""
    semantic = score.semantic
    modified = overall.norm(semantic.modify_raw, modify) if ranged(score) else semantic.modify
    return overall.bpm(
        overall.semantic_score(modified, overall.norm(semantic.preserve_raw, preserve)), score.region.score
    )


def ranged(score: EditScore) -> bool:
    """Whether modify is a cosine, which the range is for."""
    return not judges.spatial(score.intent) and "no_op" not in score.flags


def ranges(values: Sequence[float]) -> Iterator[Range]:
    """What may be tried, the widest first."""
    for low, high in product(LOWS, HIGHS):
        bounds = np.percentile(values, low), np.percentile(values, high)
        if bounds[1] - bounds[0] > 1e-3:
            yield float(bounds[0]), float(bounds[1])


def calibrate(inputs: Sequence[Scored]) -> tuple[Range, Range]:
    """The ranges of modify and of preserve with the best order, improved in turn."""
    scores = [score for one in inputs for score in one.scores.values()]
    preserved = [score.semantic.preserve_raw for score in scores if score.semantic.preserve_raw is not None]
    tried = {
        "modify": list(ranges([score.semantic.modify_raw for score in scores if ranged(score)])),
        "preserve": list(ranges(preserved)),
    }

    def quality(modify: Range, preserve: Range) -> float:
        bpms = [{name: renormed(one, modify, preserve) for name, one in each.scores.items()} for each in inputs]
        return agreement(bpms) + ground_truth(bpms)

    best = {name: options[0] for name, options in tried.items()}
    for name in ("preserve", "modify", "preserve", "modify"):
        best[name] = max(tried[name], key=lambda option, name=name: quality(**{**best, name: option}))
    return best["modify"], best["preserve"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("bundle", help="name or folder of the bundle")
    options.add_argument("--inputs", type=int, default=240)
    options.add_argument("--seed", type=int, default=SEED)
    asked = options.parse_args()
    scorer = Scorer.load(asked.bundle)
    edits = edit_set(asked.seed, asked.inputs, held_out=False)
    inputs = [scored for _, scored in score_set(scorer, edits, lambda edit: edit.intent)]
    modify, preserve = calibrate(inputs)
    bpms = [{name: renormed(one, modify, preserve) for name, one in each.scores.items()} for each in inputs]
    print(
        f"{len(inputs)} inputs: order {agreement([one.bpm for one in inputs]):.3f} before, {agreement(bpms):.3f} with:",
        file=sys.stderr,
    )
    print("[norm]")
    print(f"modify = [{modify[0]:.4f}, {modify[1]:.4f}]")
    print(f"preserve = [{preserve[0]:.4f}, {preserve[1]:.4f}]")


if __name__ == "__main__":
    main()
