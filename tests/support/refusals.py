"""Calls that must be refused, of every command and of the Python API, and what comes of them.

Each is made in a fresh folder that is filled for it (`support.refused_files`), with paths relative to it, so that what
is said does not depend on the machine. Some messages name the folder in full: its path is left out of them.
tests/fixtures/refusals.json, written by tests/fixtures/record_refusals.py, is what was said.
"""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from platformdirs import user_cache_path

from editjudge import EditIntent, EditJudgeError, Scorer, from_float
from editjudge.cli.main import run
from support.refused_files import WORDLESS, fill


@dataclass(frozen=True)
class Refusal:
    """What came of a call. status: the exit status; of the Python API, the one that the error stands for, if any.

    message: what is written to stderr; of the Python API, the error's class and its text.
    """

    status: int | None
    message: str


COMMANDS: dict[str, str] = {
    # --- what is typed wrongly ---
    "unknown-command": "paint",
    "unknown-bundle-command": "bundle paint",
    "unknown-experiment": "evaluate table-3 scores.csv",
    "unknown-option": "score original.png edited.png 'Make it blue.' --colour",
    "score-without-a-picture": "score",
    "score-without-an-instruction": "score original.png edited.png",
    "score-threads-0": "score original.png edited.png 'Make it blue.' --threads 0",
    "score-threads-many": "score original.png edited.png 'Make it blue.' --threads many",
    "rank-without-candidates": "rank original.png 'Make it blue.'",
    "rank-threads-0": "rank original.png 'Make it blue.' edited.png --threads 0",
    "mask-without-an-output": "mask original.png edited.png 'Make it blue.'",
    "mask-factor-0": "mask original.png edited.png 'Make it blue.' -o mask.png --factor 0",
    "bench-rounds-0": "bench --rounds 0",
    "bundle-build-without-a-recipe": "bundle build",
    "bundle-build-unknown-option": "bundle build paper --name mine",
    "bundle-build-pairs": "bundle build paper --pairs -1",
    "bundle-pull-without-a-source": "bundle pull",
    "score-dataset-without-an-output": "score-dataset edits.csv",
    "score-dataset-workers-0": "score-dataset edits.csv -o scores.jsonl --workers 0",
    "evaluate-without-a-table": "evaluate correlation",
    "evaluate-resamples": "evaluate correlation scores.csv --resamples -1",
    # --- score ---
    "score-missing-original": "score nowhere.png edited.png 'Make it blue.'",
    "score-missing-edited": "score original.png nowhere.png 'Make it blue.'",
    "score-folder": "score original.png folder 'Make it blue.'",
    "score-empty-file": "score original.png empty.png 'Make it blue.'",
    "score-no-picture": "score original.png text.png 'Make it blue.'",
    "score-web-page": "score original.png page.jpg 'Make it blue.'",
    "score-jpeg-xl": "score picture.jxl edited.png 'Make it blue.'",
    "score-address": "score original.png https://127.0.0.1/edited.png 'Make it blue.'",
    "score-truncated": "score original.png truncated.png 'Make it blue.'",
    "score-too-small": "score original.png small.png 'Make it blue.'",
    "score-report-replaces-an-input": "score original.png edited.png 'Make it blue.' --report ./original.png",
    "score-mask-into-a-missing-folder": "score original.png edited.png 'Make it blue.' --mask no/mask.png",
    "score-report-is-a-folder": "score original.png edited.png 'Make it blue.' --report folder",
    "score-unknown-device": "score original.png edited.png 'Make it blue.' --device abacus",
    "score-unknown-compat": "score original.png edited.png 'Make it blue.' --compat guessed",
    "score-accept-at-2": "score original.png edited.png 'Make it blue.' --accept-at 2",
    "score-accept-at-words": "score original.png edited.png 'Make it blue.' --accept-at surely",
    "score-budget-0": "score original.png edited.png 'Make it blue.' --budget-ms 0",
    "score-budget-negative": "score original.png edited.png 'Make it blue.' --budget-ms=-5",
    "score-budget-nan": "score original.png edited.png 'Make it blue.' --budget-ms nan",
    "score-budget-words": "score original.png edited.png 'Make it blue.' --budget-ms soon",
    "rank-budget-0": "rank original.png 'Make it blue.' edited.png --budget-ms 0",
    "rank-best-0": "rank original.png 'Make it blue.' edited.png --best 0",
    "rank-best-and-budget": "rank original.png 'Make it blue.' edited.png --best 1 --budget-ms 50",
    "score-mask-no-region": f"score original.png original.png {WORDLESS} --mask mask.png --device cpu",
    "score-empty-instruction": "score original.png edited.png ' '",
    "score-unknown-metric": "score original.png edited.png 'Make it blue.' --metrics l2,l3",
    "score-no-metric": "score original.png edited.png 'Make it blue.' --metrics ,",
    "score-metric-without-its-model": "score original.png edited.png 'Make it blue.' --metrics lpips",
    "score-unknown-bundle": "score original.png edited.png 'Make it blue.' --bundle nowhere",
    "score-bundle-not-a-folder": "score original.png edited.png 'Make it blue.' --bundle ./original.png",
    "score-bundle-to-be-built": "score original.png edited.png 'Make it blue.' --bundle photo-edge",
    # --- differences ---
    "differences-without-an-edited-picture": "differences original.png",
    "differences-missing-edited": "differences original.png nowhere.png",
    "differences-too-small": "differences original.png small.png",
    "differences-empty-instruction": "differences original.png edited.png ' '",
    "differences-mask-of-nothing": "differences original.png original.png --mask mask.png --device cpu",
    "differences-mask-suffix": "differences original.png edited.png --mask mask.jpg",
    "differences-mask-replaces-an-input": "differences original.png edited.png --mask ./original.png",
    "differences-report-into-a-missing-folder": "differences original.png edited.png --report no/report.html",
    "differences-unknown-device": "differences original.png edited.png --device abacus",
    "differences-unknown-bundle": "differences original.png edited.png --bundle nowhere",
    # --- reward ---
    "reward-without-an-instruction": "reward original.png edited.png",
    "reward-missing-edited": "reward original.png nowhere.png 'Make it blue.'",
    "reward-too-small": "reward original.png small.png 'Make it blue.'",
    "reward-empty-instruction": "reward original.png edited.png ' '",
    "reward-unknown-judge": "reward original.png edited.png 'Make it blue.' --judge human",
    "reward-without-a-model": "reward original.png edited.png 'Make it blue.' --judge openai",
    "reward-missing-model": "reward original.png edited.png 'Make it blue.' --judge llama --model nowhere.gguf",
    "reward-model-of-local": "reward original.png edited.png 'Make it blue.' --model gemma",
    "reward-bundle-of-llama": "reward original.png edited.png 'Make it blue.' --judge llama --model a --bundle paper",
    "reward-passes-0": "reward original.png edited.png 'Make it blue.' --judge openai --model a --passes 0",
    "reward-unknown-device": "reward original.png edited.png 'Make it blue.' --device abacus",
    "reward-unknown-bundle": "reward original.png edited.png 'Make it blue.' --bundle nowhere",
    # --- serve ---
    "serve-workers-0": "serve --workers 0",
    "serve-port-words": "serve --port web",
    "serve-unknown-device": "serve --device abacus",
    "serve-unknown-compat": "serve --compat guessed",
    "serve-unknown-look": "serve --look away",
    "serve-accept-at-2": "serve --accept-at 2",
    "serve-answer-nan": "serve --answer-seconds nan",
    "serve-unknown-bundle": "serve --bundle nowhere",
    "serve-for-others-without-a-token": "serve --host 0.0.0.0",
    "serve-no-address": "serve --host 300.0.0.1",
    "serve-token-missing": "serve --token-file nowhere",
    "serve-token-of-no-use": "serve --token-file page.jpg",
    "serve-socket-and-port": "serve --uds service.sock --port 8400",
    "serve-socket-is-a-file": "serve --uds original.png",
    "serve-socket-in-a-missing-folder": "serve --uds no/service.sock",
    # --- rank ---
    "rank-missing-original": "rank nowhere.png 'Make it blue.' edited.png",
    "rank-nothing-readable": f"rank original.png {WORDLESS} empty.png nowhere.png",
    "rank-report-replaces-a-candidate": "rank original.png 'Make it blue.' edited.png --report edited.png",
    "rank-unknown-device": "rank original.png 'Make it blue.' edited.png --device abacus",
    "rank-unknown-compat": "rank original.png 'Make it blue.' edited.png --compat guessed",
    "rank-accept-at-below-0": "rank original.png 'Make it blue.' edited.png --accept-at -0.1",
    # --- parse ---
    "parse-nothing": "parse",
    "parse-empty": "parse '  '",
    "parse-missing-file": "parse --file nowhere.txt",
    "parse-a-folder": "parse --file folder",
    "parse-not-json": "parse --file asked.jsonl",
    "parse-output-replaces-the-input": "parse --file asked.jsonl -o ./asked.jsonl",
    "parse-into-a-missing-folder": "parse 'Make it blue.' -o no/found.jsonl",
    "parse-unknown-bundle": "parse 'Make it blue.' --bundle nowhere",
    # --- demo ---
    "demo-into-a-missing-folder": "demo --report no/demo.html",
    "demo-report-is-a-folder": "demo --report folder",
    "demo-unknown-bundle": "demo --bundle nowhere",
    "demo-unknown-device": "demo --device abacus",
    # --- bench ---
    "bench-concurrency": "bench --concurrency 1,0",
    "bench-plot": "bench --plot plot.gif",
    "bench-plot-into-a-missing-folder": "bench --plot no/plot.svg",
    "bench-compare-nothing": "bench --compare @",
    "bench-compare-unknown-bundle": "bench --compare nowhere@cpu",
    "bench-unknown-device": "bench --device abacus",
    "bench-missing-listing": "bench --edits nowhere.jsonl",
    "bench-empty-listing": "bench --edits empty.png",
    "bench-listing-of-something-else": "bench --edits asked.jsonl",
    "bench-listing-not-json": "bench --edits words.txt",
    "bench-listing-of-a-missing-picture": "bench --edits missing.jsonl",
    "bench-both-ways": "bench --edits missing.jsonl --original original.png",
    "bench-half-an-edit": "bench --original original.png --edited edited.png",
    "bench-target-0": "bench --target-ms 0",
    "bench-target-below-0": "bench --target-ms -1",
    "bench-target-words": "bench --target-ms soon",
    "bench-target-nan": "bench --target-ms nan",
    "bench-target-of-a-bundle-to-be-built": "bench --target-ms 500 --bundle photo-edge",
    "bench-target-and-plot": "bench --target-ms 500 --plot plot.svg",
    "bench-target-and-looked-at": "bench --target-ms 500 --looked-at",
    "bench-looked-at-of-an-unknown-bundle": "bench --looked-at --bundle nowhere",
    "bench-looked-at-and-compare": "bench --looked-at --compare @cpu",
    # --- doctor ---
    "doctor-unknown-device": "doctor --device abacus",
    "doctor-unknown-bundle": "doctor --bundle nowhere",
    # --- mask ---
    "mask-missing-edited": "mask original.png nowhere.png 'Make it blue.' -o mask.png",
    "mask-replaces-an-input": "mask original.png edited.png 'Make it blue.' -o edited.png",
    "mask-latent-replaces-it": "mask original.png edited.png 'Make it blue.' -o mask.png --latent ./mask.png",
    "mask-into-a-missing-folder": "mask original.png edited.png 'Make it blue.' -o no/mask.png",
    "mask-unknown-device": "mask original.png edited.png 'Make it blue.' -o mask.png --device abacus",
    "mask-no-region": "mask original.png edited.png 'Remove the car.' -o mask.png --device cpu",
    "mask-nothing-edited": f"mask original.png original.png {WORDLESS} -o mask.png --device cpu",
    "mask-empty-instruction": "mask original.png edited.png '' -o mask.png",
    # --- bundle ---
    "bundle-list-unknown-option": "bundle list --all",
    "bundle-verify-unknown": "bundle verify nowhere",
    "bundle-verify-no-bundle": "bundle verify ./folder",
    "bundle-verify-not-toml": "bundle verify bundles/not-toml",
    "bundle-verify-no-format": "bundle verify bundles/no-format",
    "bundle-verify-format-0": "bundle verify bundles/format-0",
    "bundle-verify-format-3": "bundle verify bundles/format-3",
    "bundle-verify-unknown-role": "bundle verify bundles/unknown-role",
    "bundle-verify-role-twice": "bundle verify bundles/role-twice",
    "bundle-verify-missing-role": "bundle verify bundles/missing-role",
    "bundle-verify-missing-section": "bundle verify bundles/missing-section",
    "bundle-verify-unknown-section": "bundle verify bundles/unknown-section",
    "bundle-verify-section-without-its-file": "bundle verify bundles/section-without-its-file",
    "bundle-verify-missing-key": "bundle verify bundles/missing-key",
    "bundle-verify-unknown-key": "bundle verify bundles/unknown-key",
    "bundle-verify-wrong-type": "bundle verify bundles/wrong-type",
    "bundle-verify-wrong-choice": "bundle verify bundles/wrong-choice",
    "bundle-verify-not-positive": "bundle verify bundles/not-positive",
    "bundle-verify-falling-norm": "bundle verify bundles/falling-norm",
    "bundle-verify-leads-outside": "bundle verify bundles/leads-outside",
    "bundle-verify-missing-file": "bundle verify bundles/missing-file",
    "bundle-verify-wrong-size": "bundle verify bundles/wrong-size",
    "bundle-verify-wrong-hash": "bundle verify bundles/wrong-hash",
    "bundle-verify-no-digits": "bundle verify bundles/no-digits",
    "bundle-of-an-unknown-package": "parse 'Make it blue.' --bundle bundles/unknown-package",
    "bundle-pull-no-source": "bundle pull nowhere",
    "bundle-pull-no-bundle": "bundle pull ./folder",
    "bundle-pull-damaged-manifest": "bundle pull bundles/format-3",
    "bundle-pull-unknown-engines": "bundle pull bundles/whole --engines cuda",
    "bundle-pull-wrong-name": "bundle pull bundles/whole --name ../mine",
    "bundle-pull-named-as-an-embedded-one": "bundle pull bundles/studio",
    "bundle-pull-missing-file": "bundle pull bundles/missing-file --name mine",
    "bundle-pull-wrong-size": "bundle pull bundles/wrong-size --name mine",
    "bundle-pull-wrong-hash": "bundle pull bundles/wrong-hash --name mine",
    "bundle-build-unknown-recipe": "bundle build nowhere",
    "bundle-build-a-folder": "bundle build ./folder",
    "bundle-build-precision": "bundle build paper --precision int4",
    "bundle-build-engine": "bundle build paper --engine rtx",
    "bundle-build-metrics": "bundle build paper --metrics lpips,psnr",
    # --- score-dataset ---
    "score-dataset-missing": "score-dataset nowhere.csv -o scores.jsonl",
    "score-dataset-of-no-form": "score-dataset text.png -o scores.jsonl",
    "score-dataset-empty-folder": "score-dataset folder -o scores.jsonl",
    "score-dataset-no-rows": "score-dataset no-rows.csv -o scores.jsonl",
    "score-dataset-without-the-columns": "score-dataset scores.csv -o scores.jsonl",
    "score-dataset-without-the-columns-of-a-format": "score-dataset edits.csv -o scores.jsonl --format magicbrush",
    "score-dataset-unknown-format": "score-dataset edits.csv -o scores.jsonl --format guessed",
    "score-dataset-no-list": "score-dataset number.json -o scores.jsonl",
    "score-dataset-missing-edited": "score-dataset edits.csv -o scores.jsonl --edited no",
    "score-dataset-suffix": "score-dataset edits.csv -o scores.txt",
    "score-dataset-into-a-missing-folder": "score-dataset edits.csv -o no/scores.jsonl",
    "score-dataset-replaces-its-input": "score-dataset edits.csv -o ./edits.csv",
    "score-dataset-part-file": "score-dataset edits.csv -o begun.jsonl",
    "score-dataset-part-file-of-another": "score-dataset edits.csv -o begun.jsonl --resume",
    "score-dataset-part-file-damaged": "score-dataset edits.csv -o torn.jsonl --resume",
    "score-dataset-unknown-engine": "score-dataset edits.csv -o scores.jsonl --engine spark",
    "score-dataset-unknown-device": "score-dataset edits.csv -o scores.jsonl --device abacus",
    "score-dataset-unknown-compat": "score-dataset edits.csv -o scores.jsonl --compat guessed",
    "score-dataset-unknown-bundle": "score-dataset edits.csv -o scores.jsonl --bundle nowhere",
    "score-dataset-unknown-metric": "score-dataset edits.csv -o scores.jsonl --metrics l3",
    "score-dataset-metric-without-its-model": "score-dataset edits.csv -o scores.jsonl --metrics dino",
    "score-dataset-nothing-scored": "score-dataset missing.csv -o scores.jsonl --device cpu --workers 1",
    # --- evaluate ---
    "human-alignment-missing-table": "evaluate human-alignment nowhere.csv",
    "human-alignment-suffix": "evaluate human-alignment text.png",
    "human-alignment-no-rows": "evaluate human-alignment no-rows.csv",
    "human-alignment-ragged": "evaluate human-alignment ragged.csv",
    "human-alignment-not-a-number": "evaluate human-alignment words.csv",
    "human-alignment-missing-column": "evaluate human-alignment bare.csv",
    "human-alignment-column-not-there": "evaluate human-alignment scores.csv --human stars",
    "human-alignment-unknown-metric": "evaluate human-alignment scores.csv --metrics magic",
    "human-alignment-missing-metric": "evaluate human-alignment scores.csv --metrics bpm,lpips",
    "human-alignment-metric-twice": "evaluate human-alignment scores.csv --metrics l2,bpm,l2",
    "human-alignment-where": "evaluate human-alignment scores.csv --where group",
    "human-alignment-where-nothing": "evaluate human-alignment scores.csv --where group=none",
    "human-alignment-ties": "evaluate human-alignment scores.csv --ties lost",
    "human-alignment-alpha": "evaluate human-alignment scores.csv --alpha 2",
    "human-alignment-norm": "evaluate human-alignment scores.csv --norm mine",
    "ground-truth-kinds": "evaluate ground-truth scores.csv --kinds best=1",
    "ground-truth-missing-column": "evaluate ground-truth bare.csv",
    "ground-truth-no-such-kinds": "evaluate ground-truth scores.csv --kinds edited=1,preserved=2,modified=3",
    "components-missing-ratings": "evaluate components scores.csv",
    "components-ratings": "evaluate components scores.csv --ratings modify",
    "components-unknown-option": "evaluate components scores.csv --alpha 0.5",
    "components-plot": "evaluate components scores.csv --plot plot.gif",
    "components-plot-into-a-missing-folder": "evaluate components scores.csv --plot no/plot.png",
    "alpha-sweep-missing-column": "evaluate alpha-sweep bare.csv",
    "alpha-sweep-ties": "evaluate alpha-sweep scores.csv --ties lost",
    "correlation-method": "evaluate correlation scores.csv --method cosine",
    "correlation-alpha": "evaluate correlation scores.csv --alpha -0.5",
    "correlation-missing-column": "evaluate correlation bare.csv",
    "retrieval-missing": "evaluate retrieval nowhere.csv",
    "retrieval-no-rows": "evaluate retrieval no-rows.csv --encoder vifi_clip --device cpu",
    "retrieval-unknown-encoder": "evaluate retrieval edits.csv --encoder clip",
    "retrieval-unknown-device": "evaluate retrieval edits.csv --encoder vifi_clip --device abacus",
    # --- index and find ---
    "index-missing": "index nowhere.csv -o index",
    "index-no-rows": "index no-rows.csv -o index --encoder vifi_clip --device cpu",
    "index-folder-is-there": "index edits.csv -o folder --encoder vifi_clip",
    "index-unknown-encoder": "index edits.csv -o index --encoder clip",
    "find-without-an-index": "find 'Make it blue.'",
    "find-no-index": "find 'Make it blue.' --index folder",
    "find-missing-index": "find 'Make it blue.' --index nowhere",
    "find-top-0": "find 'Make it blue.' --index folder --top 0",
    "find-three": "find original.png edited.png small.png --index folder",
    "find-one-picture": "find original.png --index folder",
}
"""Command lines without the program's name, quoted as in a shell, by short names."""


def _studio(**options: Any) -> Scorer:
    return Scorer.load("studio", **{"device": "cpu", "threads": 1, **options})


def _picture() -> np.ndarray:
    return np.full((32, 48, 3), 90, np.uint8)


API: dict[str, tuple[str, Callable[[], object]]] = {
    "api-unknown-device": ('Scorer.load("studio", device="abacus")', lambda: _studio(device="abacus")),
    "api-threads-0": ('Scorer.load("studio", threads=0)', lambda: _studio(threads=0)),
    "api-unknown-compat": ('Scorer.load("studio", compat="guessed")', lambda: _studio(compat="guessed")),
    "api-accept-at-2": ('Scorer.load("studio", accept_at=2)', lambda: _studio(accept_at=2)),
    "api-unknown-bundle": ('Scorer.load("nowhere")', lambda: Scorer.load("nowhere")),
    "api-float-array": (
        'scorer.score(picture, picture / 255, "+++")',
        lambda: _studio().score(_picture(), _picture() / 255, WORDLESS),  # type: ignore[arg-type]
    ),
    "api-grey-array": (
        'scorer.score(picture, picture[:, :, 0], "+++")',
        lambda: _studio().score(_picture(), _picture()[:, :, 0], WORDLESS),
    ),
    "api-floats-channels-first": (
        "from_float(picture.transpose(2, 0, 1) / 255)",
        lambda: from_float(_picture().transpose(2, 0, 1) / 255),
    ),
    "api-base64": (
        'scorer.score(picture, "iVBORw0KGgo" + 40 * "A", "+++")',
        lambda: _studio().score(_picture(), "iVBORw0KGgo" + 40 * "A", WORDLESS),
    ),
    "api-no-bytes": ('scorer.score(picture, b"", "+++")', lambda: _studio().score(_picture(), b"", WORDLESS)),
    "api-none": (
        'scorer.score(picture, None, "+++")',
        lambda: _studio().score(_picture(), None, WORDLESS),  # type: ignore[arg-type]
    ),
    "api-missing-picture": (
        'scorer.score("nowhere.png", picture, "+++")',
        lambda: _studio().score("nowhere.png", _picture(), WORDLESS),
    ),
    "api-no-candidates": (
        'scorer.prepare(picture, "+++").rank([])',
        lambda: _studio().prepare(_picture(), WORDLESS).rank([]),
    ),
    "api-empty-instruction": (
        'scorer.score(picture, picture, "\\n")',
        lambda: _studio().score(_picture(), _picture(), "\n"),
    ),
    "api-long-instruction": (
        'scorer.score(picture, picture, "word " * 1000)',
        lambda: _studio().score(_picture(), _picture(), "word " * 1000),
    ),
    "api-intent-of-nothing": (
        'scorer.score(picture, picture, EditIntent("color", " ", None))',
        lambda: _studio().score(_picture(), _picture(), EditIntent("color", " ", None)),
    ),
    "api-intent-of-everything": (
        'scorer.score(picture, picture, EditIntent("style", "all", None))',
        lambda: _studio().score(_picture(), _picture(), EditIntent("style", "all", None)),
    ),
    "api-unknown-encoder": (
        'scorer.embed_edit(picture, picture, encoder="clip")',
        lambda: _studio().embed_edit(_picture(), _picture(), encoder="clip"),
    ),
    "api-embed-no-words": (
        'scorer.embed_instruction("...", encoder="vifi_clip")',
        lambda: _studio().embed_instruction("...", encoder="vifi_clip"),
    ),
    "api-unknown-edit-type": (
        'EditIntent("paint", "car", "car")',
        lambda: EditIntent("paint", "car", "car"),  # type: ignore[arg-type]
    ),
    "api-unknown-size": (
        'EditIntent("size", "car", "car", size="huge")',
        lambda: EditIntent("size", "car", "car", size="huge"),  # type: ignore[arg-type]
    ),
    "api-unknown-position": (
        'EditIntent("move", "car", "car", position="away")',
        lambda: EditIntent("move", "car", "car", position="away"),  # type: ignore[arg-type]
    ),
}
"""Calls of the Python API, as they are written and as they are made, by short names."""

NAMES = (*COMMANDS, *API)


def call(name: str) -> list[str] | str:
    """What is called: the arguments of a command line, or an expression of Python."""
    return shlex.split(COMMANDS[name]) if name in COMMANDS else API[name][0]


def refusal(name: str, folder: Path) -> Refusal:
    """What comes of a call. folder: an empty one, which is filled for it."""
    with _inside(folder):
        outcome = _typed(shlex.split(COMMANDS[name])) if name in COMMANDS else _called(API[name][1])
    place = str(folder.resolve())
    return replace(outcome, message=outcome.message.replace(f"{place}{os.sep}", "").replace(place, ""))


def _typed(arguments: list[str]) -> Refusal:
    errors = io.StringIO()
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        status = run(arguments)
    return Refusal(status, errors.getvalue())


def _called(function: Callable[[], object]) -> Refusal:
    try:
        function()
    except (EditJudgeError, ValueError, TypeError) as error:
        return Refusal(getattr(error, "exit_status", None), f"{type(error).__name__}: {error}")
    return Refusal(0, "")


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Fills the folder and goes there; its cache is its own, but for the parser's model, which is the user's."""
    home = os.environ.get("EDITJUDGE_HOME")
    cache = Path(home).expanduser() if home else user_cache_path("editjudge", appauthor=False)
    models = cache.resolve() / "models"
    models.mkdir(parents=True, exist_ok=True)
    fill(folder)
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to(models, target_is_directory=True)
    with chdir(folder), patch.dict(os.environ, EDITJUDGE_HOME="home"):
        os.environ.pop("EDITJUDGE_MAX_PIXELS", None)  # comes back at the end of the block
        yield
