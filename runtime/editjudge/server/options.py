"""How a service is run: what `editjudge serve` was told, in a form that other processes read as well."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from editjudge.metrics.registry import Compat
from editjudge.types import Look

MEGABYTE = 2**20
"""Bytes, of the unit in which sizes are told to a service."""


@dataclass(frozen=True)
class RequestLimits:
    """What a request may be.

    Attributes:
        max_bytes: Of its body.
        max_pixels: Of each picture.
        max_request_pixels: Of all pictures of a request; a file that is in it several times counts once.
        max_items: Edited pictures of a ranking, and items of a request in UniRL's form.
        receive_seconds: How long a client may take to send its body.
        answer_seconds: How long a request may wait and be worked on; what is not done by then is given up.
    """

    max_bytes: int = 64 * MEGABYTE
    max_pixels: int = 50_000_000
    max_request_pixels: int = 400_000_000
    max_items: int = 64
    receive_seconds: float = 30.0
    answer_seconds: float = 120.0


@dataclass(frozen=True)
class ServiceOptions:
    """What one process of a service does.

    Attributes:
        bundle, device, threads, compat, accept_at, look: As `Scorer.load` has them.
        inference_threads: How many threads take requests; None: one on a GPU, and on a CPU as many as its cores, but
            four at most. They share the threads that each model has.
        queue: Requests that wait at most; the next is refused.
        limits: What a request may be.
        token: What clients have to show; None: nobody is asked.
        log_instructions: Whether the log holds instructions; it never holds pictures.
    """

    bundle: str = "studio"
    device: str = "auto"
    threads: int | None = None
    compat: Compat | None = None
    accept_at: float | None = None
    look: Look | None = None
    inference_threads: int | None = None
    queue: int = 32
    limits: RequestLimits = RequestLimits()
    token: str | None = None
    log_instructions: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "limits": RequestLimits(**fields["limits"])})
