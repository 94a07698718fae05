"""How far a study is, who looks, and by how much raters agree."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.experiments.agreement import ALL_EDITS, agreement
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.statistics.bootstrap import Resampling
from editjudge.evaluation.statistics.pairs import number_groups
from editjudge.study.database import StudyDatabase
from editjudge.study.design import StudyKind
from editjudge.study.exporting import ExportedRow, as_table, find_failed, list_rows
from editjudge.study.ratings import RaterChecks, read_checks, read_pairs

NO_MODEL = "no model"
"""What edits are called that a data set names no editor of, where it names those of others."""


@dataclass(frozen=True)
class StudySummary:
    """What a study was begun with, as the options have it, and over how many inputs its pages are."""

    kind: StudyKind
    seed: int
    checks: int
    pairs: int | None
    inputs: int


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


def describe_study(study: StudyDatabase) -> StudySummary:
    """What has to be given to go on with it."""
    design, ((inputs,),) = study.design, study.select("SELECT count(DISTINCT input) FROM pages")
    return StudySummary(design.kind, design.seed, design.checks, design.pairs, inputs)


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
    if len(_rater_columns(rows, study.design.side_names[0])) < 2:
        raise InputError(f"{study.path.name} has one rater, and agreement is between two; ask another")
    options = EvaluationOptions(raters=("rater{n}_{side}",), sides=study.design.side_names, resamples=resamples)
    return agreement(as_table(study, rows), (), options)


def average_models(study: StudyDatabase, passed_checks: bool = False, resamples: int = 1000) -> Result:
    """The mean rating of each editor, or of each mask by its name, from each side. An edit counts by the mean of its
    raters, so that each counts alike; the intervals are of resampled inputs. Raises InputError where nobody has rated.
    """
    rows, sides = list_rows(study, passed_checks), study.design.side_names
    columns = [_rater_columns(rows, side) for side in sides]
    values = np.array([[_mean(row, of_side) for row in rows] for of_side in columns])  # [sides, rows]
    rated = ~np.isnan(values).all(axis=0)
    options, values = EvaluationOptions(resamples=resamples), values[:, rated]
    table = as_table(study, rows).pick(rated)
    names = table.labels(options.model) if options.model in table else [ALL_EDITS] * len(table)
    models = list(dict.fromkeys(names))
    label = np.where(np.isnan(values), len(models), [models.index(name) for name in names])
    group, groups = number_groups(table, options)
    resampling = Resampling(groups, resamples, options.seed)
    means, counts = resampling.shares_by_label(np.nan_to_num(values), group, label, len(models))
    what, by = ("masks", "mask") if study.design.kind == "masks" else ("edits", "editor")
    titles = [name or NO_MODEL for name in models]
    turned = means.map(lambda found: found.swapaxes(-1, -2))
    return Result(
        "means",
        {"means": Grid.of(f"mean rating by {by}", titles, sides, turned, counts.T)},
        used={what: len(table), "inputs": groups, "raters": len(columns[0])},
        left_out={f"{what} that nobody rated": len(rows) - len(table)},
    )


def count_preferences(study: StudyDatabase, passed_checks: bool = False) -> list[PreferenceShares]:
    """The paper's table 15: by pair of editors and side, what the majority of raters preferred.

    Args:
        passed_checks: Leave out raters who failed a check.
    """
    left_out = find_failed(study) if passed_checks else set[int]()
    models: dict[int, str] = dict(study.select("SELECT number, model FROM candidates"))
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for (first, second), by_side in read_pairs(study).items():
        turned = models[first] > models[second]
        one, other = sorted((models[first], models[second]))
        for side, by_rater in by_side.items():
            heard = [vote for rater, vote in by_rater.items() if rater not in left_out]
            if heard:
                votes = Counter((0.0 - vote if turned else vote) for vote in heard)
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


def _rater_columns(rows: Sequence[ExportedRow], side: str) -> list[str]:
    """The columns of what each rater said from a side."""
    return [name for name in rows[0] if re.fullmatch(rf"rater\d+_{re.escape(side)}", name)]


def _mean(row: ExportedRow, columns: Sequence[str]) -> float:
    """NaN where nobody has rated."""
    known = [row[column] for column in columns if row[column] is not None]
    return sum(known) / len(known) if known else float("nan")
