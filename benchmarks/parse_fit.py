"""Fits how sure the parser is to how often it is right, on two sets: prints the [parse] of a bundle.

python benchmarks/parse_fit.py [--bundle B]

Per field a slope and an offset of the logit (Platt's scaling), drawn towards 1 and 0 as far as a few instructions say
little.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from editjudge.bundle import Bundle
from editjudge.parse import Parser, Weights
from parse_cases import FIELDS, cases

SEEN = ("dev", "second")
"""The sets that were looked at while the parser was made."""
SURE = 0.8
"""Below this an instruction is flagged: four to nine in a hundred, of which a good part is wrong."""
PRIOR = 4.0
"""How many nats it costs to be off by 1 in slope or offset, times two."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bundle", default="studio")
    given = arguments.parse_args()
    bundle = Bundle.load(given.bundle)
    parser = Parser({"parser": Weights(bundle.file("parser"), bundle.file("parser_adapter"))})
    asked = [case for split in SEEN for case in cases(split) if not case.is_compound]
    found = [parser.parse(case.instruction) for case in asked]
    right = [case.right(parsed.intent.to_dict()) for case, parsed in zip(asked, found, strict=True)]
    hits = {name: [each[name] for each in right] for name in FIELDS} | {"whole": [all(e.values()) for e in right]}
    raw = [parsed.certainty[0] for parsed in found]
    fitted = {name: _fit([asdict(each)[name] for each in raw], hits[name]) for name in hits}
    print(f"[parse]\nsure = {SURE}")
    for name, (slope, offset) in fitted.items():
        print(f"{name} = [{slope}, {offset}]")


def _fit(raw: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
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
