"""Does a change leave every score as it was? Compares two files that `record_scores` wrote.

    python -m benchmarks.equivalence.compare_scores BEFORE.json AFTER.json

Numbers may differ by 1e-9, everything else must be the same: a null is no number, and equal to a null
alone. Prints every difference, then a line for every kind of value: how many edits have such values, how many of them
are numbers, by how much those differ at most, how many are something else, and how many of all differ. Exit status: 0:
nothing differs; 1: something does; 2: there is nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOLERANCE = 1e-9
DEPTH = 2
"""The first keys of a path name the set and the edit."""
WHOLE = "models"
"""All that lies under this key counts as one kind of value."""
MISSING = object()

KeyPath = tuple[str | int, ...]
"""The keys and the indices that lead to a value."""


@dataclass
class KindSummary:
    """What was compared of one kind of value.

    Attributes:
        edits: Those that have such values.
        numbers: How many values are numbers.
        largest: The largest difference of two numbers.
        others: How many values are something else.
        differing: How many of all differ.
    """

    edits: set[KeyPath] = field(default_factory=set)
    numbers: int = 0
    largest: float = 0.0
    others: int = 0
    differing: int = 0


def compare(before: Any, after: Any) -> tuple[dict[str, KindSummary], list[str]]:
    """A summary of what was compared, by kinds of values, and every difference as a sentence."""
    kinds: dict[str, KindSummary] = defaultdict(KindSummary)
    differences = []
    for path, one, other in walk_pairs(before, after):
        kind = kinds[_kind(path)]
        kind.edits.add(path[:DEPTH])
        if _is_number(one) and _is_number(other):
            distance = _distance(one, other)
            kind.numbers += 1
            kind.largest = max(kind.largest, distance)
            same = distance <= TOLERANCE
        else:
            kind.others += 1
            same = type(one) is type(other) and one == other
        if not same:
            kind.differing += 1
            differences.append(f"{'.'.join(map(str, path))}: {_format(one)} became {_format(other)}")
    return dict(kinds), differences


def walk_pairs(before: Any, after: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Every value that either has, with its path and what the other has there."""
    if isinstance(before, dict) and isinstance(after, dict) and (before or after):
        for key in dict.fromkeys([*before, *after]):
            yield from walk_pairs(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and (before or after):
        for index in range(max(len(before), len(after))):
            yield from walk_pairs(_at(before, index), _at(after, index), (*path, index))
    else:
        yield path, before, after


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else MISSING


def _kind(path: KeyPath) -> str:
    """The path without the edit, and without indices."""
    keys = [key for key in (*path[:1], *path[DEPTH:]) if isinstance(key, str)]
    return ".".join(keys[: keys.index(WHOLE) + 1] if WHOLE in keys else keys) or "all"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(one: float, other: float) -> float:
    """0 for two that are both NaN, or both infinite with the same sign."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    distance = abs(one - other)
    return math.inf if math.isnan(distance) else distance


def _format(value: object) -> str:
    return "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)


def format_table(kinds: Mapping[str, KindSummary]) -> Iterator[str]:
    """The lines of the table."""
    width = max(map(len, ("kind", *kinds)))
    heads = ("edits", "numbers", "largest difference", "others", "differing")
    yield f"{'kind':{width}}  {'  '.join(heads)}"
    for name, kind in sorted(kinds.items()):
        largest = f"{kind.largest:.3g}" if kind.numbers else "-"
        cells = (len(kind.edits), kind.numbers, largest, kind.others, kind.differing)
        yield f"{name:{width}}  {'  '.join(f'{cell:>{len(head)}}' for cell, head in zip(cells, heads, strict=True))}"


def main() -> int:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("before", type=Path, metavar="BEFORE.json")
    command_line.add_argument("after", type=Path, metavar="AFTER.json")
    options = command_line.parse_args()
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (options.before, options.after))
    kinds, differences = compare(before, after)
    print("\n".join([*differences, *format_table(kinds)]))
    numbers = sum(kind.numbers for kind in kinds.values())
    edits = {path for kind in kinds.values() for path in kind.edits}
    if not numbers:
        print("there are no numbers to compare")
        return 2
    print(f"{len(edits)} edits, {numbers} numbers, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
