"""Bodies of requests with the pictures of the demo."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from editjudge.datasets.demo import DemoInput

Part = tuple[str, tuple[str, bytes]]


def form_files(original: Path, edited: Sequence[Path]) -> list[Part]:
    """The files of a form."""
    listed = [("original", original), *(("edited", one) for one in edited)]
    return [(field, (path.name, path.read_bytes())) for field, path in listed]


def encode(path: Path) -> str:
    """A file in base64."""
    return base64.b64encode(path.read_bytes()).decode("ascii")


def json_body(demo: DemoInput, **others: Any) -> dict[str, Any]:
    """The first candidate of a demo, in JSON; `others` are put in, or taken out where they are None."""
    body = {
        "original": encode(demo.original),
        "edited": encode(demo.candidates[0].file),
        "instruction": demo.instruction,
    }
    return {name: value for name, value in (body | others).items() if value is not None}
