"""Finds the ranges of Norm() for a bundle, and prints them for its recipe.

    PYTHONPATH=models python -m studio.calibration.norm_ranges BUNDLE

Tries percentiles of the raw scores over a set of training seeds, and takes those that order the candidates best; of
several that do so equally well, the widest, which clip the least. The order is that of the usual candidates, so that
ranges of different times can be compared; --all-kinds takes the extremes in.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from editjudge import Scorer
from editjudge.bundles.settings import NormRanges
from editjudge.calibration.norm_fit import search_ranges, try_ranges
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.bpm.rescoring import add_up, renorm
from editjudge.metrics.bpm.score import EditScore, PartScore
from studio.edits.candidates import TIERS
from studio.edits.edit_set import edit_set
from studio.edits.ordering import USUAL_TIERS, ScoredInput, Tiers, agreement, ground_truth, score_set
from studio.renderer.backgrounds import CALIBRATED_KINDS

SEED = 1


def renormed(score: EditScore, norm: NormRanges, combine: Callable[[PartScore], float]) -> EditScore:
    """The score by other ranges; what was not measured stays so."""
    parts = tuple(renorm(part, norm) for part in score.parts)
    return replace(score, bpm=None if score.bpm is None else add_up(parts, combine), parts=parts)


def calibrate(
    inputs: Sequence[ScoredInput], combine: Callable[[PartScore], float], tiers: Tiers = USUAL_TIERS
) -> NormRanges:
    """The ranges with the best order.

    Args:
        inputs: With their scores.
        combine: Adds up the sub-scores of a part.
        tiers: The qualities that count.
    """
    scores = [score for scored in inputs for quality, score in scored.scores.items() if quality in tiers]
    # What nobody edited has no direction that a range could be fitted to.
    parts = [part for score in scores for part in score.parts if score.kind == "edit"]
    tried = try_ranges(parts)

    def quality(norm: NormRanges) -> float:
        values = renorm_inputs(inputs, norm, combine)
        return agreement(values, tiers) + ground_truth(values)

    return search_ranges(tried, quality)


def renorm_inputs(
    inputs: Sequence[ScoredInput], norm: NormRanges, combine: Callable[[PartScore], float]
) -> list[dict[str, EditScore]]:
    """The scores of every input by other ranges, by quality."""
    return [{quality: renormed(score, norm, combine) for quality, score in scored.scores.items()} for scored in inputs]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("bundle", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=240)
    command_line.add_argument("--seed", type=int, default=SEED)
    command_line.add_argument("--all-kinds", action="store_true", help="also candidates at the extremes")
    options = command_line.parse_args()
    scorer, combine = Scorer.load(options.bundle), RULES[None].combine
    tiers = TIERS if options.all_kinds else USUAL_TIERS
    edits = edit_set(options.seed, options.inputs, held_out=False, backgrounds=CALIBRATED_KINDS)
    inputs = [scored for _, scored in score_set(scorer, edits, lambda edit: edit.intent, tiers)]
    best = calibrate(inputs, combine, tiers)
    before = agreement([scored.scores for scored in inputs], tiers)
    after = agreement(renorm_inputs(inputs, best, combine), tiers)
    print(f"{len(inputs)} inputs: order {before:.3f} before, {after:.3f} with:", file=sys.stderr)
    print("[norm]")
    print(f"modify = [{best.modify[0]:.4f}, {best.modify[1]:.4f}]")
    print(f"preserve = [{best.preserve[0]:.4f}, {best.preserve[1]:.4f}]")


if __name__ == "__main__":
    main()
