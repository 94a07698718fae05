"""The speed-up over the released recipe: both sides come to the same sub-scores by the same work, and it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
from editjudge.bundle import Bundle
from editjudge.types import EditIntent
from editjudge_export.build import build
from editjudge_export.options import Options

pytestmark = pytest.mark.export

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
BOXES, CANDIDATES = 2, 5
INTENTS = {
    "color": EditIntent("color", "red car", "blue car"),
    "replace": EditIntent("replace", "dog", "cat"),
    "remove": EditIntent("remove", "green tree", None),
    "add right": EditIntent("add", None, "moon", "house", position="right"),
    "add above": EditIntent("add", None, "red star", "house", position="up"),
    "larger": EditIntent("size", "boat", "red boat", size="larger"),
    "smaller": EditIntent("size", "banana", "green banana", size="smaller"),
}
DOMAIN = (
    "\n[domain]\nthreshold = 0.0\n",
    '[[copy]]\nrole = "domain"\nfrom = "probe.npz"\npath = "domain.npz"\nlicence = "Apache-2.0"\n',
)
"""Has the whole picture embedded besides, which the bundles of photographs have not."""


@pytest.fixture
def speedup(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The modules of the benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import random_llm  # noqa: PLC0415
    import reference  # noqa: PLC0415
    import reference_llm  # noqa: PLC0415
    import speedup  # noqa: PLC0415
    import speedup_cases  # noqa: PLC0415
    import speedup_ours  # noqa: PLC0415
    import speedup_rounds  # noqa: PLC0415
    import speedup_table  # noqa: PLC0415

    modules = (
        *(random_llm, reference, reference_llm),
        *(speedup, speedup_cases, speedup_ours, speedup_rounds, speedup_table),
    )
    return SimpleNamespace(**{module.__name__: module for module in modules})


@pytest.fixture
def contest(
    speedup: SimpleNamespace, usual: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Any]:
    """The reference, and ours, with the same small models; the bundle is built once."""
    place = tmp_path_factory.getbasetemp() / "speedup"
    if not place.is_dir():
        text = usual.read_text()
        for part in DOMAIN:
            assert part in text
            text = text.replace(part, "")
        usual.write_text(text)
        build(usual, place, Options(precision="fp32", pairs=0))
    bundle = Bundle.load(place)
    names = {"clip": "clip", "detector": "detector", "segmenter": "sam"}
    checkpoints = {role: request.getfixturevalue(f"{name}_checkpoint") for role, name in names.items()}
    ours = speedup.speedup_rounds.Ours("paper", *speedup.speedup_ours.open_scorer(bundle, BOXES, "cpu", 1), True)
    return speedup.reference.Released(bundle, checkpoints, BOXES), ours


def test_sub_scores_and_work_are_those_of_the_reference(speedup: SimpleNamespace, contest: tuple[Any, Any]) -> None:
    reference, ours = contest
    rounds = speedup.speedup_cases.edits(len(INTENTS), kinds=("color",))
    seen = []
    for (edit,), (kind, intent) in zip(rounds, INTENTS.items(), strict=True):
        theirs = reference.score(edit.original, edit.candidates[0], intent)
        ours.work.clear()
        mine = speedup.speedup_rounds.sub_scores(ours.scorer.score(edit.original, edit.candidates[0], intent))
        assert mine == pytest.approx(theirs.sub_scores, abs=1e-4), kind
        assert +ours.work == theirs.work, kind
        assert theirs.work["boxes"] in (BOXES, 2 * BOXES)
        seen.append(theirs.sub_scores)
    # Nothing of this is a constant: the comparison could fail.
    assert np.ptp([each["modify"] for each in seen]) > 0.1
    assert np.ptp([each["preserve"] for each in seen]) > 2e-3
    assert {0.0, 1.0} <= {each["position"] for each in seen} | {each["size"] for each in seen}


def test_candidates_are_ranked_by_the_same_sub_scores(speedup: SimpleNamespace, contest: tuple[Any, Any]) -> None:
    reference, ours = contest
    ((edit,),) = speedup.speedup_cases.edits(1, kinds=("color",), candidates=CANDIDATES)
    record = speedup.speedup_rounds.one_ranking(reference, [ours], edit, turn=1, sample=CANDIDATES)
    assert record["paper"]["apart"] < 1e-3
    assert record["reference"]["work"]["pictures looked at"] == 2 * CANDIDATES
    assert record["paper"]["work"]["pictures looked at"] == 1 + CANDIDATES
    other = replace(edit, intent=EditIntent("color", "ball", "green ball"))
    assert speedup.speedup_rounds.one_ranking(reference, [ours], other, 0, 1)["reference"]["work"]["boxes"] == 2 * BOXES
    found = {"edits": [], "rankings": [record]}
    assert speedup.speedup.disagreements(found, 1e-3) == []
    assert len(speedup.speedup.disagreements(found, 0.0)) == 1


def test_the_calls_are_as_long_as_the_released_ones(speedup: SimpleNamespace) -> None:
    """Four prompts, and two more for an add; with nine tokens around each and the instruction's own."""
    parser = Bundle.load("studio").file("parser")
    calls = speedup.reference_llm.Calls(parser, threads=1)
    instruction = "make the cup blue"
    kept, added = (calls.ask(instruction, adds=adds) for adds in (False, True))
    calls.close()
    assert (kept.calls, added.calls) == (4, 6)
    assert kept.tokens_read == 189 + 124 + 122 + 216 + 4 * (9 + 4)
    assert added.tokens_read - kept.tokens_read == 122 + 117 + 2 * (9 + 4)
    assert (kept.tokens_written, added.tokens_written) == (24, 31)
    assert kept.seconds == kept.reading + kept.writing > 0


def test_a_random_language_model_answers(
    speedup: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the paper's architecture, small; llama.cpp refuses a file that lacks anything, and NaN cannot be sampled."""
    small = {"LAYERS": 2, "WIDTH": 256, "HIDDEN": 512, "HEADS": 2, "KEY_HEADS": 1, "HEAD": 128}
    for name, value in small.items():
        monkeypatch.setattr(speedup.random_llm, name, value)
    path = speedup.random_llm.gemma_2_9b(tmp_path, Bundle.load("studio").file("parser"))
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    calls = speedup.reference_llm.Calls(path, threads=1)
    asked = calls.ask("make the cup blue", adds=False)
    calls.close()
    assert asked.tokens_read == 189 + 124 + 122 + 216 + 4 * (9 + 4)  # the tokenizer is the one that was copied


def test_figures_are_ratios_of_one_turn_each(speedup: SimpleNamespace) -> None:
    """By hand: two turns, of which one was misread and counts for what was seen alone."""

    def edit(kind: str, theirs: float, mine: float, misread: bool) -> dict[str, Any]:
        calls = {"calls": 6 if kind == "add" else 4, "tokens_read": 1, "tokens_written": 1}
        their = {"vision": theirs, "told": theirs + 22, "calls": calls}
        return {"kind": kind, "reference": their, "paper": {
            "vision": mine, "told": mine + 1, "paper_parse": 4.0, "misread": misread, "apart": 1e-5}}  # fmt: skip

    found = {
        "about": {"device": "cpu", "compiled": False},
        "edits": [edit("color", 8.0, 2.0, False), edit("add", 6.0, 3.0, True)],
        "rankings": [{"candidates": 8, "reference": {"vision": 9.0}, "paper": {"vision": 1.5, "apart": 2e-3}}],
    }
    figures = {figure.key: figure for figure in speedup.speedup_table.figures(found)}
    assert figures["paper_vision"].value == 3.0  # of 4 and 2
    assert figures["paper_vision"].met is True
    assert figures["paper_parse"].value == pytest.approx((30 / 6 + 28 / 7) / 2)
    assert figures["paper_parse"].met is False
    assert figures["paper_parse_add"].value == pytest.approx(28 / 7)
    assert figures["paper_parse_small"].value == pytest.approx(30 / 3)  # the misread one is left out
    assert figures["paper_rank"].value == 6.0
    assert (figures["apart"].value, figures["apart"].met) == (2e-3, False)
    assert not any(key.startswith("photo-edge") for key in figures)
    found["about"] = {"device": "cuda", "compiled": False}
    assert next(iter(speedup.speedup_table.figures(found))).goal == 6.0


def test_a_section_takes_the_place_of_the_older_one(speedup: SimpleNamespace, tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\n## One\n\nold\n\n### Part\n\nold\n\n## Two\n\nkept\n")
    from reporting import put_section  # noqa: PLC0415

    put_section(results, "## One\n\nnew\n")
    assert results.read_text() == "# Results\n\n## One\n\nnew\n\n## Two\n\nkept\n"
    put_section(results, "## Three\n\nlast")
    assert results.read_text().endswith("kept\n\n## Three\n\nlast\n")
