"""What the raters of a study said, by candidate: read from its file, without checks and without earlier answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from editjudge.study.checks import is_passed
from editjudge.study.database import StudyDatabase

RATINGS = (
    "SELECT rater, latest.page, candidate, side, value FROM latest JOIN pages ON pages.number = latest.page "
    "JOIN ratings ON answer = latest.number WHERE is_check = {check}"
)
Heard = Mapping[tuple[int, str], Mapping[int, tuple[float, ...]]]
"""By rater and side: the values of each candidate, one for every page that it was on."""


@dataclass(frozen=True)
class RaterChecks:
    """How many checks a rater has answered, and how many of them as one who looks."""

    answered: int
    passed: int


def read_checks(study: StudyDatabase) -> dict[int, RaterChecks]:
    """Of every rater, by number."""
    counts = {rater: [0, 0] for (rater,) in study.select("SELECT number FROM raters ORDER BY number")}
    roles: dict[int, str] = dict(study.select("SELECT number, coalesce(role, '') FROM candidates"))
    pages: dict[tuple[int, int], dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for rater, page, candidate, side, value in study.select(RATINGS.format(check=1)):
        pages[rater, page][candidate][side] = value
    for (rater, _), values in pages.items():
        counts[rater][0] += 1
        counts[rater][1] += is_passed(study.design.kind, [roles[one] for one in values], list(values.values()))
    return {rater: RaterChecks(*count) for rater, count in counts.items()}


def read_pairs(study: StudyDatabase) -> dict[tuple[int, int], dict[str, dict[int, float]]]:
    """What is preferred, by pair of candidates in the order of the data set, by side and rater: 1 for the first."""
    sides = dict[int, list[int]]()
    for page, candidate in study.select("SELECT page, candidate FROM page_candidates ORDER BY page, candidate"):
        sides.setdefault(page, []).append(candidate)
    pairs: dict[tuple[int, int], dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for rater, page, left, side, value in study.select(RATINGS.format(check=0)):
        first, second = sides[page]
        pairs[first, second][side][rater] = value if left == first else 0.0 - value
    return pairs


def read_ratings(study: StudyDatabase) -> Heard:
    """Of every rater and side. In a study of preferences, by how much a candidate is preferred on each of its pages."""
    heard: dict[tuple[int, str], dict[int, tuple[float, ...]]] = defaultdict(dict)

    def add(rater: int, side: str, candidate: int, value: float) -> None:
        values = heard[rater, side]
        values[candidate] = (*values.get(candidate, ()), value)

    if study.design.kind == "prefer":
        for (first, second), by_side in read_pairs(study).items():
            for side, by_rater in by_side.items():
                for rater, value in by_rater.items():
                    add(rater, side, first, value)
                    add(rater, side, second, 0.0 - value)
    else:
        for rater, _, candidate, side, value in study.select(RATINGS.format(check=0)):
            add(rater, side, candidate, value)
    return heard
