"""Which rows go through the models together: those of one original and one instruction, some at a time.

The last digits of a score depend on what goes through the models beside it. So that a run writes the same table
wherever it was cut off, and wherever it runs, what is together depends on the data set alone: its rows are looked at in
blocks, counted from its first row, and a batch of which a row is missing is scored anew as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, groupby, islice

from editjudge.datasets import Dataset, EditSample
from editjudge.errors import InputError
from editjudge.ranking import BATCH

BLOCK = 128
"""Rows that are in memory to be grouped; each may hold some pictures of several megabytes."""

Numbered = tuple[int, EditSample]
Group = list[Numbered]
"""Rows of one original and one instruction, in whole batches; only the last may be short."""


def read_groups(dataset: Dataset, pending: Sequence[range]) -> Iterator[list[Group]]:
    """The groups of each block in which rows are pending; those of one instruction follow one another."""
    following = -1
    rows: Iterator[Numbered] = iter(())
    for block, numbers in find_blocks(pending):
        if block.start != following:
            rows = zip(count(block.start), dataset.rows(block.start))
        following = block.stop
        yield group_rows(islice(rows, len(block)), numbers)


def find_blocks(pending: Sequence[range]) -> Iterator[tuple[range, frozenset[int]]]:
    """The blocks in which rows are pending, and the numbers of these."""
    for block, numbers in groupby(chain.from_iterable(pending), lambda number: number // BLOCK):
        yield range(block * BLOCK, (block + 1) * BLOCK), frozenset(numbers)


def group_rows(block: Iterable[Numbered], pending: frozenset[int]) -> list[Group]:
    """The groups of the rows of a block, without the batches of which no row is pending."""
    by_instruction: dict[Hashable, dict[Hashable, Group]] = defaultdict(dict)
    for number, row in block:
        key = _key(number, row)
        group = by_instruction[row.instruction].setdefault(key, [])
        # Rows travel to where they are scored: the original, which may be the file itself, once for all of them.
        original = group[0][1].original if group else row.original
        group.append((number, replace(row, original=original, columns={})))
    groups = [_drop_finished(group, pending) for alike in by_instruction.values() for group in alike.values()]
    return [group for group in groups if group]


def _key(number: int, row: EditSample) -> Hashable:
    """Shared by the rows of a group; a row that cannot be scored is alone."""
    try:
        original, _, instruction = row.edit()
    except InputError:
        return number
    return (original, instruction) if isinstance(original, Hashable) else number


def _drop_finished(group: Group, pending: frozenset[int]) -> Group:
    batches = [group[start : start + BATCH] for start in range(0, len(group), BATCH)]
    return [entry for batch in batches if any(number in pending for number, _ in batch) for entry in batch]
