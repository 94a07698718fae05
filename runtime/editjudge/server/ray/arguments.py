"""What a deployment is told: `serve run ...:app bundle=studio replicas=2`, or `args` in a file of Ray Serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from editjudge.backends.onnx.providers import check_device
from editjudge.errors import InputError, quote_value
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import check_accept_at, check_compat
from editjudge.server.access_token import read_token
from editjudge.server.options import MEGABYTE, RequestLimits, ServiceOptions
from editjudge.utils.text import shorten

OF_A_REPLICA = ("replicas", "cpus", "gpus")
OF_LIMITS = ("max_mb", "max_pixels", "max_request_pixels", "max_items", "receive_seconds", "answer_seconds")


@dataclass(frozen=True)
class ReplicaPlan:
    """How many copies of the service there are, and what Ray sets aside for each.

    Attributes:
        replicas: Each opens the models, and has a queue of its own.
        cpus: Cores; where there is no GPU, as many requests are worked on at a time, each on one core.
        gpus: Several replicas may share one: 0.5. 0: none is used.
    """

    replicas: int = 1
    cpus: int = 1
    gpus: float = 0.0


def read_arguments(arguments: Mapping[str, Any]) -> tuple[ServiceOptions, ReplicaPlan]:
    """Reads the arguments, numbers also as texts, and the token from EDITJUDGE_TOKEN. Raises InputError."""
    read: dict[str, Any] = {}
    for name, value in arguments.items():
        if name not in READERS:
            raise InputError(f"there is no argument {shorten(str(name))}; there are {', '.join(READERS)}")
        read[name] = READERS[name](name, value)
    plan = ReplicaPlan(**{name: read.pop(name) for name in OF_A_REPLICA if name in read})
    limits = {name: read.pop(name) for name in OF_LIMITS if name in read}
    if "max_mb" in limits:
        limits["max_bytes"] = limits.pop("max_mb") * MEGABYTE
    if not plan.gpus:
        read |= _stay_on_cpu(read, plan)
    return ServiceOptions(**read, limits=RequestLimits(**limits), token=read_token(None)), plan


def _stay_on_cpu(read: Mapping[str, Any], plan: ReplicaPlan) -> dict[str, Any]:
    """The options by which a replica uses the cores that it has, and no GPU that Ray may give to others."""
    device = read.get("device", "auto")
    if device not in ("auto", "cpu"):
        raise InputError(f"device is {quote_value(device)}, and no GPU is set aside; add gpus=1, or a part of one")
    return {"device": "cpu", "inference_threads": plan.cpus, "threads": 1}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name} is {quote_value(value)}; give a text")
    return value


def _device(name: str, value: object) -> str:
    device = _text(name, value)
    check_device(device)
    return device


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        number = _parse(value)
        if not low <= number <= high or number != int(number):
            raise InputError(f"{name} is {quote_value(value)}; give a whole number from {low:,} to {high:,}")
        return int(number)

    return read


def _number(low: float, high: float) -> Callable[[str, object], float]:
    def read(name: str, value: object) -> float:
        number = _parse(value)
        if not low <= number <= high:
            raise InputError(f"{name} is {quote_value(value)}; give a number from {low:g} to {high:g}")
        return number

    return read


def _parse(value: object) -> float:
    """A number, or what a text says; not a number where it says none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")


READERS: dict[str, Callable[[str, Any], Any]] = {
    "replicas": _whole(1, 10_000),
    "cpus": _whole(1, 1024),
    "gpus": _number(0, 1024),
    "bundle": _text,
    "device": _device,
    "compat": lambda name, value: check_compat(_text(name, value)),
    "accept_at": lambda name, value: check_accept_at(_parse(value)),
    "look": lambda name, value: check_look(_text(name, value)),
    "queue": _whole(1, 100_000),
    "max_mb": _whole(1, 4096),
    "max_pixels": _whole(1024, 2**40),
    "max_request_pixels": _whole(1024, 2**40),
    "max_items": _whole(1, 10_000),
    "receive_seconds": _number(0.1, 3600),
    "answer_seconds": _number(0.1, 86_400),
}
"""How each is read."""
