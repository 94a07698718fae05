"""The speed-up over the released recipe: both sides come to the same sub-scores by the same work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gguf")
from benchmarks.common.reporting import put_section
from benchmarks.speedup import random_llm
from benchmarks.speedup.compare import disagreements
from benchmarks.speedup.edits import edits, local_edits
from benchmarks.speedup.ours import open_scorer
from benchmarks.speedup.reference import ReferencePipeline
from benchmarks.speedup.reference_llm import ReferenceParser
from benchmarks.speedup.rounds import CountedScorer, one_ranking, sub_scores
from benchmarks.speedup.table import figures
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.models.model_set import Runner
from editjudge.types import EditIntent
from editjudge_export.build import build
from editjudge_export.options import BuildOptions
from support.tiny_recipe import DOMAIN, write_recipe

pytestmark = pytest.mark.export

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
WHOLE_PICTURES = (
    DOMAIN,
    '[[copy]]\nrole = "domain"\nfrom = "probe.npz"\npath = "domain.npz"\nlicence = "Apache-2.0"\n',
)
"""What has the whole picture embedded besides, which the bundles of photographs lack."""
WINDOWS = {"detector": {"height": 256, "width": 256, "windows": [192]}, "segmenter": {"windows": [48]}}
"""As wide, of the whole, as those of the bundles of photographs."""


@pytest.fixture
def contest(
    usual: Path, checkpoints: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[ReferencePipeline, CountedScorer]:
    """The reference, and ours, with the same small models; the bundle is built once."""
    folder = tmp_path_factory.getbasetemp() / "speedup"
    if not folder.is_dir():
        text = usual.read_text()
        for part in WHOLE_PICTURES:
            assert part in text
            text = text.replace(part, "")
        usual.write_text(text)
        build(usual, folder, BuildOptions(precision="fp32", pairs=0))
    bundle = Bundle.load(folder)
    ours = CountedScorer("paper", *open_scorer(bundle, BOXES, "cpu", 1), True)
    return ReferencePipeline(bundle, checkpoints, BOXES), ours


def test_sub_scores_and_work_are_those_of_the_reference(contest: tuple[ReferencePipeline, CountedScorer]) -> None:
    reference, ours = contest
    rounds = edits(len(INTENTS), kinds=("color",))
    scores = []
    for (edit,), (kind, intent) in zip(rounds, INTENTS.items(), strict=True):
        theirs = reference.score(edit.original, edit.candidates[0], intent)
        ours.work.clear()
        mine = sub_scores(ours.scorer.score(edit.original, edit.candidates[0], intent))
        assert mine == pytest.approx(theirs.sub_scores, abs=1e-4), kind
        assert +ours.work == theirs.work, kind
        assert theirs.work["boxes"] in (BOXES, 2 * BOXES)
        scores.append(theirs.sub_scores)
    # Nothing of this is a constant: the comparison could fail.
    assert np.ptp([score["modify"] for score in scores]) > 0.1
    assert np.ptp([score["preserve"] for score in scores]) > 2e-3
    assert {0.0, 1.0} <= {score["position"] for score in scores} | {score["size"] for score in scores}


def test_candidates_are_ranked_by_the_same_sub_scores(contest: tuple[ReferencePipeline, CountedScorer]) -> None:
    reference, ours = contest
    ((edit,),) = edits(1, kinds=("color",), candidates=CANDIDATES)
    record = one_ranking(reference, [ours], edit, turn=1, sample=CANDIDATES)
    assert record["paper"]["apart"] < 1e-3
    assert record["reference"]["work"]["pictures looked at"] == 2 * CANDIDATES
    assert record["paper"]["work"]["pictures looked at"] == 1 + CANDIDATES
    other = replace(edit, intent=EditIntent("color", "ball", "green ball"))
    assert one_ranking(reference, [ours], other, 0, 1)["reference"]["work"]["boxes"] == 2 * BOXES
    report = {"edits": [], "rankings": [record]}
    assert disagreements(report, 1e-3) == []
    assert len(disagreements(report, 0.0)) == 1


def test_local_edits_are_looked_at_in_windows(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """The original once as a whole, and no edited picture; what ran is counted where the graphs run."""
    runs: Counter[str] = Counter()
    recipe, folder = write_recipe(tmp_path, checkpoints, WINDOWS), tmp_path / "bundle"
    build(recipe, folder, BuildOptions(precision="fp32", pairs=0))

    class CountedRunner:
        def __init__(self, role: str, session: Runner) -> None:
            self.role, self.session, self.placement = role, session, session.placement

        def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
            runs[self.role] += 1
            return self.session.run(feeds)

    def count_runs(graph: GraphFile, device: str, threads: int | None) -> Runner:
        return CountedRunner(graph.role, open_model(graph, device, threads))

    bundle = Bundle.load(folder)
    released = CountedScorer("photo-lite", *open_scorer(bundle, BOXES, "cpu", 1, open_session=count_runs), False)
    local = CountedScorer.by_own_rules(released)
    for edit in local_edits(2, CANDIDATES)[1]:
        runs.clear()
        record = one_ranking(ReferencePipeline(bundle, checkpoints, BOXES), [local], edit, turn=0, sample=1)
        looks = record["photo-lite local"]["looked_at"]
        assert len(looks) == CANDIDATES
        assert {(look["reason"], look["share"]) for look in looks} == {(None, 0.5625)}
        assert runs["detector"] == 1
        assert runs["detector_medium"] == 2 + 1  # two batches, and the further candidate
        assert runs["sam_encoder"] + runs["sam_encoder_medium"] == CANDIDATES + (edit.kind == "color") + 1
        (box,) = local.scorer.score(edit.original, edit.candidates[0], edit.intent).regions["edited"]
        assert box.box == pytest.approx(edit.boxes[edit.intent.target], abs=16 / 256 * 500 + 1)  # as windows are placed


def test_the_calls_are_as_long_as_the_released_ones() -> None:
    """Four prompts, and two more for an add; with nine tokens around each and the instruction's own."""
    parser = Bundle.load("studio").file("parser")
    calls = ReferenceParser(parser, threads=1)
    instruction = "make the cup blue"
    kept, added = (calls.ask(instruction, adds=adds) for adds in (False, True))
    calls.close()
    assert (kept.calls, added.calls) == (4, 6)
    assert kept.tokens_read == 189 + 124 + 122 + 216 + 4 * (9 + 4)
    assert added.tokens_read - kept.tokens_read == 122 + 117 + 2 * (9 + 4)
    assert (kept.tokens_written, added.tokens_written) == (24, 31)
    assert kept.seconds == kept.reading + kept.writing > 0


def test_a_random_language_model_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the paper's architecture, small; llama.cpp refuses a file that lacks anything, and NaN cannot be sampled."""
    small = {"LAYERS": 2, "WIDTH": 256, "HIDDEN": 512, "HEADS": 2, "KEY_HEADS": 1, "HEAD": 128}
    for name, value in small.items():
        monkeypatch.setattr(random_llm, name, value)
    path = random_llm.gemma_2_9b(tmp_path, Bundle.load("studio").file("parser"))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    calls = ReferenceParser(path, threads=1)
    costs = calls.ask("make the cup blue", adds=False)
    calls.close()
    assert costs.tokens_read == 189 + 124 + 122 + 216 + 4 * (9 + 4)  # the tokenizer is the one that was copied


def test_figures_are_ratios_of_one_turn_each() -> None:
    """By hand: two turns, of which one was misread and counts for what was seen alone."""

    def edit(kind: str, theirs: float, mine: float, misread: bool) -> dict[str, Any]:
        calls = {"calls": 6 if kind == "add" else 4, "tokens_read": 1, "tokens_written": 1}
        their = {"vision": theirs, "told": theirs + 22, "calls": calls}
        return {"kind": kind, "reference": their, "paper": {
            "vision": mine, "told": mine + 1, "paper_parse": 4.0, "misread": misread, "apart": 1e-5}}  # fmt: skip

    report = {
        "about": {"device": "cpu", "compiled": False},
        "edits": [edit("color", 8.0, 2.0, False), edit("add", 6.0, 3.0, True)],
        "rankings": [{"candidates": 8, "reference": {"vision": 9.0}, "paper": {"vision": 1.5, "apart": 2e-3}}],
    }
    by_key = {figure.key: figure for figure in figures(report)}
    assert by_key["paper_vision"].value == 3.0  # of 4 and 2
    assert by_key["paper_vision"].met is True
    assert by_key["paper_parse"].value == pytest.approx((30 / 6 + 28 / 7) / 2)
    assert by_key["paper_parse"].met is False
    assert by_key["paper_parse_add"].value == pytest.approx(28 / 7)
    assert by_key["paper_parse_small"].value == pytest.approx(30 / 3)  # the misread one is left out
    assert by_key["paper_rank"].value == 6.0
    assert (by_key["apart"].value, by_key["apart"].met) == (2e-3, False)
    assert not any(key.startswith("photo-edge") for key in by_key)
    report["about"] = {"device": "cuda", "compiled": False}
    assert next(iter(figures(report))).goal == 6.0


def test_figures_of_local_edits() -> None:
    """By hand: one that looked at a quarter, and a ranking of 8, for which the instruction is read once."""
    calls = {"calls": 4, "tokens_read": 1, "tokens_written": 1}
    theirs = {"vision": 80.0, "told": 120.0, "parse": 40.0, "calls": calls}
    look = {"share": 0.25, "reason": None}
    mine = {"vision": 0.9, "parse": 0.1, "told": 1.0, "misread": False, "looked_at": look}
    ranked = {"vision": 0.4, "further": 0.32, "parse": 0.08, "looked_at": [look] * 8}
    report = {
        "about": {"device": "cpu", "compiled": False},
        "edits": [{"kind": "color", "reference": theirs, "photo-lite local": mine}],
        "rankings": [{"candidates": 8, "reference": theirs, "photo-lite local": ranked}],
    }
    by_key = {figure.key: figure for figure in figures(report)}
    assert by_key["photo-lite_local_parse"].value == pytest.approx(120)
    assert by_key["photo-lite_local_parse"].met is True
    assert by_key["photo-lite_local_rank"].value == pytest.approx(200)
    assert by_key["photo-lite_local_rank"].met is False
    assert by_key["photo-lite_local_rank_parse"].value == pytest.approx(120 / 0.41)
    assert by_key["photo-lite_local_rank_parse"].met is True
    assert by_key["photo-lite_local_further"].value == pytest.approx(250)
    assert (by_key["lite_seconds"].value, by_key["lite_seconds"].met) == (1.0, True)
    assert (by_key["lite_further_seconds"].value, by_key["lite_further_seconds"].met) == (0.32, True)
    mine["told"] = 1.3
    assert {figure.key: figure.met for figure in figures(report)}["lite_seconds"] is False


def test_a_section_takes_the_place_of_the_older_one(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\n## One\n\nold\n\n### Part\n\nold\n\n## Two\n\nkept\n")
    put_section(results, "## One\n\nnew\n")
    assert results.read_text() == "# Results\n\n## One\n\nnew\n\n## Two\n\nkept\n"
    put_section(results, "## Three\n\nlast")
    assert results.read_text().endswith("kept\n\n## Three\n\nlast\n")
