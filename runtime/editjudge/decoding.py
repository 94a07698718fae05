"""Pictures decoded in other threads, beside each other and beside the parser."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from editjudge.errors import InputError
from editjudge.image import ImageSource, load
from editjudge.types import Image

DECODERS = min(4, os.cpu_count() or 1)


def start(sources: Sequence[ImageSource]) -> list[Future[Image]]:
    """Starts to decode pictures; the futures give, or raise, what `image.load` does. Arrays are there at once.

    The threads end with the work: those of a pool that is kept would be missing in a process that was forked.
    """
    pool = ThreadPoolExecutor(DECODERS, "editjudge-decoding")  # a thread is started with a task, not before
    try:
        return [_there(source) if isinstance(source, np.ndarray) else pool.submit(load, source) for source in sources]
    finally:
        pool.shutdown(wait=False)


def _there(source: ImageSource) -> Future[Image]:
    future: Future[Image] = Future()
    try:
        future.set_result(load(source))
    except InputError as error:
        future.set_exception(error)
    return future
