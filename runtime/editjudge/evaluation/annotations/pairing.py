"""Brings what was found together with what is true, pair of pictures by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from editjudge.errors import InputError
from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair
from editjudge.utils.arguments import Accepted
from editjudge.utils.text import shorten

Differences = tuple[AnnotatedDifference, ...]
PAIRS = Accepted(
    lambda pairs: isinstance(pairs, list | tuple) and all(isinstance(pair, AnnotatedPair) for pair in pairs),
    "what read_annotations(path) gives",
)


@dataclass(frozen=True)
class PairedDifferences:
    """By pair of pictures, in the truth's order: what was found there, and what is true.

    Attributes:
        missing: How many pairs nothing was said of, which counts as nothing found.
        unknown: How many differences were found in pairs that the truth lacks, which say nothing.
    """

    found: tuple[Differences, ...]
    true: tuple[Differences, ...]
    missing: int
    unknown: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of what the files do not say."""
        unsure = sum(one.confidence is None for differences in self.found for one in differences)
        said = [f"differences without a confidence, counted as sure: {unsure}"] if unsure else []
        if self.missing:
            said.append(f"pairs without predictions, in which nothing counts as found: {self.missing}")
        return tuple(said)


def pair_up(found: Sequence[AnnotatedPair], true: Sequence[AnnotatedPair]) -> PairedDifferences:
    """Raises InputError where no pair of pictures is in both, and for a true difference that is there twice."""
    PAIRS.check(found=found, true=true)
    by_key = {pair.key: pair.differences for pair in found}
    known = {pair.key for pair in true}
    if not true:
        raise InputError("the truth holds no pair of pictures; give one with the differences that are to be found")
    if found and known.isdisjoint(by_key):
        one, other = found[0], true[0]
        raise InputError(
            f"no pair of pictures is in both files; the first is {shorten(one.original)} and {shorten(one.edited)} "
            f"in one and {shorten(other.original)} and {shorten(other.edited)} in the other; name them the same"
        )
    for pair in true:
        _refuse_repeated(pair)
    return PairedDifferences(
        tuple(by_key.get(pair.key, ()) for pair in true),
        tuple(pair.differences for pair in true),
        missing=len(known - by_key.keys()),
        unknown=sum(len(differences) for key, differences in by_key.items() if key not in known),
    )


def _refuse_repeated(pair: AnnotatedPair) -> None:
    told: set[tuple[object, ...]] = set()
    for one in pair.differences:
        what = (one.change, one.element, one.box)
        if what in told:
            raise InputError(
                f"the truth of {shorten(pair.original)} and {shorten(pair.edited)} has twice the {one.change} of "
                f"{one.element or 'something'} in one box; give each difference once"
            )
        told.add(what)
