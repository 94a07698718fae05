"""Where the time goes: milliseconds per stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

STAGES = ("parse", "detect", "segment", "embed", "judge")


class StageTimer:
    """Starts when it is made; for one thread."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._spent = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._spent[name] += time.perf_counter() - start

    def read(self, share: int = 1) -> dict[str, float]:
        """Milliseconds per stage and in "total", for each of `share` candidates that went through together."""
        spent = {**self._spent, "total": time.perf_counter() - self._start}
        return {name: round(seconds * 1000 / share, 3) for name, seconds in spent.items()}
