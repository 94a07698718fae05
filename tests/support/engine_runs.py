"""Engines of a service with the toy bundle, whose Scorer can be held back, and what they are asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from editjudge import Scorer
from editjudge.metrics.registry import EditScore
from editjudge.ranking import Prepared
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.opening import load_scorer
from editjudge.server.engine.request import ScoringRequest
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.server.telemetry import Telemetry
from editjudge.types import EditIntent, Image
from support.photographs import inverted

TOY = str(Path(__file__).parents[1] / "fixtures" / "toy")
SWAP, RECOLOUR = EditIntent("replace", "cat", "dog"), EditIntent("color", "cat", "blue cat")
"""What the toy bundle, which reads nothing, is asked for."""
SIDE = 64
SECONDS = 60.0
"""After which a test fails."""


class HeldScorer(Scorer):
    """The real one. It counts the originals that it makes ready, and waits with that while its gate is shut.

    callers: the threads that did so, that of the warm-up first.
    """

    gate: threading.Event
    entered: threading.Event
    originals: int
    callers: list[int]

    @classmethod
    def open(cls, options: ServiceOptions) -> HeldScorer:
        scorer = cls.load(options.bundle, options.device, options.threads)
        assert isinstance(scorer, cls)
        scorer.gate, scorer.entered, scorer.originals = threading.Event(), threading.Event(), 0
        scorer.callers = []
        scorer.gate.set()
        return scorer

    def prepare(self, *args: Any, **kwargs: Any) -> Prepared:
        self.originals += 1
        self.callers.append(threading.get_ident())
        self.entered.set()
        assert self.gate.wait(SECONDS)
        return super().prepare(*args, **kwargs)

    @contextmanager
    def held(self, engine: Engine, request: ScoringRequest) -> Iterator[Any]:
        """In the block the engine's one thread is at the original of this request, whose future is given."""
        self.gate.clear()
        self.entered.clear()
        try:
            future = engine.submit(request)
            assert self.entered.wait(SECONDS)
            yield future
        finally:
            self.gate.set()


@contextmanager
def open_engine(
    open_scorer: Callable[[ServiceOptions], Scorer] = load_scorer,
    *,
    bundle: str = TOY,
    limits: RequestLimits | None = None,
    telemetry: Telemetry | None = None,
    **options: Any,
) -> Iterator[Engine]:
    """An engine that is ready, until the block ends."""
    limits = limits or RequestLimits()
    engine = Engine(ServiceOptions(bundle, "cpu", limits=limits, **options), open_scorer, telemetry)
    engine.start()
    try:
        assert wait_until(lambda: engine.state != "starting")
        assert engine.state == "ready", engine.problem
        yield engine
    finally:
        engine.close()


@contextmanager
def open_held(**options: Any) -> Iterator[tuple[Engine, HeldScorer]]:
    """An engine of one thread, and its Scorer."""
    opened: list[HeldScorer] = []

    def open_scorer(told: ServiceOptions) -> Scorer:
        opened.append(HeldScorer.open(told))
        return opened[0]

    with open_engine(open_scorer, **{"inference_threads": 1, **options}) as engine:
        opened[0].originals = 0  # that of the warm-up does not count
        yield engine, opened[0]


def wait_until(holds: Callable[[], bool]) -> bool:
    """Whether it came to hold in time."""
    until = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < until:
        time.sleep(0.005)
    return holds()


def picture(seed: int) -> Image:
    """uint8[SIDE, SIDE, 3] of smooth colours, others for each seed."""
    small = np.random.default_rng(seed).integers(40, 215, (6, 6, 3), np.uint8)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def original(seed: int = 0) -> bytes:
    """The file of a picture."""
    return encode(picture(seed))


def edited(side: int, seed: int = 0) -> bytes:
    """The file of that picture with a square inverted, by whose side edits can be told apart."""
    return encode(inverted(picture(seed), 4, 8, side))


def encode(image: Image) -> bytes:
    """A PNG file."""
    return cv2.imencode(".png", image[:, :, ::-1])[1].tobytes()


def ask(*sides: int, seed: int = 0, kind: Any = "score", instruction: Any = SWAP, **fields: Any) -> ScoringRequest:
    """A request for edits of one picture."""
    return ScoringRequest(kind, original(seed), tuple(edited(side, seed) for side in sides), instruction, **fields)


def agree(found: EditScore | None, expected: EditScore) -> bool:
    """Whether two scores say the same: numbers up to the last digits, which depend on what goes through the models
    together."""
    return found is not None and _alike(_told(found), _told(expected))


def _told(score: EditScore) -> dict[str, Any]:
    told = score.to_dict()
    return {name: told[name] for name in told if name not in ("timings_ms", "models")}


def _alike(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, Sequence):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-4 * max(1.0, abs(one))
    return one == other
