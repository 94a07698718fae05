"""Originals that were made ready with an instruction, for the next request that asks the same of them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from editjudge.metrics.registry import Compat
from editjudge.parser.result import Request
from editjudge.ranking import Prepared
from editjudge.server.engine.request import ScoringRequest

MOST = 16
"""Originals that are kept; those go first that were asked for longest ago."""
MOST_BYTES = 256 * 2**20
"""Of their pixels, as one keeps its picture at the size that it came in. The latest is kept, whatever its size."""


class PreparedKey(NamedTuple):
    """What an original is made ready by. digest: of the bytes of its file."""

    digest: bytes
    instruction: Request | None
    metrics: tuple[str, ...]
    compat: Compat | None

    @classmethod
    def of(cls, request: ScoringRequest) -> PreparedKey:
        digest = hashlib.sha256(request.original).digest()
        return cls(digest, request.instruction, request.metrics, request.compat)


class SizedPrepared(NamedTuple):
    """What is kept, and the bytes that it takes."""

    prepared: Prepared
    size: int


class PreparedCache:
    """Makes each original ready once, though several threads need it at the same time. May be shared by threads."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[PreparedKey, SizedPrepared] = OrderedDict()
        self._making: dict[PreparedKey, Future[SizedPrepared]] = {}
        self._lock = threading.Lock()

    def find(self, key: PreparedKey) -> Prepared | None:
        """What is ready by now."""
        with self._lock:
            return self._find(key)

    def get(self, key: PreparedKey, make: Callable[[], SizedPrepared]) -> tuple[Prepared, bool]:
        """What is ready, or is made so; and whether it was there already, or another thread made it.

        Raises what `make` does, in each thread that waited for it; the next one tries anew.
        """
        with self._lock:
            found = self._find(key)
            if found is not None:
                return found, True
            others = self._making.get(key)
            if others is None:
                mine = self._making[key] = Future()
        if others is not None:
            return others.result().prepared, True
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            self._keep(key, made)
            del self._making[key]
        mine.set_result(made)
        return made.prepared, False

    def _find(self, key: PreparedKey) -> Prepared | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key].prepared

    def _keep(self, key: PreparedKey, made: SizedPrepared) -> None:
        self._kept[key] = made
        while len(self._kept) > 1 and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            self._kept.popitem(last=False)

    @property
    def _bytes(self) -> int:
        return sum(kept.size for kept in self._kept.values())
