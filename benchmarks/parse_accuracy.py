"""How often the parser is right, per field: prints a table, what was wrong, then one JSON line.

python benchmarks/parse_accuracy.py MODEL.gguf [dev|held_out] [--threads N]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from editjudge.parse import Parser

DATA = Path(__file__).parent / "data"
FIELDS = ("edit_type", "source", "target", "anchor", "size", "position")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("split", nargs="?", default="dev", choices=["dev", "held_out"])
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()

    cases = [json.loads(line) for line in (DATA / f"parse_{given.split}.jsonl").read_text().splitlines()]
    parser = Parser(given.model, threads=given.threads)
    started = time.perf_counter()
    parser.parse("tell me whether this works")  # loads the model and reads the prompts
    load_s = time.perf_counter() - started

    right: dict[str, list[bool]] = {name: [] for name in (*FIELDS, "all")}
    sure: list[bool] = []
    wall_ms, cpu_ms = [], []
    for case in cases:
        wall, cpu = time.perf_counter(), time.process_time()
        parsed = parser.parse(case["instruction"])
        wall_ms.append(1000 * (time.perf_counter() - wall))
        cpu_ms.append(1000 * (time.process_time() - cpu))
        got, wanted = parsed.intent.to_dict(), case["intent"]
        for name in FIELDS:
            right[name].append(got[name] == wanted[name])
        right["all"].append(got == wanted)
        sure.append(parsed.confident)
        if got != wanted:
            wrong = ", ".join(
                f"{name} {got[name]!r} not {wanted[name]!r}" for name in FIELDS if got[name] != wanted[name]
            )
            print(f"{'sure  ' if parsed.confident else 'unsure'}  {case['instruction']}: {wrong}", flush=True)

    shares = {name: round(float(np.mean(values)), 3) for name, values in right.items()}
    print(f"\n{given.split}: {len(cases)} instructions")
    for name, share in shares.items():
        print(f"{name:10} {share:.3f}")
    summary = {
        "benchmark": "parse_accuracy",
        "split": given.split,
        "instructions": len(cases),
        **shares,
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
