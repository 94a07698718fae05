"""What is refused is refused as it was recorded: the same exit status, and the same words, of every command.

Where the words are to change: PYTHONPATH=tests python tests/fixtures/record_refusals.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.refusals import NAMES, Refusal, call, refusal

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures" / "refusals.json").read_text(encoding="utf-8"))


def test_every_call_is_recorded() -> None:
    assert [(record["name"], record["call"]) for record in RECORDED] == [(name, call(name)) for name in NAMES]


@pytest.mark.parametrize("recorded", RECORDED, ids=[record["name"] for record in RECORDED])
def test_refused_as_recorded(recorded: dict[str, Any], tmp_path: Path) -> None:
    outcome = refusal(recorded["name"], tmp_path)
    assert outcome.status == recorded["status"]
    assert own_words(outcome) == own_words(Refusal(recorded["status"], recorded["message"]))


def own_words(outcome: Refusal) -> str:
    """The message; of one about usage, whose words are those of the installed version of typer, how it goes on."""
    return re.sub(r"\Aeditjudge: .*(?=; see editjudge[a-z -]* --help\n\Z)", "editjudge: ...", outcome.message)
