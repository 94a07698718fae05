"""What a study asks of its raters: its kind, from which sides, with which answers, and how it is shuffled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

from editjudge.errors import InputError, quote_value
from editjudge.evaluation.sides import OVERALL
from editjudge.utils.arguments import whole_number

StudyKind = Literal["rate", "prefer", "masks", "imported"]
"""Each candidate from 1 to 5; the better one of two; each mask from 1 to 5; or ratings that others have gathered."""
SEED = whole_number(0, 2**63 - 1)
COUNT = whole_number(0, 10_000)
PAIRS = whole_number(1, 10_000).or_none("every pair")
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
POINTS = (1.0, 2.0, 3.0, 4.0, 5.0)
PREFERENCES = (-1.0, 0.0, 1.0)
"""The right one is better, none is, the left one is better."""


@dataclass(frozen=True)
class StudySide:
    """A side that raters judge: its name in columns, its title on a page, and what is meant by it."""

    name: str
    title: str
    help: str


SIDES = (
    StudySide(
        OVERALL,
        "Overall",
        "How good the edit is as a whole: it looks real, does what was asked, and leaves the rest alone.",
    ),
    StudySide("modify", "What was to change", "The part to be edited is as the instruction asks, and looks natural."),
    StudySide("preserve", "What was to stay", "All that the instruction does not speak of is as it was before."),
    StudySide(
        "size",
        "Size",
        "What was edited has the size that was asked for; where no other size was asked for, it has kept its own.",
    ),
    StudySide(
        "position",
        "Position",
        "What was edited is where it was asked to be; where no place was asked for, it has stayed where it was.",
    ),
)
MASK_SIDE = StudySide("mask", "Mask", "The mask covers what the edit changed, all of it and nothing else.")


@dataclass(frozen=True)
class StudyDesign:
    """How a study is done. Two of one design over one data set ask the same, in the same orders.

    Attributes:
        values: What may be answered for a side; none: any number, as ratings of others have them.
        seed: Of all orders.
        checks: Pages among those of each rater that tell whether he looks.
        pairs: Pairs of candidates of an input that are compared at most; None for all.
    """

    kind: StudyKind
    sides: tuple[StudySide, ...]
    values: tuple[float, ...]
    seed: int = 0
    checks: int = 0
    pairs: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(StudyKind):
            raise InputError(f"kind is {quote_value(self.kind)}; it must be one of {', '.join(get_args(StudyKind))}")
        SEED.check(seed=self.seed)
        COUNT.check(checks=self.checks)
        PAIRS.check(pairs=self.pairs)

    @property
    def side_names(self) -> tuple[str, ...]:
        return tuple(side.name for side in self.sides)

    def compare(self, other: StudyDesign) -> dict[str, tuple[str, str]]:
        """What is not the same in another design, by name: here and there, in words."""
        pairs = {field.name: (getattr(self, field.name), getattr(other, field.name)) for field in fields(self)}
        return {name: (_tell(here), _tell(there)) for name, (here, there) in pairs.items() if here != there}

    def list_positions(self, candidates: int) -> tuple[int, ...]:
        """The places of a page that are answered, from 1 on: of two that are compared the left one alone."""
        return (1,) if self.kind == "prefer" else tuple(range(1, candidates + 1))

    def check_page(self, values: Mapping[int, Mapping[str, float]], candidates: int) -> None:
        """Raises InputError where the values of a page, by position and side, are not whole or none of the design's."""
        positions = self.list_positions(candidates)
        for position in positions:
            self.check_values(values.get(position, {}))
        for position in values:
            if position not in positions:
                raise InputError(f"there is no candidate {quote_value(position)}; there are {len(positions)}")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> StudyDesign:
        """What `to_json` gave. Raises ValueError, TypeError or LookupError for another text."""
        content = json.loads(text)
        sides = tuple(StudySide(**side) for side in content["sides"])
        return cls(**{**content, "sides": sides, "values": tuple(map(float, content["values"]))})

    def check_values(self, values: Mapping[str, float]) -> None:
        """Raises InputError where a side has no answer, or one that is none of the design's."""
        for side in self.sides:
            if side.name not in values:
                raise InputError(f"{side.title} has no answer yet; choose one")
            value = values[side.name]
            if not any(type(value) in (int, float) and value == allowed for allowed in self.values):
                allowed = ", ".join(f"{value:g}" for value in self.values)
                raise InputError(f"{side.title} is {quote_value(value)}; it must be one of {allowed}")
        for name in values:
            if name not in self.side_names:
                raise InputError(f"there is no side {quote_value(name)}; answer {', '.join(self.side_names)}")


def default_design(kind: StudyKind, seed: int = 0, checks: int = 0, pairs: int | None = None) -> StudyDesign:
    """A study as the paper did it: five sides from 1 to 5, a preference of two from five sides, or masks from 1 to 5.
    Raises InputError."""
    sides = (MASK_SIDE,) if kind == "masks" else SIDES
    return StudyDesign(kind, sides, PREFERENCES if kind == "prefer" else POINTS, seed, checks, pairs)


def _tell(value: object) -> str:
    """A part of a design in words: None is for all pairs."""
    return "all" if value is None else str(value)


def check_code(code: object) -> None:
    """Raises InputError for what can be no code of a rater."""
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise InputError(f"the code is {quote_value(code)}; a code has 1 to 40 letters, digits, - or _")
