"""How often is the parser right, how sure is it, and how fast? Prints a table, what was wrong, and one line of JSON.

    python -m benchmarks.parsing.accuracy [dev|test|second|third|fourth] [--file FILE.jsonl] [--bundle B]
        [--model FILE [--adapter FILE]] [--plot FILE.svg] [--record NAME]

Without --model it is the bundle's parser that is measured; with --adapter another adapter of its model. Answers that
are kept on disk are not used. What counts as right is defined in data/README.md. Fields are those of single
instructions; of compound ones it counts how often the number of parts is the right one, and how often all parts are
right. "wholly_right" and what follows are of both: an instruction is right if all parts and fields are, and flagged if
the parser says that it is not sure.
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
from benchmarks.parsing.instructions import FIELDS, SPLITS, LabelledInstruction, is_right, load_instructions
from benchmarks.parsing.table import record
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser, ParserWeights
from editjudge.parser.result import ParseResult
from editjudge.utils import atomic_file

CERTAIN = 0.9
"""The share of the instructions, the most certain ones, whose accuracy is reported."""


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("split", nargs="?", default="dev", choices=SPLITS)
    command_line.add_argument("--file", type=Path, help="instructions in the format of data/parse_*.jsonl")
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--model", type=Path)
    command_line.add_argument("--adapter", type=Path)
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument("--plot", type=Path, help="draw how often it is right, by how sure it is")
    command_line.add_argument("--record", help="keep the figures in data/parse.json, under this name")
    options = command_line.parse_args()

    parser = _open_parser(options)
    started = time.perf_counter()
    parser.parse("tell me whether this works")  # loads the model
    load_s = time.perf_counter() - started

    labelled = load_instructions(options.file or options.split)
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
    wholly = np.array([is_right(label, parsed) for label, parsed in pairs])
    surety = np.array([parsed.surety for _, parsed in pairs])
    confident = np.array([parsed.confident for _, parsed in pairs])

    comparisons = [_compare(label, parsed) for label, parsed in single]
    right = {name: [comparison[name] for comparison in comparisons] for name in FIELDS}
    whole = np.array([all(comparison.values()) for comparison in comparisons])
    sure = np.array([parsed.certainty[0].whole for _, parsed in single])
    for (label, parsed), right_ in zip(pairs, wholly, strict=True):
        if not right_:
            mark = "  " if parsed.confident else "? "
            print(f"{mark}{parsed.surety:.2f}  {label.instruction!r}: {_describe_error(label, parsed)}")
    shares = {name: _share(values) for name, values in right.items()}
    shares["object"] = _share([a and b for a, b in zip(right["source"], right["target"], strict=True)])
    shares["all"] = _share(whole)
    name = "real" if options.file else options.split
    print(f"\n{name}: {len(single)} instructions, and {len(compound)} compound ones")
    for field, share in shares.items():
        print(f"{field:10} {share:.3f}")
    certain = np.argsort(-sure, kind="stable")[: round(CERTAIN * len(sure))]
    summary = {
        "benchmark": "parse_accuracy",
        "split": name,
        "instructions": len(single),
        **shares,
        "compound": _share([is_right(label, parsed) for label, parsed in compound]),
        "compound_flagged": _share([len(parsed.intents) > 1 for _, parsed in compound]),
        "single_flagged_compound": _share([len(parsed.intents) > 1 for _, parsed in single]),
        "compounds": len(compound),
        "most_certain": _share(whole[certain]),
        "uncertain": _share([not parsed.confident for _, parsed in single]),
        "wholly_right": _share(wholly),
        "wrong_unflagged": int((confident & ~wholly).sum()),
        "unflagged_right": _share(wholly[confident]),
        "flagged": _share(~confident),
        "calibration_error": round(expected_error(surety, wholly), 3),
        "output_tokens": {
            "mean": round(float(np.mean([parsed.tokens for parsed in results])), 1),
            "most_single": max(parsed.tokens for _, parsed in single),
            "most_compound": max(parsed.tokens for _, parsed in compound),
        },
        "threads": options.threads,
        "adapter_mb": round(_find_adapter(options).stat().st_size / 1e6, 2),
        "load_s": round(load_s, 2),
        "p50_wall_ms": round(float(np.median(wall_ms))),
        "p95_wall_ms": round(float(np.percentile(wall_ms, 95))),
        "p50_cpu_ms": round(float(np.median(cpu_ms))),
        "load_average": round(os.getloadavg()[0], 1),
    }
    if options.plot:
        title = f"{name}, {len(pairs)} instructions"
        atomic_file.write(options.plot, draw_reliability(surety, wholly, title))
    if options.record:
        record(options.record, {**summary, "commit": commit(), "machine": machine()})
    print(json.dumps(summary))


def _open_parser(options: argparse.Namespace) -> Parser:
    bundle = Bundle.load(options.bundle)
    if not options.model and not options.adapter:
        return Parser.open(bundle, threads=options.threads, keep=False)
    weights = ParserWeights(options.model or bundle.file("parser"), options.adapter)
    return Parser({"parser": weights}, {"parser": bundle.manifest.parse}, threads=options.threads)


def _find_adapter(options: argparse.Namespace) -> Path:
    return options.adapter or Bundle.load(options.bundle).file("parser_adapter")


def _compare(label: LabelledInstruction, parsed: ParseResult) -> dict[str, bool]:
    """By field; several intents are wrong in all of them, unless a reading has them."""
    if len(parsed.intents) > 1:
        return dict.fromkeys(FIELDS, is_right(label, parsed))
    return label.compare(parsed.intent.to_dict())


def _describe_error(label: LabelledInstruction, parsed: ParseResult) -> str:
    got = [intent.to_dict() for intent in parsed.intents]
    if len(got) != len(label.preferred):
        return f"{len(got)} parts not {len(label.preferred)}: {parsed.intents}"
    wrong = (
        f"{name} {mine[name]!r} not {wanted[name]!r}"
        for mine, wanted in zip(got, label.preferred, strict=True)
        for name in FIELDS
        if mine[name] != wanted[name]
    )
    return ", ".join(wrong)


def _share(values: Sequence[bool] | np.ndarray) -> float:
    return round(float(np.mean(values)), 4) if len(values) else float("nan")


if __name__ == "__main__":
    main()
