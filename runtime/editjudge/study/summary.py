"""How far a study is, who looks, and by how much raters agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from editjudge.errors import InputError
from editjudge.evaluation.experiments.agreement import agreement
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Result
from editjudge.study.database import StudyDatabase
from editjudge.study.exporting import as_table, list_rows
from editjudge.study.ratings import RaterChecks, read_checks, read_pairs


@dataclass(frozen=True)
class RaterProgress:
    """How many pages a rater has answered, and how the checks among them went."""

    number: int
    code: str
    answered: int
    checks: RaterChecks


@dataclass(frozen=True)
class PreferenceShares:
    """Of one side, how many pairs of two editors a majority of raters decided for the first, for neither, or for the
    second; and how many had no majority."""

    first: str
    second: str
    side: str
    better: int
    equal: int
    worse: int
    split: int


def list_raters(study: StudyDatabase) -> list[RaterProgress]:
    """All who have joined, in their order."""
    checks = read_checks(study)
    return [
        RaterProgress(number, code, study.progress(number)[0], checks[number])
        for number, code in study.select("SELECT number, code FROM raters ORDER BY number")
    ]


def compare_raters(study: StudyDatabase, passed_checks: bool = False, resamples: int = 1000) -> Result:
    """How raters agree from each side. Raises InputError where there are fewer than two."""
    rows = list_rows(study, passed_checks)
    ending = f"_{study.design.side_names[0]}"
    if sum(name.startswith("rater") and name.endswith(ending) for name in rows[0]) < 2:
        raise InputError(f"{study.path.name} has one rater, and agreement is between two; ask another")
    options = EvaluationOptions(raters=("rater{n}_{side}",), sides=study.design.side_names, resamples=resamples)
    return agreement(as_table(study, rows), (), options)


def count_preferences(study: StudyDatabase) -> list[PreferenceShares]:
    """The paper's table 15: by pair of editors and side, what the majority of raters preferred."""
    models: dict[int, str] = dict(study.select("SELECT number, model FROM candidates"))
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for (first, second), by_side in read_pairs(study).items():
        turned = models[first] > models[second]
        one, other = sorted((models[first], models[second]))
        for side, by_rater in by_side.items():
            votes = Counter((0.0 - vote if turned else vote) for vote in by_rater.values())
            counts[one, other, side][_decide(votes)] += 1
    order = {side: place for place, side in enumerate(study.design.side_names)}
    return [
        PreferenceShares(*key, found["better"], found["equal"], found["worse"], found["split"])
        for key, found in sorted(counts.items(), key=lambda entry: (*entry[0][:2], order[entry[0][2]]))
    ]


def _decide(votes: Counter[float]) -> str:
    """What most voted for, or that there is no such thing."""
    (winner, count), *others = votes.most_common()
    if others and others[0][1] == count:
        return "split"
    return {1.0: "better", 0.0: "equal", -1.0: "worse"}[winner]
