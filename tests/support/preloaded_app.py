"""A web app whose Scorer has read and scored before the server forks its workers: tests/process/test_gunicorn.py."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from editjudge.benchmarking.inputs import demo_edits
from editjudge.scorer import Scorer

ORIGINAL, EDITED, INSTRUCTION = next(iter(demo_edits())).edit()

SCORER = Scorer.load("studio", "cpu", threads=2, keep_answers=False)
PREPARED = SCORER.prepare(ORIGINAL, INSTRUCTION)
WANTED = PREPARED.score(EDITED).sub_scores


def answer(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Reads the instruction that the path holds, and scores."""
    parsed = SCORER.parse(unquote(environ["PATH_INFO"]).strip("/"))
    content = {
        "worker": os.getpid(),
        "type": parsed.intents[0].edit_type,
        "right": PREPARED.score(EDITED).sub_scores == WANTED,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(content).encode()]
