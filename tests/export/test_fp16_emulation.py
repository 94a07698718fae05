"""The scorer that bundles in half precision are checked with: which of its graphs are emulated."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
from editjudge.backends.onnx.session import Session
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import GRAPHS
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from editjudge_export.verification.fp16_emulation import EmulatedSession, load_scorer
from support.pictures import halves

pytestmark = pytest.mark.export


def test_graphs_in_half_precision_are_emulated_and_the_others_are_not(toy: Bundle, tmp_path: Path) -> None:
    """Those of the toy bundle are in float32 whatever its manifest says, so the scores are the same."""
    folder = Path(shutil.copytree(toy.folder, tmp_path / "toy"))
    precisions = {"detector": "mixed", "clip_text": "fp16", "clip_vision": "fp16-weights"}
    files = {role: replace(entry, precision=precisions.get(role, "fp32")) for role, entry in toy.manifest.files.items()}
    scorer = load_scorer(Bundle(folder, replace(toy.manifest, files=files)))
    sessions = {role: scorer.models.session(role) for role in GRAPHS}
    assert {role for role, session in sessions.items() if isinstance(session, EmulatedSession)} == {
        "detector",
        "clip_text",
    }
    assert all(isinstance(session, (EmulatedSession, Session)) for session in sessions.values())
    assert {placement.device for placement in scorer.placements.values()} == {"cpu"}
    intent = EditIntent("replace", "cat", "dog")
    picture = halves()
    scorers = scorer, Scorer.load(toy.folder, "cpu")
    ours, ordinary = (scorer.score(picture, picture[:, ::-1], intent) for scorer in scorers)
    assert ours.parts == ordinary.parts
    assert ours.regions == ordinary.regions
