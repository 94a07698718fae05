"""How often the parser is right, per field: prints a table, what was wrong, then one JSON line.

python benchmarks/parse_accuracy.py MODEL.gguf [dev|test] [--threads N]

What is right, data/README.md says. Compound instructions are counted apart: how often the intent is one of the parts.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from editjudge.parse import Parser
from parse_cases import FIELDS, SPLITS, cases


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("split", nargs="?", default="dev", choices=SPLITS)
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()

    parser = Parser(given.model, threads=given.threads)
    started = time.perf_counter()
    parser.parse("tell me whether this works")  # loads the model and reads the prompts
    load_s = time.perf_counter() - started

    right: dict[str, list[bool]] = {name: [] for name in (*FIELDS, "all")}
    parts: list[bool] = []
    sure: list[bool] = []
    wall_ms, cpu_ms = [], []
    for case in cases(given.split):
        wall, cpu = time.perf_counter(), time.process_time()
        parsed = parser.parse(case.instruction)
        wall_ms.append(1000 * (time.perf_counter() - wall))
        cpu_ms.append(1000 * (time.process_time() - cpu))
        got = parsed.intent.to_dict()
        agrees = case.right(got)
        if case.is_compound:
            parts.append(all(agrees.values()))
            continue
        for name in FIELDS:
            right[name].append(agrees[name])
        right["all"].append(all(agrees.values()))
        sure.append(parsed.confident)
        if not all(agrees.values()):
            wanted = case.preferred[0]
            wrong = ", ".join(f"{name} {got[name]!r} not {wanted[name]!r}" for name in FIELDS if not agrees[name])
            print(f"{'sure  ' if parsed.confident else 'unsure'}  {case.instruction}: {wrong}", flush=True)

    shares = {name: round(float(np.mean(values)), 3) for name, values in right.items()}
    print(f"\n{given.split}: {len(sure)} instructions, and {len(parts)} compound ones")
    for name, share in shares.items():
        print(f"{name:10} {share:.3f}")
    summary = {
        "benchmark": "parse_accuracy",
        "split": given.split,
        "instructions": len(sure),
        **shares,
        "part_of_compound": round(float(np.mean(parts)), 3),
        "confident": round(float(np.mean(sure)), 3),
        "all_when_confident": round(float(np.mean(np.array(right["all"])[sure])), 3),
        "threads": given.threads,
        "load_s": round(load_s, 2),
        "p50_wall_ms": round(float(np.median(wall_ms))),
        "p50_cpu_ms": round(float(np.median(cpu_ms))),
        "load_average": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
