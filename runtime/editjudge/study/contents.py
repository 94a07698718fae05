"""Fills the file of a new study: its pictures under tokens that tell nothing, its inputs, and its pages."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from editjudge.errors import InputError
from editjudge.study.checks import make_check
from editjudge.study.design import StudyDesign
from editjudge.study.items import StudyCandidate, StudyItem
from editjudge.study.orders import choose
from editjudge.study.pages import PicturePlace
from editjudge.study.schema import create_tables, is_empty, transaction

INSERT_CANDIDATE = "INSERT INTO candidates (input, id, model, original, edited, picture, role) VALUES (?,?,?,?,?,?,?)"


def create_if_empty(
    connection: sqlite3.Connection, path: Path, design: StudyDesign, items: Sequence[StudyItem], fingerprint: str
) -> None:
    """Makes a whole study of a file that holds nothing, or leaves it as it is. Raises InputError."""
    with transaction(connection, path):
        if is_empty(connection):
            create_tables(connection)
            fill(connection, design, items, fingerprint)


def fill(connection: sqlite3.Connection, design: StudyDesign, items: Sequence[StudyItem], fingerprint: str) -> None:
    """Writes all within the transaction of the caller. Raises InputError where there are fewer inputs than checks."""
    usable = [item for item in items if design.kind != "prefer" or len(item.candidates) > 1]
    if design.checks > len(usable):
        raise InputError(f"--checks is {design.checks}, and there are {len(usable)} inputs to make them of; ask fewer")
    write_design(connection, design, fingerprint)
    writer = _Writer(connection)
    numbers = {item.number: writer.add_item(item) for item in items}
    for item in usable:
        for shown in _split_pages(design, item, numbers[item.number]):
            writer.add_page(item.number, shown)
    by_number = {item.number: item for item in usable}
    for number in choose(design.seed, "checks", by_number, design.checks):
        writer.add_check(by_number[number], design, numbers[number])


def write_design(connection: sqlite3.Connection, design: StudyDesign, fingerprint: str) -> None:
    """Within the transaction of the caller."""
    row = design.to_json(), fingerprint
    connection.execute("INSERT INTO study (one, design, fingerprint) VALUES (1, ?, ?)", row)


def _split_pages(design: StudyDesign, item: StudyItem, numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    """The candidates of each page: every pair in a study of preferences, or as many as are asked for."""
    if design.kind != "prefer":
        return [numbers]
    pairs = list(combinations(numbers, 2))
    count = len(pairs) if design.pairs is None else design.pairs
    return [pairs[index] for index in choose(design.seed, f"pairs of {item.number}", range(len(pairs)), count)]


class _Writer:
    """Writes rows; a picture that stands in several gets one token."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tokens: dict[PicturePlace, str] = {}

    def add_item(self, item: StudyItem) -> list[int]:
        """The numbers of the candidates."""
        tokens = self._token(item.original), item.edited and self._token(item.edited)
        self._connection.execute(
            "INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", (item.number, item.group, item.instruction, *tokens)
        )
        return [self._add_candidate(item.number, candidate) for candidate in item.candidates]

    def add_page(self, item: int, candidates: Iterable[int], is_check: bool = False) -> None:
        cursor = self._connection.execute(
            "INSERT INTO pages (number, input, is_check) SELECT count(*), ?, ? FROM pages", (item, is_check)
        )
        rows = [(cursor.lastrowid, candidate) for candidate in candidates]
        self._connection.executemany("INSERT INTO page_candidates VALUES (?, ?)", rows)

    def add_check(self, item: StudyItem, design: StudyDesign, numbers: Sequence[int]) -> None:
        """A page with what is made for the check in the place of the first candidates."""
        made = [self._add_candidate(item.number, one, role) for role, one in make_check(item, design.kind).items()]
        others = () if design.kind == "prefer" else numbers[len(made) :]
        self.add_page(item.number, [*made, *others], is_check=True)

    def _add_candidate(self, item: int, candidate: StudyCandidate, role: str | None = None) -> int:
        # The original among the candidates has a token of its own: an address that stood twice would tell.
        token = self._new_token(candidate.picture) if role else self._token(candidate.picture)
        cursor = self._connection.execute(
            INSERT_CANDIDATE,
            (item, candidate.id, candidate.model, candidate.original, candidate.edited, token, role),
        )
        return int(cursor.lastrowid or 0)

    def _token(self, place: PicturePlace) -> str:
        if place not in self._tokens:
            self._tokens[place] = self._new_token(place)
        return self._tokens[place]

    def _new_token(self, place: PicturePlace) -> str:
        token = secrets.token_urlsafe(12)
        row = token, place.row, place.column, place.made
        self._connection.execute("INSERT INTO pictures VALUES (?, ?, ?, ?)", row)
        return token
