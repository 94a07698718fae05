"""What a tool is called with, as one object; whatever else a client sends is refused in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from editjudge.errors import InputError, quote_value
from editjudge.metrics.registry import ALL, METRICS
from editjudge.server.options import RequestLimits
from editjudge.utils.text import shorten

ToolName = Literal["score", "rank", "differences"]
ARGUMENTS: dict[ToolName, tuple[str, ...]] = {
    "score": ("original", "edited", "instruction", "metrics"),
    "rank": ("original", "edited", "instruction"),
    "differences": ("original", "edited", "instruction"),
}
"""The arguments of each tool."""
NAMES = tuple(metric.spec.name for metric in METRICS)
"""Of the metrics that may be asked for as well."""
FORM = 'give {"path": "..."} or {"base64": "..."}'


@dataclass(frozen=True)
class PictureArgument:
    """A picture that was handed in: one of the two.

    Attributes:
        name: The argument, for messages.
        path: Of a file in an allowed folder.
        base64: The file itself.
    """

    name: str
    path: str | None
    base64: str | None


@dataclass(frozen=True)
class ToolCall:
    """A call. instruction: None: nobody said. metrics: what is measured as well; None: all that can be."""

    original: PictureArgument
    edited: tuple[PictureArgument, ...]
    instruction: str | None
    metrics: tuple[str, ...] | None


def read_call(tool: ToolName, arguments: Mapping[str, Any], limits: RequestLimits) -> ToolCall:
    """Reads what a tool was called with. Raises InputError."""
    for name in arguments:
        if name not in ARGUMENTS[tool]:
            known = ", ".join(ARGUMENTS[tool])
            raise InputError(f"{tool} has no argument {shorten(name)}; it has {known}")
    original = _read_picture("original", arguments.get("original"))
    edited = arguments.get("edited")
    pictures = _read_candidates(edited, limits) if tool == "rank" else (_read_picture("edited", edited),)
    _check_bytes((original, *pictures), limits)
    instruction = arguments.get("instruction")
    if not isinstance(instruction, str) and not (instruction is None and tool == "differences"):
        raise InputError(f"instruction is {quote_value(instruction)}; say in English what was asked for")
    return ToolCall(original, pictures, instruction, _read_metrics(arguments.get("metrics")))


def _read_candidates(value: object, limits: RequestLimits) -> tuple[PictureArgument, ...]:
    if not isinstance(value, list) or not value:
        raise InputError(f"edited is {quote_value(value)}; give a list of pictures")
    if len(value) > limits.max_items:
        raise InputError(f"there are {len(value):,} candidates, and {limits.max_items:,} may be; rank fewer at a time")
    return tuple(_read_picture(f"edited[{index}]", one) for index, one in enumerate(value))


def _read_picture(name: str, value: object) -> PictureArgument:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise InputError(f"{name} is {_describe(value)}; {FORM}")
    ((key, text),) = value.items()
    if key not in ("path", "base64") or not isinstance(text, str) or not text.strip():
        raise InputError(f"{name} is {_describe(value)}; {FORM}")
    return PictureArgument(name, path=text if key == "path" else None, base64=text if key == "base64" else None)


def _describe(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, Mapping):
        return f"an object with {', '.join(shorten(str(key)) for key in list(value)[:3]) or 'nothing in it'}"
    return quote_value(value)


def _check_bytes(pictures: Sequence[PictureArgument], limits: RequestLimits) -> None:
    """Raises InputError where what was sent is too much; files are measured when they are read."""
    size = sum(len(picture.base64) * 3 // 4 for picture in pictures if picture.base64)
    if size > limits.max_bytes:
        raise InputError(
            f"the pictures have {size:,} bytes, more than the limit of {limits.max_bytes:,}; scale them down, or give "
            "paths"
        )


def _read_metrics(value: object) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise InputError(f'metrics is {quote_value(value)}; give a list of names, or ["all"]')
    if value == [ALL]:
        return None
    for name in value:
        if name not in NAMES:  # a judge would be asked over the network, or read from a path
            raise InputError(f"there is no metric {quote_value(name)} here; choose all or some of {', '.join(NAMES)}")
    return tuple(value)
