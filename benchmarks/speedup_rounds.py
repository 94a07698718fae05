"""The rounds of the speed-up: every contender scores the same edit, in another order each time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import nan
from typing import Any

import numpy as np

from editjudge import EditIntent, EditScore, Scorer
from reference import Released
from reference_llm import Calls
from speedup_cases import Edit

Record = dict[str, Any]
SubScores = dict[str, float]
Contender = Callable[[], tuple[Record, list[SubScores]]]
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
    contenders: dict[str, Contender] = {REFERENCE: lambda: _released(reference, calls, edit)}
    contenders |= {each.name: partial(_scored, each, edit) for each in ours}
    return {"kind": edit.kind, **_in_turns(contenders, ours, turn)}


def one_ranking(reference: Released, ours: Sequence[Ours], edit: Edit, turn: int, sample: int) -> Record:
    """Seconds per candidate, the intent known; the reference scores `sample` of them, each by itself."""
    count = len(edit.candidates)
    places = [(turn * sample + step) % count for step in range(sample)]
    contenders: dict[str, Contender] = {REFERENCE: lambda: _released_each(reference, edit, places)}
    contenders |= {each.name: partial(_ranked, each, edit, places) for each in ours}
    return {"kind": edit.kind, "candidates": count, "sample": sample, **_in_turns(contenders, ours, turn)}


def sub_scores(score: EditScore) -> SubScores:
    semantic, region = score.semantic, score.region
    found = {
        "modify": semantic.modify_raw,
        "preserve": semantic.preserve_raw,
        "position": region.position,
        "size": region.size,
    }
    return {name: nan if value is None else value for name, value in found.items()}


def _in_turns(contenders: Mapping[str, Contender], ours: Sequence[Ours], turn: int) -> dict[str, Record]:
    """Everybody's record, each time beginning with another one; of the same models also how far they are apart."""
    names = list(contenders)
    first = turn % len(names)
    found = {name: contenders[name]() for name in names[first:] + names[:first]}
    records = {name: found[name][0] for name in names}
    for each in ours:
        if each.same_models:
            records[each.name]["apart"] = _apart(found[each.name][1], found[REFERENCE][1])
    return records


def _apart(mine: Sequence[SubScores], theirs: Sequence[SubScores]) -> float:
    """The largest difference of a sub-score; NaN where one is missing."""
    gaps = [[abs(one[name] - other[name]) for name in other] for one, other in zip(mine, theirs, strict=True)]
    return float(np.max(gaps))


def _released(reference: Released, calls: Calls, edit: Edit) -> tuple[Record, list[SubScores]]:
    asked = calls.ask(edit.instruction, adds=edit.intent.source is None)
    scored = reference.score(edit.original, edit.candidates[0], edit.intent)
    vision = scored.seconds["total"]
    record = {
        "vision": vision,
        "parse": asked.seconds,
        "told": vision + asked.seconds,
        "stages": _stages(scored.seconds),
        "work": dict(scored.work),
        "calls": asdict(asked),
    }
    return record, [scored.sub_scores]


def _released_each(reference: Released, edit: Edit, places: Sequence[int]) -> tuple[Record, list[SubScores]]:
    scored = [reference.score(edit.original, edit.candidates[place], edit.intent) for place in places]
    work = sum((each.work for each in scored), Counter())
    vision = sum(each.seconds["total"] for each in scored) / len(scored)
    return {"vision": vision, "work": dict(work)}, [each.sub_scores for each in scored]


def _scored(ours: Ours, edit: Edit) -> tuple[Record, list[SubScores]]:
    """The intent known; and once more from the instruction, which the parser has not seen yet."""
    ours.work.clear()
    start = time.perf_counter()
    score = ours.scorer.score(edit.original, edit.candidates[0], edit.intent)
    seen = time.perf_counter()
    work = dict(ours.work)
    told = ours.scorer.score(edit.original, edit.candidates[0], edit.instruction)
    record = {
        "vision": seen - start,
        "parse": told.timings_ms["parse"] / 1000,
        "told": time.perf_counter() - seen,
        "misread": _phrases(told.intent) != _phrases(score.intent),
        "stages": _stages({stage: spent / 1000 for stage, spent in score.timings_ms.items()}),
        "work": work,
    }
    return record, [sub_scores(score)]


def _ranked(ours: Ours, edit: Edit, places: Sequence[int]) -> tuple[Record, list[SubScores]]:
    ours.work.clear()
    start = time.perf_counter()
    ranked = ours.scorer.prepare(edit.original, edit.intent).rank(edit.candidates)
    vision = (time.perf_counter() - start) / len(edit.candidates)
    found = {each.index: sub_scores(each.score) for each in ranked if each.score is not None}
    return {"vision": vision, "work": dict(ours.work)}, [found[place] for place in places]


def _phrases(intent: EditIntent) -> tuple[str | None, ...]:
    """What decides how much work an edit is."""
    return intent.source, intent.target, intent.anchor


def _stages(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: spent for stage, spent in seconds.items() if stage not in ("parse", "total")}
