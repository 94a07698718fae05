"""Where a training says how it goes: to whoever looks on, and to a file that it goes on writing when it is resumed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "train.log"


@contextmanager
def log_into(folder: Path) -> Iterator[None]:
    """Writes what is logged in the block to the screen and to the folder's log. Raises OSError."""
    root, before = logging.getLogger(), logging.getLogger().level
    handlers = [logging.StreamHandler(), logging.FileHandler(folder / FILE_NAME)]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
