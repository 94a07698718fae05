"""A toy app around a Scorer, as a web server preloads it: it has scored and parsed before the server forks.

gunicorn --preload --workers 4 benchmarks.reliability.web_app:answer
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from benchmarks.reliability.edits import comparable, record_known
from editjudge import EditJudgeError, Scorer

# Two threads, as a host of three cores would choose by itself: with one of them llama.cpp starts no other thread.
SCORER = Scorer.load("studio", device="cpu", threads=2)
KNOWN = record_known(SCORER)


def answer(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Scores the edit of this number; `instruction`, if it is there, is read as well."""
    asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    edit = KNOWN[int(asked["edit"])]
    try:
        score = SCORER.score(edit.original, edit.edited, edit.parsed)
        content: dict[str, Any] = {"right": comparable(score) == edit.answer, "worker": os.getpid()}
        if "instruction" in asked:
            content["type"] = SCORER.parse(asked["instruction"]).edit_type
    except EditJudgeError as error:
        content = {"error": str(error)}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(content).encode()]
