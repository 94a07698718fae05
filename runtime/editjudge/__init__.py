"""Scores instruction-based image edits: what changed, where, how well, and why.

>>> from editjudge import Scorer
>>> scorer = Scorer.load("studio")
>>> score = scorer.score("original.png", "edited.png", "paint the car blue")
>>> score.verdict.decision, score.headline  # what to do with the edit, and the sentence to read first
>>> score.bpm  # 0 to 2; None: something that it is made of was not measured

Importing this package loads no model and no inference library; loading a Scorer does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from editjudge.errors import (
    BundleError,
    DeviceError,
    EditJudgeError,
    ImageError,
    InputError,
    InstructionError,
    OutOfMemoryError,
)

if TYPE_CHECKING:
    from editjudge.image.floats import from_float
    from editjudge.metrics import EditScore
    from editjudge.parser.result import ParseResult
    from editjudge.scorer import Scorer
    from editjudge.types import EditIntent

    __version__: str

__all__ = [
    "BundleError",
    "DeviceError",
    "EditIntent",
    "EditJudgeError",
    "EditScore",
    "ImageError",
    "InputError",
    "InstructionError",
    "OutOfMemoryError",
    "ParseResult",
    "Scorer",
    "__version__",
    "from_float",
]

_HOMES = {
    "EditIntent": "editjudge.types",
    "EditScore": "editjudge.metrics",
    "ParseResult": "editjudge.parser.result",
    "Scorer": "editjudge.scorer",
    "from_float": "editjudge.image.floats",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from editjudge.utils.oom import ADVICE, check_room_for_libraries, convert_memory_errors  # noqa: PLC0415

        check_room_for_libraries()
        with convert_memory_errors("load editjudge", ADVICE):
            found: object = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        found = version("editjudge")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found  # so that it is looked up once: every score tells the version
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
