"""Reads all pictures of a study once, beside its pages, so that damaged ones are told before raters meet them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from editjudge.study.database import StudyDatabase
from editjudge.study.web.pictures import StudyPictures

LOG = logging.getLogger("editjudge.study")


@contextmanager
def check_beside(database: StudyDatabase, pictures: StudyPictures) -> Iterator[None]:
    """Checks within the block, in a thread of its own that rests half of the time: raters come first."""
    ended = threading.Event()
    tokens = [
        token for (token,) in database.select("SELECT token FROM pictures WHERE made IS NULL ORDER BY row, token")
    ]
    thread = threading.Thread(target=_check, args=(pictures, tokens, ended), name="picture check", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _check(pictures: StudyPictures, tokens: list[str], ended: threading.Event) -> None:
    damaged = 0
    for token in tokens:
        started = time.monotonic()
        damaged += not pictures.can_read(token)
        if ended.wait(time.monotonic() - started):
            return
    if damaged:
        LOG.warning(
            "%d of %d pictures cannot be shown; mend them, and begin anew with another --db", damaged, len(tokens)
        )
