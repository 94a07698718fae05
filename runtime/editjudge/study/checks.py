"""The pages that tell whether a rater looks: what is shown on one, and how it has to be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from editjudge.study.design import StudyKind
from editjudge.study.items import StudyCandidate, StudyItem
from editjudge.study.pages import PicturePlace

SideValues = Mapping[str, float]
"""The values of a candidate by side."""
LOW, HIGH = 2.0, 4.0
"""A bad candidate gets at most the one, a good one at least the other."""
UNCHANGED, NOISE, EMPTY = "unchanged", "noise", "empty"
"""What the candidates of checks are: the original as it is, the original under noise, a mask of nothing."""


def make_check(item: StudyItem, kind: StudyKind) -> dict[str, StudyCandidate]:
    """What is made for a check on an input, by its role. It stands in the place of as many of the input's candidates,
    so that a check looks like other pages."""
    first = item.candidates[0]
    if kind == "masks":
        empty = PicturePlace(first.picture.row, first.picture.column, "empty")
        return {EMPTY: StudyCandidate(first.row, EMPTY, "", empty)}
    again = PicturePlace(item.original.row, item.original.column, "again")
    made = {UNCHANGED: StudyCandidate(first.row, UNCHANGED, "", again)}
    if kind == "prefer":
        noisy = PicturePlace(item.original.row, item.original.column, "noise")
        made[NOISE] = StudyCandidate(first.row, NOISE, "", noisy)
    return made


def is_passed(kind: StudyKind, roles: Sequence[str], values: Sequence[SideValues]) -> bool:
    """Whether a check was answered as by one who looks: an untouched original changes nothing that was asked for and
    keeps the rest, noise keeps less, and an empty mask covers nothing.

    Args:
        roles: What the candidates are, those of the data set without a role.
        values: Theirs; in a study of preferences those of the first over the second, both of the check.
    """
    found = dict(zip(roles, values, strict=False))
    if kind == "prefer":
        sign = 1 if roles[0] == UNCHANGED else -1
        return sign * values[0]["preserve"] > 0
    if kind == "masks":
        return found[EMPTY]["mask"] <= LOW
    return found[UNCHANGED]["modify"] <= LOW and found[UNCHANGED]["preserve"] >= HIGH
