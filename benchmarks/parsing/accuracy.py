"""How often is the parser right, how sure is it, and how fast? Prints a table, what was wrong, and one line of JSON.

    python -m benchmarks.parsing.accuracy [dev|test|second|third] [--bundle B] [--model FILE [--adapter FILE]]
        [--plot FILE.svg] [--record NAME]

Without --model it is the bundle's parser that is measured. Answers that are kept on disk are not used. What counts as
right is defined in data/README.md. Compound instructions are counted separately: how often the number of parts is the
right one, and how often all parts are right.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common.provenance import commit, machine
from benchmarks.parsing.calibration import draw_reliability, expected_error
from benchmarks.parsing.instructions import FIELDS, SPLITS, LabelledInstruction, load_instructions
from benchmarks.parsing.table import record
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser, ParseResult, ParserWeights
from editjudge.utils import atomic_file

CERTAIN = 0.9
"""The share of the instructions, the most certain ones, whose accuracy is reported."""


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("split", nargs="?", default="dev", choices=SPLITS)
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--model", type=Path)
    command_line.add_argument("--adapter", type=Path)
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument("--plot", type=Path, help="draw how often it is right, by how sure it is")
    command_line.add_argument("--record", help="keep the figures in data/parse.json, under this name")
    options = command_line.parse_args()

    if options.model:
        parser = Parser({"parser": ParserWeights(options.model, options.adapter)}, threads=options.threads)
    else:
        parser = Parser.open(Bundle.load(options.bundle), threads=options.threads, keep=False)
    started = time.perf_counter()
    parser.parse("tell me whether this works")  # loads the model
    load_s = time.perf_counter() - started

    labelled = load_instructions(options.split)
    results: list[ParseResult] = []
    wall_ms, cpu_ms = [], []
    for label in labelled:
        wall, cpu = time.perf_counter(), time.process_time()
        results.append(parser.parse(label.instruction))
        wall_ms.append(1000 * (time.perf_counter() - wall))
        cpu_ms.append(1000 * (time.process_time() - cpu))
    pairs = list(zip(labelled, results, strict=True))
    single = [(label, parsed) for label, parsed in pairs if not label.is_compound]
    compound = [(label, parsed) for label, parsed in pairs if label.is_compound]

    comparisons = [_compare(label, parsed) for label, parsed in single]
    right = {name: [comparison[name] for comparison in comparisons] for name in FIELDS}
    whole = np.array([all(comparison.values()) for comparison in comparisons])
    sure = np.array([parsed.certainty[0].whole for _, parsed in single])
    for (label, parsed), comparison in zip(single, comparisons, strict=True):
        if not all(comparison.values()):
            print(f"{parsed.certainty[0].whole:.2f}  {label.instruction}: {_describe_error(label, parsed, comparison)}")
    shares = {name: _share(values) for name, values in right.items()}
    shares["object"] = _share([a and b for a, b in zip(right["source"], right["target"], strict=True)])
    shares["all"] = _share(whole)
    print(f"\n{options.split}: {len(single)} instructions, and {len(compound)} compound ones")
    for name, share in shares.items():
        print(f"{name:10} {share:.3f}")
    certain = np.argsort(-sure, kind="stable")[: round(CERTAIN * len(sure))]
    summary = {
        "benchmark": "parse_accuracy",
        "split": options.split,
        "instructions": len(single),
        **shares,
        "compound": _share([_accepts_parts(label, parsed) for label, parsed in compound]),
        "compound_flagged": _share([len(parsed.intents) > 1 for _, parsed in compound]),
        "single_flagged_compound": _share([len(parsed.intents) > 1 for _, parsed in single]),
        "most_certain": _share(whole[certain]),
        "calibration_error": round(expected_error(sure, whole), 3),
        "uncertain": _share([not parsed.confident for _, parsed in single]),
        "output_tokens": {
            "mean": round(float(np.mean([parsed.tokens for parsed in results])), 1),
            "most_single": max(parsed.tokens for _, parsed in single),
            "most_compound": max(parsed.tokens for _, parsed in compound),
        },
        "threads": options.threads,
        "load_s": round(load_s, 2),
        "p50_wall_ms": round(float(np.median(wall_ms))),
        "p95_wall_ms": round(float(np.percentile(wall_ms, 95))),
        "p50_cpu_ms": round(float(np.median(cpu_ms))),
        "load_average": round(os.getloadavg()[0], 1),
    }
    if options.plot:
        title = f"{options.split}, {len(single)} instructions"
        atomic_file.write(options.plot, draw_reliability(sure, whole, title))
    if options.record:
        record(options.record, {**summary, "commit": commit(), "machine": machine()})
    print(json.dumps(summary))


def _compare(label: LabelledInstruction, parsed: ParseResult) -> dict[str, bool]:
    """By field; where one intent was asked for, all fields of several are wrong."""
    if len(parsed.intents) > 1:
        return dict.fromkeys(FIELDS, False)
    return label.compare(parsed.intent.to_dict())


def _accepts_parts(label: LabelledInstruction, parsed: ParseResult) -> bool:
    return label.accepts([intent.to_dict() for intent in parsed.intents])


def _describe_error(label: LabelledInstruction, parsed: ParseResult, comparison: dict[str, bool]) -> str:
    if len(parsed.intents) > 1:
        return f"{len(parsed.intents)} parts"
    got, wanted = parsed.intent.to_dict(), label.preferred[0]
    return ", ".join(f"{name} {got[name]!r} not {wanted[name]!r}" for name in FIELDS if not comparison[name])


def _share(values: Sequence[bool] | np.ndarray) -> float:
    return round(float(np.mean(values)), 4) if len(values) else float("nan")


if __name__ == "__main__":
    main()
