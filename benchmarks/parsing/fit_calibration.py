"""Fits how sure the parser is to how often it is right, on two sets, and prints the section [parse] of a bundle.

    python -m benchmarks.parsing.fit_calibration [--bundle B]

For every field a slope and an offset of the logit (Platt scaling), which a prior holds near 1 and 0, as a few
instructions alone say little.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.parsing.instructions import FIELDS, load_instructions
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser, ParserWeights

SPLITS_FOR_FITTING = ("dev", "second")
"""The sets that were looked at while the parser was developed."""
SURE = 0.8
"""Below this an instruction is flagged: four to nine in a hundred, many of which are wrong."""
PRIOR = 4.0
"""Twice the number of nats that it costs to be off by 1 in slope or offset."""


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio")
    options = command_line.parse_args()
    bundle = Bundle.load(options.bundle)
    parser = Parser({"parser": ParserWeights(bundle.file("parser"), bundle.file("parser_adapter"))})
    labelled = [label for split in SPLITS_FOR_FITTING for label in load_instructions(split) if not label.is_compound]
    results = [parser.parse(label.instruction) for label in labelled]
    comparisons = [label.compare(parsed.intent.to_dict()) for label, parsed in zip(labelled, results, strict=True)]
    right = {name: [comparison[name] for comparison in comparisons] for name in FIELDS}
    right["whole"] = [all(comparison.values()) for comparison in comparisons]
    certainties = [asdict(parsed.certainty[0]) for parsed in results]
    fitted = {name: _fit([certainty[name] for certainty in certainties], right[name]) for name in right}
    print(f"[parse]\nsure = {SURE}")
    for name, (slope, offset) in fitted.items():
        print(f"{name} = [{slope}, {offset}]")


def _fit(raw: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """The slope and the offset that make the raw certainties say how often the answers are right."""
    bounded = np.clip(np.array(raw), 1e-6, 1 - 1e-6)
    logits, hit = np.log(bounded / (1 - bounded)), np.array(right)

    def cost(values: NDArray[np.float64]) -> float:
        slope, offset = values
        unlikely = np.logaddexp(0, np.where(hit, -1, 1) * (slope * logits + offset)).sum()
        return float(unlikely + PRIOR / 2 * ((slope - 1) ** 2 + offset**2))

    slope, offset = minimize(cost, np.array([1.0, 0.0])).x
    return round(float(slope), 3), round(float(offset), 3)


if __name__ == "__main__":
    main()
