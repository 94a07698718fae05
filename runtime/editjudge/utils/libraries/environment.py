"""Environment variables that a library changes, and the app that embeds us has not asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keep_variables(*names: str) -> Iterator[None]:
    """After the block the environment variables of these names are what they were before."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
                os.unsetenv(name)  # a library in C sets it where os.environ does not see it
            else:
                os.environ[name] = value
