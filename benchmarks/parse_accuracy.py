"""How often the parser is right, how surely and how fast: prints a table, what was wrong, then one JSON line.

    python benchmarks/parse_accuracy.py [dev|test] [--bundle B] [--model FILE [--adapter FILE]] [--plot FILE.svg]
        [--record NAME]

Without a model it is the bundle's parser. Nothing is taken from the answers on disk. What is right, data/README.md
says. Compound instructions are counted apart: how often the parts are as many as asked for, and all of them right.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from editjudge import atomic
from editjudge.bundle import Bundle
from editjudge.parse import Parsed, Parser, Weights
from parse_calibration import expected_error, reliability_svg
from parse_cases import FIELDS, SPLITS, Case, cases
from parse_table import record
from results import commit, machine

CERTAIN = 0.9
"""Share of the instructions, the most certain ones, whose accuracy is told."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("split", nargs="?", default="dev", choices=SPLITS)
    arguments.add_argument("--bundle", default="studio")
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--adapter", type=Path)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--plot", type=Path, help="how often it is right, by how sure it is")
    arguments.add_argument("--record", help="keep the figures in data/parse.json, under this name")
    given = arguments.parse_args()

    if given.model:
        parser = Parser({"parser": Weights(given.model, given.adapter)}, threads=given.threads)
    else:
        parser = Parser.of(Bundle.load(given.bundle), threads=given.threads, keep=False)
    started = time.perf_counter()
    parser.parse("tell me whether this works")  # loads the model
    load_s = time.perf_counter() - started

    asked = cases(given.split)
    found: list[Parsed] = []
    wall_ms, cpu_ms = [], []
    for case in asked:
        wall, cpu = time.perf_counter(), time.process_time()
        found.append(parser.parse(case.instruction))
        wall_ms.append(1000 * (time.perf_counter() - wall))
        cpu_ms.append(1000 * (time.process_time() - cpu))
    single = [(case, parsed) for case, parsed in zip(asked, found, strict=True) if not case.is_compound]
    compound = [(case, parsed) for case, parsed in zip(asked, found, strict=True) if case.is_compound]

    right = {name: [_right(case, parsed)[name] for case, parsed in single] for name in FIELDS}
    whole = np.array([all(_right(case, parsed).values()) for case, parsed in single])
    sure = np.array([parsed.certainty[0].whole for _, parsed in single])
    for (case, parsed), is_right in zip(single, whole, strict=True):
        if not is_right:
            print(f"{parsed.certainty[0].whole:.2f}  {case.instruction}: {_wrong(case, parsed)}")
    shares = {name: _share(values) for name, values in right.items()}
    shares["object"] = _share([a and b for a, b in zip(right["source"], right["target"], strict=True)])
    shares["all"] = _share(whole)
    print(f"\n{given.split}: {len(single)} instructions, and {len(compound)} compound ones")
    for name, share in shares.items():
        print(f"{name:10} {share:.3f}")
    certain = np.argsort(-sure, kind="stable")[: round(CERTAIN * len(sure))]
    summary = {
        "benchmark": "parse_accuracy",
        "split": given.split,
        "instructions": len(single),
        **shares,
        "compound": _share([_all_parts(case, parsed) for case, parsed in compound]),
        "compound_flagged": _share([len(parsed.intents) > 1 for _, parsed in compound]),
        "single_flagged_compound": _share([len(parsed.intents) > 1 for _, parsed in single]),
        "most_certain": _share(whole[certain]),
        "calibration_error": round(expected_error(sure, whole), 3),
        "uncertain": _share([not parsed.confident for _, parsed in single]),
        "output_tokens": {
            "mean": round(float(np.mean([parsed.tokens for parsed in found])), 1),
            "most_single": max(parsed.tokens for _, parsed in single),
            "most_compound": max(parsed.tokens for _, parsed in compound),
        },
        "threads": given.threads,
        "load_s": round(load_s, 2),
        "p50_wall_ms": round(float(np.median(wall_ms))),
        "p95_wall_ms": round(float(np.percentile(wall_ms, 95))),
        "p50_cpu_ms": round(float(np.median(cpu_ms))),
        "load_average": round(os.getloadavg()[0], 1),
    }
    if given.plot:
        atomic.write(given.plot, reliability_svg(sure, whole, f"{given.split}, {len(single)} instructions"))
    if given.record:
        record(given.record, {**summary, "commit": commit(), "machine": machine()})
    print(json.dumps(summary))


def _right(case: Case, parsed: Parsed) -> dict[str, bool]:
    """Per field; an intent that is one of several is wrong in all where one was asked for."""
    if len(parsed.intents) > 1:
        return dict.fromkeys(FIELDS, False)
    return case.right(parsed.intent.to_dict())


def _all_parts(case: Case, parsed: Parsed) -> bool:
    return case.all_right([intent.to_dict() for intent in parsed.intents])


def _wrong(case: Case, parsed: Parsed) -> str:
    if len(parsed.intents) > 1:
        return f"{len(parsed.intents)} parts"
    got, wanted, right = parsed.intent.to_dict(), case.preferred[0], _right(case, parsed)
    return ", ".join(f"{name} {got[name]!r} not {wanted[name]!r}" for name in FIELDS if not right[name])


def _share(values: Sequence[bool] | np.ndarray) -> float:
    return round(float(np.mean(values)), 4) if len(values) else float("nan")


if __name__ == "__main__":
    main()
