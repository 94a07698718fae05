"""Scorers that a process keeps, and rows of edits: what every integration rests on, without torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from editjudge import BundleError, ImageError, InputError, Scorer
from editjudge_integrations.kept_scorers import ScorerOptions, hash_bundle, open_scorer
from editjudge_integrations.scored_rows import score_rows

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "tests" / "fixtures" / "toy", tmp_path / "toy"))


def test_a_process_opens_a_bundle_once(bundle: Path) -> None:
    options = ScorerOptions(str(bundle), "cpu")
    first = open_scorer(options)
    assert open_scorer(ScorerOptions(str(bundle), "cpu")) is first
    assert open_scorer(ScorerOptions(str(bundle), "cpu", compat="paper")) is not first


def test_a_bundle_that_was_built_anew_is_opened_anew(bundle: Path) -> None:
    options = ScorerOptions(str(bundle), "cpu")
    first, digest = open_scorer(options), hash_bundle(str(bundle))
    manifest = bundle / "bundle.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n# built anew\n", encoding="utf-8")
    assert hash_bundle(str(bundle)) != digest
    second = open_scorer(options)
    assert second is not first
    assert open_scorer(options) is second
    shutil.rmtree(bundle)
    with pytest.raises(BundleError):
        open_scorer(options)


def test_rows_in_succession_share_their_original(grey_edit: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    original, edited = map(str, grey_edit)
    prepared = []
    told = Scorer.prepare
    monkeypatch.setattr(Scorer, "prepare", lambda self, *a, **k: (prepared.append(a), told(self, *a, **k))[1])
    scorer = open_scorer(ScorerOptions("studio", "cpu"))
    asked = [(original, edited, "make it blue")] * 2 + [
        (original, edited, "make it red"),
        (edited, original, "make it red"),
    ]
    originals, others, instructions = map(list, zip(*asked, strict=True))
    rows = list(score_rows(scorer, originals, others, instructions))
    assert len(prepared) == 1
    for row, score in zip(asked, rows, strict=True):
        alone = scorer.score(*row)
        assert (score.bpm, score.intent, score.flags) == (alone.bpm, alone.intent, alone.flags)
        assert score.evidence.change.size < alone.evidence.change.size  # as many rows would not fit


def test_errors_name_the_row(grey_edit: tuple[Path, Path]) -> None:
    original, edited = map(str, grey_edit)
    scorer = open_scorer(ScorerOptions("studio", "cpu"))
    with pytest.raises(ImageError, match="edit 1: "):
        list(score_rows(scorer, [original] * 2, [edited, "none.png"], ["make it blue"] * 2))
    with pytest.raises(InputError, match="there are 2 originals, 1 edited, 2 instructions; give as many of each"):
        list(score_rows(scorer, [original] * 2, [edited], ["make it blue"] * 2))
    with pytest.raises(InputError, match="edited is one str; give a list"):
        list(score_rows(scorer, [original], edited, ["make it blue"]))


def test_what_they_rest_on_loads_no_other_library() -> None:
    program = "import editjudge_integrations.scored_rows, editjudge_integrations.kept_scorers, sys; print(*sys.modules)"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'integrations')!r}); {program}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchmetrics", "diffusers", "evaluate", "datasets", "transformers"} & set(loaded)
