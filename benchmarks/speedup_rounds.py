"""The rounds of the speed-up: every contender scores the same edit, in another order each time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from editjudge import EditScore, Scorer
from reference import Released, Scored
from reference_llm import Asked, Calls
from speedup_cases import Edit

Record = dict[str, Any]
REFERENCE = "reference"


@dataclass(frozen=True)
class Ours:
    """A scorer and the count of its work. same_models: whether its sub-scores are to be those of the reference."""

    name: str
    scorer: Scorer
    work: Counter[str]
    same_models: bool


def one_edit(reference: Released, calls: Calls, ours: Sequence[Ours], edit: Edit, turn: int) -> Record:
    """A record of one edit by everybody: seconds without the parse and with it, work, and how far sub-scores differ."""
    found: dict[str, tuple[Record, dict[str, float]]] = {}
    contenders: dict[str, Callable[[], tuple[Record, dict[str, float]]]] = {
        REFERENCE: lambda: _reference(reference, calls, edit),
        **{each.name: lambda each=each: _ours(each, edit) for each in ours},
    }
    for name in rotated(list(contenders), turn):
        found[name] = contenders[name]()
    records = {name: record for name, (record, _) in found.items()}
    for each in ours:
        if each.same_models:
            records[each.name]["apart"] = apart(found[each.name][1], found[REFERENCE][1])
    return {"kind": edit.kind, **records}


def one_ranking(reference: Released, ours: Sequence[Ours], edit: Edit, turn: int, sample: int) -> Record:
    """Seconds per candidate, the intent known; the reference scores `sample` of them, each by itself."""
    places = [(turn * sample + step) % len(edit.candidates) for step in range(sample)]
    record: Record = {"kind": edit.kind, "candidates": len(edit.candidates), "sample": sample}
    theirs: dict[int, Scored] = {}
    mine: dict[str, dict[int, dict[str, float]]] = {}
    for name in rotated([REFERENCE, *(each.name for each in ours)], turn):
        if name == REFERENCE:
            for place in places:
                theirs[place] = reference.score(edit.original, edit.candidates[place], edit.intent)
            seconds = [scored.seconds["total"] for scored in theirs.values()]
            record[name] = {"vision": sum(seconds) / sample, "work": dict(_summed(theirs.values()))}
            continue
        each = next(one for one in ours if one.name == name)
        each.work.clear()
        start = time.perf_counter()
        ranked = each.scorer.prepare(edit.original, edit.intent).rank(edit.candidates)
        seconds_each = (time.perf_counter() - start) / len(edit.candidates)
        record[name] = {"vision": seconds_each, "work": dict(each.work)}
        mine[name] = {one.index: sub_scores(one.score) for one in ranked if one.score is not None}
    for each in ours:
        if each.same_models:
            record[each.name]["apart"] = max(
                apart(mine[each.name][place], scored.sub_scores) for place, scored in theirs.items()
            )
    return record


def rotated(names: list[str], turn: int) -> list[str]:
    turn %= len(names)
    return names[turn:] + names[:turn]


def sub_scores(score: EditScore) -> dict[str, float]:
    semantic, region = score.semantic, score.region
    found = {
        "modify": semantic.modify_raw,
        "preserve": semantic.preserve_raw,
        "position": region.position,
        "size": region.size,
    }
    return {name: float("nan") if value is None else value for name, value in found.items()}


def apart(mine: dict[str, float], theirs: dict[str, float]) -> float:
    """The largest difference of a sub-score; NaN where one is missing."""
    return float(np.max([abs(mine[name] - theirs[name]) for name in theirs]))


def _reference(reference: Released, calls: Calls, edit: Edit) -> tuple[Record, dict[str, float]]:
    asked: Asked = calls.ask(edit.instruction, adds=edit.intent.source is None)
    scored = reference.score(edit.original, edit.candidates[0], edit.intent)
    stages = {stage: spent for stage, spent in scored.seconds.items() if stage not in ("parse", "total")}
    record = {
        "vision": scored.seconds["total"],
        "parse": asked.seconds,
        "told": scored.seconds["total"] + asked.seconds,
        "paper_parse": asked.paper_seconds,
        "stages": stages,
        "work": dict(scored.work),
        "calls": asdict(asked),
    }
    return record, scored.sub_scores


def _ours(ours: Ours, edit: Edit) -> tuple[Record, dict[str, float]]:
    original, edited = edit.original, edit.candidates[0]
    ours.work.clear()
    start = time.perf_counter()
    score = ours.scorer.score(original, edited, edit.intent)
    vision = time.perf_counter() - start
    work = dict(ours.work)
    ours.work.clear()
    start = time.perf_counter()
    told = ours.scorer.score(original, edited, edit.instruction)
    with_parse = time.perf_counter() - start
    stages = {stage: ms / 1000 for stage, ms in score.timings_ms.items() if stage not in ("parse", "total")}
    record = {
        "vision": vision,
        "parse": told.timings_ms.get("parse", 0.0) / 1000,
        "told": with_parse,
        "misread": dict(ours.work) != work,
        "stages": stages,
        "work": work,
    }
    return record, sub_scores(score)


def _summed(scored: Sequence[Scored] | Any) -> Counter[str]:
    return sum((each.work for each in scored), Counter())
