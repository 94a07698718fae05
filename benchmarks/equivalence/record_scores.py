"""Records everything that the studio bundle says of a fixed set of edits, so that two versions can be compared.

    PYTHONPATH=ROOT/runtime:ROOT/export:ROOT/models python benchmarks/equivalence/record_scores.py EDITS OUT.json

ROOT is the checkout whose scores are recorded: this file imports nothing but editjudge's public API, so the same file
runs on both versions. EDITS is a folder that `render_edits` wrote.

The edits of the demo are scored one by one, as rankings and with their metrics; those of EDITS one by one; every fourth
edit is also scored by the rules of the released code, and every fourth with its true intent in place of the
instruction. The released rules are what versions can be compared by whose own rules differ. All on the CPU, with one
thread for each model, and without the cache of parsed instructions. Everything in a score is kept except its times and
the version. Numbers are written in full; what has no value, or was not measured, is null. `compare_scores` compares two
such files.
"""

from __future__ import annotations

import argparse
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from editjudge import EditIntent, Scorer

LISTING = "edits.jsonl"
METRICS = ("l2", "clip_i", "clip_t", "clip_directional", "ssim", "psnr", "clip_t_plus_i")
CHANGING = ("timings_ms", "version")
"""What a score holds that is not about the edit."""

JsonObject = dict[str, Any]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("edits", type=Path, help="the folder that render_edits wrote")
    command_line.add_argument("output", type=Path, metavar="OUT.json")
    command_line.add_argument("--demo", type=Path, default=Path(str(files("editjudge_models"))) / "demo")
    options = command_line.parse_args()
    scorer = Scorer.load("studio", device="cpu", threads=1, keep_answers=False)
    released = Scorer.load("studio", device="cpu", threads=1, keep_answers=False, compat="released")
    records = {
        "demo": dict(record_demo(scorer, released, options.demo)),
        "rankings": dict(record_rankings(scorer, released, options.demo)),
        "studio": dict(record_studio(scorer, released, options.edits)),
    }
    options.output.write_text(f"{json.dumps(records, indent=1, sort_keys=True)}\n", encoding="utf-8")
    print(f"{options.output}: {', '.join(f'{len(edits)} of {name}' for name, edits in records.items())}")


def record_demo(scorer: Scorer, released: Scorer, folder: Path) -> Iterator[tuple[str, JsonObject]]:
    """The demo's edits one by one, with their metrics."""
    number = 0
    for entry in _load_inputs(folder):
        original, instruction = folder / entry["original"], entry["instruction"]
        for candidate in entry["candidate"]:
            edited = folder / candidate["file"]
            record = {
                "score": to_record(scorer.score(original, edited, instruction)),
                "metrics": measure_metrics(scorer, original, edited, instruction),
            }
            if number % 4 == 0:
                record["released"] = to_record(released.score(original, edited, instruction))
            yield edited.stem, record
            number += 1


def record_rankings(scorer: Scorer, released: Scorer, folder: Path) -> Iterator[tuple[str, JsonObject]]:
    """The demo's inputs as rankings of their candidates; every fourth also by the rules of the released code."""
    for number, entry in enumerate(_load_inputs(folder)):
        edited = [folder / candidate["file"] for candidate in entry["candidate"]]
        record = {}
        for name, ranker in {"ranked": scorer, **({"released": released} if number % 4 == 0 else {})}.items():
            ranked = ranker.prepare(folder / entry["original"], entry["instruction"]).rank(edited)
            record[name] = [
                {
                    "index": candidate.index,
                    "error": candidate.error,
                    "score": candidate.score and to_record(candidate.score),
                }
                for candidate in ranked
            ]
        yield entry["id"], record


def record_studio(scorer: Scorer, released: Scorer, folder: Path) -> Iterator[tuple[str, JsonObject]]:
    """The rendered edits, one by one."""
    for number, line in enumerate((folder / LISTING).read_text(encoding="utf-8").splitlines()):
        edit = json.loads(line)
        pictures = folder / edit["original"], folder / edit["edited"]
        record = {"score": to_record(scorer.score(*pictures, edit["instruction"]))}
        if number % 4 == 0:
            record["released"] = to_record(released.score(*pictures, edit["instruction"]))
        if number % 4 == 1:
            record["intent"] = to_record(scorer.score(*pictures, EditIntent(**edit["intent"])))
        yield edit["id"], record


def measure_metrics(scorer: Scorer, original: Path, edited: Path, instruction: str) -> dict[str, float | None]:
    """The metrics by name, None where one has no value."""
    if hasattr(scorer, "metrics"):  # up to 0.1.0 they had a call of their own
        values = scorer.metrics(original, edited, instruction, METRICS)
    else:
        score = scorer.score(original, edited, instruction, metrics=METRICS)
        values = {name: score.metrics[name].value for name in METRICS}
    return {name: None if value is None or math.isnan(value) else float(value) for name, value in values.items()}


def to_record(score: Any) -> JsonObject:
    """What a score says of the edit."""
    return {name: value for name, value in score.to_dict().items() if name not in CHANGING}


def _load_inputs(folder: Path) -> list[Mapping[str, Any]]:
    inputs: list[Mapping[str, Any]] = tomllib.loads((folder / "demo.toml").read_text(encoding="utf-8"))["input"]
    return inputs


if __name__ == "__main__":
    main()
