"""What was found in a few plain lines, for an assistant that reads no structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.registry import DEFAULT, EditScore
from editjudge.reports.candidates import Candidate
from editjudge.reports.differences import (
    describe_share,
    describe_unasked,
    explain_difference,
    name_difference,
    summarise,
)
from editjudge.reports.wording import describe_probability, explain_further, explain_order, has_number
from editjudge.utils.text import printable

MOST = 8
"""Differences that are told in words."""


def summarise_score(score: EditScore) -> str:
    """The headline; then the number and how sure it is, and what more there is to explain."""
    lines = [score.headline, _describe_number(score), explain_further(score)]
    return printable_lines(filter(None, lines))


def summarise_ranking(candidates: Sequence[Candidate]) -> str:
    """A line for each candidate, the best first, and by what they were ordered where that was no score."""
    lines = [f"{place}. {_describe_candidate(candidate)}" for place, candidate in enumerate(candidates, 1)]
    order = explain_order(candidates)
    return printable_lines([*lines, *([order] if order else [])])


def summarise_differences(found: PictureDifferences) -> str:
    """What happened; then a line for each difference, the strongest first."""
    content = found.evidence.content
    lines = [summarise(found), describe_unasked(found) or ""]
    for index, difference in enumerate(found.differences[:MOST]):
        told = f"{name_difference(index, difference, content)}, {describe_share(difference.share)} of the picture"
        lines.append(f"{told}. {explain_difference(difference)}".rstrip())
    more = len(found.differences) - MOST
    return printable_lines(filter(None, [*lines, f"and {more} more" if more > 0 else ""]))


def printable_lines(lines: Iterator[str] | Sequence[str]) -> str:
    """The lines, each of which shows all that it holds and is one."""
    return "\n".join(printable(line) for line in lines)


def _describe_number(score: EditScore) -> str:
    if not has_number(score):
        return f"{DEFAULT.title} was not measured."
    probability = describe_probability(score)
    certain = f"; {probability}" if probability else ""
    return f"{DEFAULT.title} {score.value:.2f} of 2, confidence {score.confidence:.2f}{certain}."


def _describe_candidate(candidate: Candidate) -> str:
    score = candidate.score
    if score is None:
        return f"{candidate.name}: {candidate.failure}"
    number = f"{score.value:.2f} of 2" if has_number(score) else "no number"
    return f"{candidate.name}: {number}. {score.headline}"
