"""Fits the verdict of a bundle on edits of known quality, and prints it for the recipe.

    PYTHONPATH=models python -m studio.calibration.verdict BUNDLE

A logistic regression of "well done, and nothing else harmed" on what `metrics.bpm.verdict.describe` says of a score,
over scenes of training seeds. The thresholds are the lowest at which few enough others are accepted, and the highest
at which few enough good edits are rejected.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np

from editjudge import Scorer
from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.calibration.rated_edits import MeasuredEdit
from editjudge.calibration.regression import fit
from editjudge.errors import InstructionError
from editjudge.metrics.bpm.verdict import describe_seen, find_done
from studio.edits.candidates import TIERS
from studio.edits.edit_set import RenderedEdit, edit_set
from studio.renderer.backgrounds import CALIBRATED_KINDS

SEEDS = (11, 12)
FALSE_ACCEPTS = 0.012
"""The share of edits not well done that may be accepted: under the goal, which is to be met on other scenes."""
FALSE_REJECTS = 0.06


@dataclass(frozen=True)
class ScoredEdit:
    """What a verdict looks at, and how far the edit counts as done; None: there is nothing to look at."""

    seen: dict[str, float] | None
    done: float
    well_done: bool


def measure_edits(scorer: Scorer, edits: Iterable[RenderedEdit]) -> Iterator[tuple[int, str, MeasuredEdit | None]]:
    """The number of its input, the quality and what was measured of every candidate, by the true intents; None: it has
    no number. Inputs that cannot be understood are left out."""
    for index, edit in enumerate(edits):
        try:
            prepared = scorer.prepare(edit.original, edit.intent)
        except InstructionError:
            continue
        for quality, ranked in zip(edit.candidates, prepared.scores(edit.candidates.values()), strict=True):
            yield index, quality, None if ranked.score is None else MeasuredEdit.of(ranked.score)


def score_edits(scorer: Scorer, count: int) -> Iterator[ScoredEdit]:
    """Every candidate of `count` inputs of each seed."""
    sets = [edit_set(seed, count, held_out=False, backgrounds=CALIBRATED_KINDS) for seed in SEEDS]
    for _, quality, measured in measure_edits(scorer, chain.from_iterable(sets)):
        well_done = TIERS[quality] == max(TIERS.values())
        if measured is None:
            yield ScoredEdit(None, 0.0, well_done)
        else:
            done = 0.0 if measured.doubtful else find_done(measured.parts)
            yield ScoredEdit(describe_seen(measured.parts, measured.spill), done, well_done)


def calibrate(edits: Sequence[ScoredEdit]) -> VerdictSettings:
    """The settings, from what `score_edits` gives."""
    judged = [(edit.seen, edit) for edit in edits if edit.seen is not None]
    names = list(judged[0][0])
    features = np.array([[seen[name] for name in names] for seen, _ in judged])
    done = np.array([edit.well_done for _, edit in judged], bool)
    others = sum(not edit.well_done for edit in edits)
    bias, *weights = fit(features, done)
    logit = bias + features @ np.array(weights)
    chance = np.array([edit.done for _, edit in judged]) / (1 + np.exp(-logit))
    worst = np.sort(chance[~done])[::-1]
    accept_at = float(worst[int(FALSE_ACCEPTS * others)]) + 1e-4
    reject_at = min(accept_at, float(np.quantile(chance[done], FALSE_REJECTS)))
    rounded = {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}
    return VerdictSettings(round(accept_at, 4), round(reject_at, 4), bias=round(float(bias), 3), **rounded)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("bundle", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=320, help="for each of two seeds")
    options = command_line.parse_args()
    edits = list(score_edits(Scorer.load(options.bundle), options.inputs))
    settings = calibrate(edits)
    judged = sum(edit.seen is not None for edit in edits)
    print(f"{len(edits)} edits, {judged} of them with a number", file=sys.stderr)
    print("[verdict]")
    for name, value in asdict(settings).items():
        if value != ():
            print(f"{name} = {value}")


if __name__ == "__main__":
    main()
