"""The rounds of the speed-up: both sides score the same edit, in a different order every time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.speedup.edits import TimedEdit
from benchmarks.speedup.record import SideRecord
from benchmarks.speedup.reference import ReferencePipeline
from benchmarks.speedup.scripted import Script, open_scripted_scorer
from editjudge import EditIntent, EditScore, Scorer
from editjudge.bundles.bundle import Bundle

if TYPE_CHECKING:
    from benchmarks.speedup.reference_llm import ReferenceParser

SubScores = dict[str, float]
Contender = Callable[[], tuple[SideRecord, list[SubScores]]]
REFERENCE = "reference"
LOCAL = " local"
"""Ends the name of a side that scores local edits by editjudge's own rules."""


@dataclass(frozen=True)
class CountedScorer:
    """A scorer of editjudge.

    Attributes:
        name: That of its bundle.
        scorer: Scores.
        work: Counts what goes through its models.
        same_models: Whether its sub-scores should be those of the reference.
        script: What its detector is told of the edit at hand, where it is told anything.
    """

    name: str
    scorer: Scorer
    work: Counter[str]
    same_models: bool
    script: Script | None = None

    @classmethod
    def by_own_rules(cls, counted: CountedScorer) -> CountedScorer:
        """The same bundle by editjudge's own rules, for local edits; what goes through its models is not counted."""
        bundle, script = Bundle.load(counted.scorer.bundle.folder), Script()
        scorer = open_scripted_scorer(bundle, counted.scorer.models, script)
        return cls(f"{counted.name}{LOCAL}", scorer, Counter(), False, script)

    def begin(self, edit: TimedEdit) -> None:
        self.work.clear()
        if self.script is not None:
            self.script.clear()
            self.script.update(edit.boxes)


def one_edit(
    reference: ReferencePipeline, parser: ReferenceParser, ours: Sequence[CountedScorer], edit: TimedEdit, turn: int
) -> SideRecord:
    """Has all sides score one edit: seconds without the parse and with it, work, and how far sub-scores differ."""
    contenders: dict[str, Contender] = {REFERENCE: lambda: _score_by_reference(reference, parser, edit)}
    contenders |= {counted.name: partial(_score, counted, edit) for counted in ours}
    return {"kind": edit.kind, **_take_turns(contenders, ours, turn)}


def one_ranking(
    reference: ReferencePipeline, ours: Sequence[CountedScorer], edit: TimedEdit, turn: int, sample: int
) -> SideRecord:
    """Has all sides rank the candidates of an edit, with its intent known: seconds per candidate.

    The reference scores `sample` of them, one by one.
    """
    count = len(edit.candidates)
    sampled = [(turn * sample + step) % count for step in range(sample)]
    contenders: dict[str, Contender] = {REFERENCE: lambda: _rank_by_reference(reference, edit, sampled)}
    contenders |= {counted.name: partial(rank, counted, edit, sampled) for counted in ours}
    return {"kind": edit.kind, "candidates": count, "sample": sample, **_take_turns(contenders, ours, turn)}


def sub_scores(score: EditScore) -> SubScores:
    """The raw sub-scores, with NaN for one that does not apply."""
    semantic, region = score.semantic, score.region
    values = {
        "modify": semantic.modify_raw,
        "preserve": semantic.preserve_raw,
        "position": region.position,
        "size": region.size,
    }
    return {name: nan if value is None else value for name, value in values.items()}


def _take_turns(contenders: Mapping[str, Contender], ours: Sequence[CountedScorer], turn: int) -> dict[str, SideRecord]:
    """The records of all sides, of which another one begins every turn; with how far the same models are apart."""
    names = list(contenders)
    first = turn % len(names)
    results = {name: contenders[name]() for name in names[first:] + names[:first]}
    records = {name: results[name][0] for name in names}
    for counted in ours:
        if counted.same_models:
            records[counted.name]["apart"] = _largest_gap(results[counted.name][1], results[REFERENCE][1])
    return records


def _largest_gap(mine: Sequence[SubScores], theirs: Sequence[SubScores]) -> float:
    """The largest difference of a sub-score; NaN where one is missing."""
    gaps = [[abs(one[name] - other[name]) for name in other] for one, other in zip(mine, theirs, strict=True)]
    return float(np.max(gaps))


def _score_by_reference(
    reference: ReferencePipeline, parser: ReferenceParser, edit: TimedEdit
) -> tuple[SideRecord, list[SubScores]]:
    calls = parser.ask(edit.instruction, adds=edit.intent.source is None)
    score = reference.score(edit.original, edit.candidates[0], edit.intent)
    vision = score.seconds["total"]
    record = {
        "vision": vision,
        "parse": calls.seconds,
        "told": vision + calls.seconds,
        "stages": _stages(score.seconds),
        "work": dict(score.work),
        "calls": asdict(calls),
    }
    return record, [score.sub_scores]


def _rank_by_reference(
    reference: ReferencePipeline, edit: TimedEdit, sampled: Sequence[int]
) -> tuple[SideRecord, list[SubScores]]:
    scores = [reference.score(edit.original, edit.candidates[index], edit.intent) for index in sampled]
    work = sum((score.work for score in scores), Counter())
    vision = sum(score.seconds["total"] for score in scores) / len(scores)
    return {"vision": vision, "work": dict(work)}, [score.sub_scores for score in scores]


def _score(counted: CountedScorer, edit: TimedEdit) -> tuple[SideRecord, list[SubScores]]:
    """Scores with the intent known, and has the parser read the instruction, which it has not seen before."""
    counted.begin(edit)
    start = time.perf_counter()
    score = counted.scorer.score(edit.original, edit.candidates[0], edit.intent)
    middle = time.perf_counter()
    parsed = counted.scorer.parse(edit.instruction)
    end = time.perf_counter()
    record = {
        "vision": middle - start,
        "parse": end - middle,
        "told": end - start,
        "misread": _phrases(parsed.intent) != _phrases(score.intent),
        "stages": _stages({stage: milliseconds / 1000 for stage, milliseconds in score.timings_ms.items()}),
        "work": dict(counted.work),
        "looked_at": _look(score),
    }
    return record, [sub_scores(score)]


def rank(counted: CountedScorer, edit: TimedEdit, sampled: Sequence[int]) -> tuple[SideRecord, list[SubScores]]:
    """Ranks the candidates of an edit, and then scores the first of them once more; with the sub-scores of some."""
    counted.begin(edit)
    start = time.perf_counter()
    prepared = counted.scorer.prepare(edit.original, edit.intent)
    middle = time.perf_counter()
    ranked = prepared.rank(edit.candidates)
    end = time.perf_counter()
    work = dict(counted.work)
    further = prepared.score(edit.candidates[0])
    found = {candidate.index: candidate.score for candidate in ranked if candidate.score is not None}
    record = {
        "vision": (end - start) / len(edit.candidates),
        "prepare": middle - start,
        "further": time.perf_counter() - end,
        "work": work,
        "looked_at": [_look(found[index]) for index in sorted(found)],
        "stages": _stages({stage: milliseconds / 1000 for stage, milliseconds in further.timings_ms.items()}),
    }
    return record, [sub_scores(found[index]) for index in sampled]


def _look(score: EditScore) -> SideRecord:
    return {"share": score.looked_at.share, "reason": score.looked_at.reason}


def _phrases(intent: EditIntent) -> tuple[str | None, ...]:
    """What decides how much work an edit is."""
    return intent.source, intent.target, intent.anchor


def _stages(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: spent for stage, spent in seconds.items() if stage not in ("parse", "total")}
