"""Fits how sure the parser is to how often it is right, and prints the section [parse] of a bundle.

    python -m benchmarks.parsing.fit_calibration [--bundle B] [--adapter FILE] [--file FILE.jsonl]
        [--role fallback_parser]

For every field a slope and an offset of the logit (Platt scaling), which a prior holds near 1 and 0, as a few
instructions alone say little; that of the whole is fitted to how often all parts of an instruction are right. It uses
the sets for development and, with --file, instructions of other people in the same format. Below the section it says,
for several thresholds, how many are flagged, and how many of the others are wrong.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.parsing.calibration import expected_error
from benchmarks.parsing.instructions import LabelledInstruction, is_right, load_instructions
from editjudge.bundles.bundle import Bundle
from editjudge.parser.calibration import Certainty, scale
from editjudge.parser.parser import Parser, ParserWeights
from editjudge.parser.result import ParseResult

SPLITS_FOR_FITTING = ("dev", "second")
"""The sets that were looked at while the parser was developed."""
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
PRIOR = 4.0
"""Twice the number of nats that it costs to be off by 1 in slope or offset."""
FIELDS = tuple(name for name in Certainty.__dataclass_fields__ if name != "whole")

Answered = Sequence[tuple[LabelledInstruction, ParseResult]]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--adapter", type=Path, help="instead of the bundle's")
    command_line.add_argument("--file", type=Path, help="more instructions, in the format of data/parse_*.jsonl")
    command_line.add_argument("--role", choices=("parser", "fallback_parser"), default="parser")
    options = command_line.parse_args()
    bundle = Bundle.load(options.bundle)
    adapter = (options.adapter or bundle.file("parser_adapter")) if options.role == "parser" else None
    parser = Parser({"parser": ParserWeights(bundle.file(options.role), adapter)})
    sets = {split: load_instructions(split) for split in SPLITS_FOR_FITTING}
    if options.file:
        sets["real"] = load_instructions(options.file)
    answered = {name: [(label, parser.parse(label.instruction)) for label in labels] for name, labels in sets.items()}
    both = [pair for pairs in answered.values() for pair in pairs]
    right = np.array([is_right(*pair) for pair in both])
    fitted = {name: _fit_field(name, both) for name in FIELDS}
    fitted["whole"] = _fit([[part.whole for part in parsed.certainty] for _, parsed in both], right)
    print("[parse]")
    for name, (slope, offset) in fitted.items():
        print(f"{name} = [{slope}, {offset}]")
    for name, pairs in answered.items():
        surety = np.array([_surety([part.whole for part in parsed.certainty], *fitted["whole"]) for _, parsed in pairs])
        hits = np.array([is_right(*pair) for pair in pairs])
        print(f"\n{name}: {hits.mean():.3f} right, calibration error {expected_error(surety, hits):.3f}")
        for threshold in THRESHOLDS:
            sure = surety >= threshold
            wrong = (sure & ~hits).sum()
            print(f"  {threshold}: flagged {1 - sure.mean():.3f}, wrong and unflagged {wrong} of {sure.sum()}")


def _fit_field(name: str, answered: Answered) -> tuple[float, float]:
    """That of a field, on instructions that ask for one edit and were read as one."""
    single = [pair for pair in answered if not pair[0].is_compound and len(pair[1].intents) == 1]
    raw = [[getattr(parsed.certainty[0], name)] for _, parsed in single]
    return _fit(raw, np.array([label.compare(parsed.intent.to_dict())[name] for label, parsed in single]))


def _fit(raw: Sequence[Sequence[float]], right: NDArray[np.bool_]) -> tuple[float, float]:
    """The slope and the offset with which the product of an answer's certainties says how often it is right."""

    def cost(values: NDArray[np.float64]) -> float:
        slope, offset = values
        likely = np.array([_surety(certainties, slope, offset) for certainties in raw])
        nats = -np.log(np.clip(np.where(right, likely, 1 - likely), 1e-9, 1)).sum()
        return float(nats + PRIOR / 2 * ((slope - 1) ** 2 + offset**2))

    slope, offset = minimize(cost, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return round(float(slope), 3), round(float(offset), 3)


def _surety(certainties: Sequence[float], slope: float, offset: float) -> float:
    return math.prod(scale(certainty, slope, offset) for certainty in certainties)


if __name__ == "__main__":
    main()
