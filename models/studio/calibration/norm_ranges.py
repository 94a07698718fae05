"""Finds the ranges of Norm() for a bundle, and prints them for its recipe.

    PYTHONPATH=models python -m studio.calibration.norm_ranges BUNDLE

Tries percentiles of the raw scores over a set of training seeds, and takes those that order the candidates best; of
several that do so equally well, the widest, which clip the least.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from editjudge import Scorer
from editjudge.bundles.settings import Range
from editjudge.metrics.bpm import aggregate
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.bpm.semantic import is_spatial
from studio.edits.edit_set import edit_set
from studio.edits.ordering import ScoredInput, agreement, ground_truth, score_set

SEED = 1
LOWS = (0, 2, 5, 10, 20, 30, 40, 50)
HIGHS = (100, 98, 95, 90, 80, 70, 60)


def renormed(score: EditScore, modify: Range, preserve: Range) -> float:
    """The overall score with other ranges."""
    semantic = score.semantic
    modified = aggregate.norm(semantic.modify_raw, modify) if is_ranged(score) else semantic.modify
    preserved = aggregate.norm(semantic.preserve_raw, preserve)
    return aggregate.bpm(aggregate.semantic_score(modified, preserved), score.region.score)


def is_ranged(score: EditScore) -> bool:
    """Whether modify is a cosine, which the range is for."""
    return not is_spatial(score.intent) and "no_op" not in score.flags


def ranges(values: Sequence[float]) -> Iterator[Range]:
    """The ranges to try, the widest first."""
    for low, high in product(LOWS, HIGHS):
        bounds = np.percentile(values, low), np.percentile(values, high)
        if bounds[1] - bounds[0] > 1e-3:
            yield float(bounds[0]), float(bounds[1])


def calibrate(inputs: Sequence[ScoredInput]) -> tuple[Range, Range]:
    """The ranges of modify and of preserve with the best order; each is improved in turn while the other is fixed."""
    scores = [score for scored in inputs for score in scored.scores.values()]
    preserved = [score.semantic.preserve_raw for score in scores if score.semantic.preserve_raw is not None]
    tried = {
        "modify": list(ranges([score.semantic.modify_raw for score in scores if is_ranged(score)])),
        "preserve": list(ranges(preserved)),
    }

    def quality(modify: Range, preserve: Range) -> float:
        values = renorm_inputs(inputs, modify, preserve)
        return agreement(values) + ground_truth(values)

    best = {name: candidates[0] for name, candidates in tried.items()}
    for name in ("preserve", "modify", "preserve", "modify"):
        best[name] = max(tried[name], key=lambda candidate, name=name: quality(**{**best, name: candidate}))
    return best["modify"], best["preserve"]


def renorm_inputs(inputs: Sequence[ScoredInput], modify: Range, preserve: Range) -> list[dict[str, float]]:
    """The overall scores of every input with other ranges, by quality."""
    return [
        {quality: renormed(score, modify, preserve) for quality, score in scored.scores.items()} for scored in inputs
    ]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("bundle", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=240)
    command_line.add_argument("--seed", type=int, default=SEED)
    options = command_line.parse_args()
    scorer = Scorer.load(options.bundle)
    edits = edit_set(options.seed, options.inputs, held_out=False)
    inputs = [scored for _, scored in score_set(scorer, edits, lambda edit: edit.intent)]
    modify, preserve = calibrate(inputs)
    before = agreement([scored.bpm for scored in inputs])
    after = agreement(renorm_inputs(inputs, modify, preserve))
    print(f"{len(inputs)} inputs: order {before:.3f} before, {after:.3f} with:", file=sys.stderr)
    print("[norm]")
    print(f"modify = [{modify[0]:.4f}, {modify[1]:.4f}]")
    print(f"preserve = [{preserve[0]:.4f}, {preserve[1]:.4f}]")


if __name__ == "__main__":
    main()
