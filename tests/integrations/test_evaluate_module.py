"""BPM as a module of Hugging Face evaluate: loaded from its folder, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from editjudge import ImageError, Scorer
from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

evaluate = pytest.importorskip("evaluate")
from editjudge_integrations.evaluate_modules import EDIT_BPM  # noqa: E402

DEMO = {demo.id: demo for demo in load_demo()}


@pytest.fixture
def metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
    monkeypatch.setattr(evaluate.config, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    return evaluate.load(EDIT_BPM, cache_dir=str(tmp_path / "cache"))


def columns(*names: tuple[str, str]) -> dict[str, list[str]]:
    """The columns of edits of the demo, each by the id of its scene and its label."""
    found = [
        (str(DEMO[scene].original), str(candidate.file), DEMO[scene].instruction)
        for scene, label in names
        for candidate in DEMO[scene].candidates
        if candidate.label == label
    ]
    return dict(zip(("originals", "edited", "instructions"), map(list, zip(*found, strict=True)), strict=True))


def test_compute(metric: Any) -> None:
    asked = columns(("color", "well done"), ("color", "nothing changed"))
    found = metric.compute(**asked)
    scorer = Scorer.load("studio")
    scores = [scorer.score(*row) for row in zip(*asked.values(), strict=True)]
    assert found["bpm"] == pytest.approx(sum(score.bpm for score in scores) / 2, abs=2e-3)
    assert scores[1].region.size is None
    assert found["size"] == pytest.approx(scores[0].region.size)
    assert (found["measured"]["bpm"], found["measured"]["size"], found["edits"]) == (2, 1, 2)


def test_what_was_never_measured_is_none(metric: Any) -> None:
    found = metric.compute(**columns(("color", "nothing changed")))
    assert found["size"] is None
    assert found["measured"]["size"] == 0


def test_batches_add_up(metric: Any) -> None:
    names = [("color", "well done"), ("color", "wrong object or colour"), ("size", "well done")]
    metric.add_batch(**columns(*names[:2]))
    metric.add_batch(**columns(*names[2:]))
    apart = metric.compute(compat="paper")
    together = metric.compute(**columns(*names), compat="paper")
    assert apart == together
    assert apart["edits"] == 3
    assert apart["bpm"] != metric.compute(**columns(*names))["bpm"]  # the options arrive


def test_bad_input(metric: Any, tmp_path: Path) -> None:
    asked = columns(("color", "well done"))
    with pytest.raises(ImageError, match=r"edit 0: .*none\.png"):
        metric.compute(**{**asked, "edited": [str(tmp_path / "none.png")]})
    with pytest.raises(ValueError, match="Mismatch in the number of"):
        metric.compute(**{**asked, "edited": asked["edited"] * 2})
