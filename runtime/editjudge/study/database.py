"""The file that a study is kept in: who rates, what is shown to whom, and every answer."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from editjudge.errors import InputError, quote_value
from editjudge.study.contents import create_if_empty
from editjudge.study.design import StudyDesign, check_code
from editjudge.study.items import StudyItem
from editjudge.study.orders import order_candidates, order_pages
from editjudge.study.pages import PicturePlace, ShownCandidate, StudyPage
from editjudge.study.schema import Readers, connect, insert_answer, is_empty, transaction
from editjudge.utils.arguments import PATH
from editjudge.utils.text import shorten

PageValues = Mapping[int, Mapping[str, float]]
"""What was answered, by position and side."""


class AnsweredError(InputError):
    """A page has been answered before, as in another tab."""


class StudyDatabase:
    """An open study. May be shared by threads, and its file by processes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `open_or_create` or `open`."""
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()
        self._readers = Readers(path)
        self._reached: dict[int, int] = {}  # by rater, pages from the first on that are known to be answered
        self._codes: frozenset[str] | None = None
        try:
            design, self.fingerprint = self.select("SELECT design, fingerprint FROM study")[0]
            self.design = StudyDesign.from_json(design)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            raise InputError(f"{shorten(str(path))} is a damaged study: {error}; take a copy of it") from error
        self.page_count: int = self.select("SELECT count(*) FROM pages")[0][0]

    @classmethod
    def open_or_create(
        cls, path: str | os.PathLike[str], design: StudyDesign, items: Sequence[StudyItem], fingerprint: str
    ) -> Self:
        """Goes on with the study in the file, or begins one. Raises InputError for a file that is none, for another
        study, and for a data set that has changed since."""
        PATH.check(path=path)
        path = Path(path)
        connection = connect(path, must_exist=False)
        try:
            create_if_empty(connection, path, design, items, fingerprint)
            study = cls(path, connection)
            study.check_design(design, fingerprint)
        except BaseException:
            connection.close()
            raise
        return study

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Opens what there is. Raises InputError."""
        PATH.check(path=path)
        path = Path(path)
        connection = connect(path, must_exist=True)
        try:
            if is_empty(connection):
                raise InputError(f"{shorten(str(path))} is empty; begin a study with editjudge study DATA --db FILE")
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def check_design(self, design: StudyDesign, fingerprint: str) -> None:
        """Raises InputError for another study than this, or the same over another data set."""
        name = shorten(str(self.path))
        for field, (before, now) in self.design.compare(design).items():
            raise InputError(
                f"{name} belongs to another study, whose {field} was {before} and not {now}; give what that study was "
                "begun with, or name another file"
            )
        if self.fingerprint != fingerprint:
            raise InputError(
                f"the data set or one of its pictures has changed since the study {name} was begun; put it back as it "
                "was, with the files' times, or name another file"
            )

    def close(self) -> None:
        self._readers.close()
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows that a query gives of what is on the disk; queries of several threads do not wait for each other."""
        with self._readers.borrow() as connection:
            return connection.execute(query, values).fetchall()

    def allow(self, codes: Iterable[str]) -> None:
        """Lets nobody join but raters with these codes, from now on. Raises InputError."""
        codes = frozenset(codes)
        for code in codes:
            check_code(code)
        if not codes:
            raise InputError("the list of codes is empty; write one on each line")
        self._codes = codes

    @property
    def has_codes(self) -> bool:
        """Whether a list says who may rate."""
        return self._codes is not None

    def join(self, code: str) -> int:
        """The number of a rater, from 1 on: a new code is enrolled, a known one goes on. Raises InputError."""
        check_code(code)
        if self._codes is not None and code not in self._codes:
            raise InputError(f"the code {code} is not among those of this study; ask for yours")
        with self.write() as connection:
            connection.execute("INSERT OR IGNORE INTO raters (code) VALUES (?)", (code,))
        return int(self.select("SELECT number FROM raters WHERE code = ?", code)[0][0])

    def keep_session(self, token: str, rater: int) -> None:
        """Remembers by a token, such as a cookie has, who rates."""
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (token, rater))

    def session_rater(self, token: str) -> int | None:
        """Who rates; None for a token that is not known, or of a rater whose code may not rate any more."""
        rows = self.select("SELECT rater, code FROM sessions JOIN raters ON number = rater WHERE token = ?", token)
        return next((rater for rater, code in rows if self._codes is None or code in self._codes), None)

    def next_page(self, rater: int) -> int | None:
        """The first page, from 1 on, that the rater has not answered; None where all are."""
        order = order_pages(self.design.seed, rater, self.page_count)
        reached = self._reached.get(rater, 0)  # answers stay, so what was answered needs no second look
        while reached < len(order) and self.select(
            "SELECT 1 FROM answers WHERE rater = ? AND page = ? LIMIT 1", rater, order[reached]
        ):
            reached += 1
        self._reached[rater] = reached
        return None if reached == len(order) else reached + 1

    def progress(self, rater: int) -> tuple[int, int]:
        """How many pages are answered, of how many."""
        query = "SELECT count(*) FROM answers WHERE rater = ? AND revision = 1"  # of the index alone
        return self.select(query, rater)[0][0], self.page_count

    def page(self, rater: int, number: int) -> StudyPage:
        """A page as the rater sees it, from 1 on. Raises InputError."""
        page = self._find_page(rater, number)
        shown = self.shown(rater, page)
        ((instruction, original, edited),) = self.select(
            "SELECT instruction, original, edited FROM inputs JOIN pages ON input = inputs.number "
            "WHERE pages.number = ?", page
        )  # fmt: skip
        pictures = [self.select("SELECT picture FROM candidates WHERE number = ?", one)[0][0] for one in shown]
        candidates = tuple(
            ShownCandidate(place, edited, token) if edited else ShownCandidate(place, token)
            for place, token in enumerate(pictures, 1)
        )
        return StudyPage(number, self.page_count, instruction, original, candidates, edited)

    def shown(self, rater: int, page: int) -> tuple[int, ...]:
        """The candidates of a page of the study in the order in which the rater sees them."""
        rows = self.select("SELECT candidate FROM page_candidates WHERE page = ?", page)
        return order_candidates(self.design.seed, rater, page, [candidate for (candidate,) in rows])

    def answer(
        self, rater: int, number: int, values: PageValues | None, seconds: float | None = None, *, revise: bool = False
    ) -> None:
        """Keeps what was answered; when this returns it is on the disk.

        Args:
            values: By position and side. A preference of two stands at position 1: 1 for the left one. None for a page
                that could not be shown: it counts as answered, and has no ratings.
            seconds: How long it took, where that is known.
            revise: Whether an earlier answer is to be replaced, which is kept as history.

        Raises InputError for an answer that is not whole or none of the design's, and AnsweredError.
        """
        page = self._find_page(rater, number)
        shown = self.shown(rater, page)
        if values is not None:
            self.design.check_page(values, len(shown))
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
            raise InputError(f"seconds is {quote_value(seconds)}; give a number from 0 on, or None")
        rated = [(shown[at - 1], side, float(v)) for at, said in (values or {}).items() for side, v in said.items()]
        with self.write() as connection:
            (last,) = connection.execute(
                "SELECT max(revision) FROM answers WHERE rater = ? AND page = ?", (rater, page)
            ).fetchone()
            if last is not None and not revise:
                raise AnsweredError("this page has been answered before; go back to it to change the answer")
            row = rater, page, (last or 0) + 1, json.dumps(shown), seconds
            insert_answer(connection, row, rated)

    def answered(self, rater: int, number: int) -> dict[int, dict[str, float]] | None:
        """What the rater has answered on a page, by position and side: nothing for a page that could not be shown. None
        where it is not answered yet. Raises InputError."""
        page = self._find_page(rater, number)
        rows = self.select(
            "SELECT shown, candidate, side, value FROM latest LEFT JOIN ratings ON answer = number "
            "WHERE rater = ? AND page = ?", rater, page
        )  # fmt: skip
        found: dict[int, dict[str, float]] = {}
        for shown, candidate, side, value in rows:
            if candidate is not None:
                found.setdefault(json.loads(shown).index(candidate) + 1, {})[side] = value
        return found if rows else None

    def picture(self, token: str) -> PicturePlace:
        """Where the picture of a token lies. Raises InputError for a token that is none."""
        rows = self.select('SELECT row, "column", made FROM pictures WHERE token = ?', token)
        if not rows:
            raise InputError("there is no such picture in this study; load the page again")
        return PicturePlace(*rows[0])

    def _find_page(self, rater: int, number: int) -> int:
        """The number in the study of a page of the rater's."""
        if type(number) is not int or not 1 <= number <= self.page_count:
            raise InputError(f"there is no page {quote_value(number)}; they are 1 to {self.page_count}")
        return order_pages(self.design.seed, rater, self.page_count)[number - 1]

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on the disk at the end, or undone. Raises StudyWriteError where the disk is full."""
        with self._lock, transaction(self._connection, self.path):
            yield self._connection
