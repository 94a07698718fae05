"""Do scores on WebGPU equal those on the CPU, bound and unbound, and what do they take?

    python -m benchmarks.webgpu.compare FILE.jsonl [--bundle studio] [--edits 50] [--bound 5]

The edits are those that come with the package, rendered scenes first and photographs after them; instructions are read
once, on the CPU. Each edit that was scored is a line of FILE.jsonl, which a later call goes on with. What Vulkan shows
may be software, which `make test-webgpu` sets up: then the times say nothing of a GPU, and are here so that they are
known. The first edits, as many as `--bound` says, are scored once more, over memory that is kept from run to run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.common.provenance import commit, machine
from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import EditScore, ParseResult, Scorer
from editjudge.backends.onnx.providers import describe_hardware, find_problem
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo, load_photographs
from editjudge.models.model_set import ModelSet
from editjudge.ranking import Prepared

BOUND = 1e-3
"""How far a sub-score on WebGPU may be from that on the CPU."""
SUB_SCORES = {"semantic": ("modify", "modify_raw", "preserve", "preserve_raw"), "region": ("position", "size")}

ScoreRecord = dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """An edited picture, its original, and the instruction."""

    original: Path
    edited: Path
    instruction: str


class TimedScorer:
    """A scorer that keeps what it prepared of the last original."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._original: Path | None = None
        self._prepared: Prepared | None = None

    def score(self, edit: Edit, parsed: ParseResult) -> ScoreRecord:
        """All that the score says but its times; and the seconds that it took, and a new original before it."""
        preparing = None
        if self._prepared is None or self._original != edit.original:
            started = time.perf_counter()
            self._prepared = self._scorer.prepare(edit.original, parsed)
            preparing = time.perf_counter() - started
            self._original = edit.original
        started = time.perf_counter()
        score = self._prepared.score(edit.edited)
        return {"score": to_record(score), "prepare_s": preparing, "score_s": time.perf_counter() - started}


def list_edits() -> Iterator[Edit]:
    for given in (*load_demo(), *load_photographs()):
        for candidate in given.candidates:
            yield Edit(given.original, candidate.file, given.instruction)


def to_record(score: EditScore) -> ScoreRecord:
    return {key: value for key, value in score.to_dict().items() if key != "timings_ms"}


def score_edits(edits: list[Edit], bundle: str, bound: int, threads: int | None, keep: Path) -> list[ScoreRecord]:
    """A record per edit, of each side; those that the file holds already are not made again."""
    records = [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()] if keep.exists() else []
    opened = Bundle.load(bundle)
    cpu = Scorer.load(bundle, "cpu", threads, keep_answers=False)
    sides = {"cpu": TimedScorer(cpu)}
    sides |= {
        name: TimedScorer(Scorer(ModelSet(opened, "webgpu", threads, bound=name == "bound")))
        for name in ("webgpu", "bound")
    }
    parses: dict[str, ParseResult] = {}
    left = list(enumerate(edits))[len(records) :]
    with keep.open("a", encoding="utf-8") as file:
        for number, edit in progress(left, len(left), bundle):
            if edit.instruction not in parses:
                parses[edit.instruction] = cpu.parse(edit.instruction)
            names = [name for name in sides if name != "bound" or number < bound]
            record = {name: sides[name].score(edit, parses[edit.instruction]) for name in names}
            record["edit"] = edit.edited.stem
            file.write(f"{json.dumps(record)}\n")
            file.flush()
            records.append(record)
    return records[: len(edits)]


def largest_change(records: list[ScoreRecord], part: str, name: str) -> float:
    """Of a sub-score; infinite where one side measured it and the other did not."""
    largest = 0.0
    for record in records:
        one, other = (record[side]["score"][part][name] for side in ("cpu", "webgpu"))
        if one is None or other is None:
            largest = max(largest, 0.0 if one is other else float("inf"))
        else:
            largest = max(largest, abs(one - other))
    return largest


def summarise(records: list[ScoreRecord]) -> list[Figure]:
    figures = [Figure("edits", "edits", len(records))]
    for part, names in SUB_SCORES.items():
        for name in names:
            change = largest_change(records, part, name)
            figures.append(
                Figure(name, f"largest change of {part} {name}, in millionths", 1e6 * change, 1e6 * BOUND, False)
            )
    same = [
        record["cpu"]["score"]["verdict"]["decision"] == record["webgpu"]["score"]["verdict"]["decision"]
        for record in records
    ]
    figures.append(Figure("verdicts", "verdicts that are the same", share(same), 1.0))
    equal = [record["bound"]["score"] == record["webgpu"]["score"] for record in records if "bound" in record]
    if equal:
        figures.append(Figure("bound", f"bound runs that equal unbound ones, of {len(equal)}", share(equal), 1.0))
    for side in ("cpu", "webgpu", "bound"):
        taken = [record[side] for record in records if side in record]
        for key, what in (("prepare_s", "an original"), ("score_s", "an edited picture")):
            seconds = [one[key] for one in taken if one[key] is not None]
            if seconds:
                figures.append(
                    Figure(f"{side}_{key}", f"{what}, {side}, median", statistics.median(seconds), unit=" s")
                )
    return figures


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("file", type=Path, metavar="FILE.jsonl")
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--edits", type=int, default=50)
    command_line.add_argument("--bound", type=int, default=5)
    command_line.add_argument("--threads", type=int)
    options = command_line.parse_args()
    problem = find_problem("webgpu")
    if problem is not None:
        raise SystemExit(f"{problem}; or run it in the environment that `make test-webgpu` makes")
    edits = list(islice(list_edits(), options.edits))
    records = score_edits(edits, options.bundle, options.bound, options.threads, options.file)
    hardware = describe_hardware("webgpu") or "a GPU that ONNX Runtime chose"
    title = f"{options.bundle} on WebGPU ({hardware}) against the CPU"
    show(title, summarise(records), bundle=options.bundle, hardware=hardware, commit=commit(), machine=machine())


if __name__ == "__main__":
    main()
