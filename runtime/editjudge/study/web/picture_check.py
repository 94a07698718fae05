"""Reads all pictures of a study once, beside its pages, so that damaged ones are told before raters meet them."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from editjudge.datasets import Dataset
from editjudge.study.database import StudyDatabase
from editjudge.study.web.pictures import StudyPictures

LOG = logging.getLogger("editjudge.study")


@contextmanager
def check_beside(database: StudyDatabase, dataset: Dataset, pictures: StudyPictures) -> Iterator[None]:
    """Checks within the block, in a thread of its own that rests half of the time: raters come first."""
    ended = threading.Event()
    tokens: defaultdict[int, list[str]] = defaultdict(list)
    for row, token in database.select("SELECT row, token FROM pictures WHERE made IS NULL ORDER BY row, token"):
        tokens[row].append(token)
    thread = threading.Thread(target=_check, args=(pictures, dataset, tokens, ended), name="picture check", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _check(pictures: StudyPictures, dataset: Dataset, tokens: Mapping[int, list[str]], ended: threading.Event) -> None:
    """Row by row, as to look for one row takes as long as to read all before it."""
    damaged = 0
    for row, sample in enumerate(dataset):
        started = time.monotonic()
        damaged += sum(not pictures.can_read(token, sample) for token in tokens.get(row, ()))
        if ended.wait(time.monotonic() - started):
            return
    if damaged:
        LOG.warning(
            "%d of %d pictures cannot be shown; mend them, and begin anew with another --db",
            damaged,
            sum(map(len, tokens.values())),
        )
