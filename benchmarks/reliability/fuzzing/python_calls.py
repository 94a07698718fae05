"""Calls of the public functions, each with some of its arguments odd."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.fuzzing.draw import Draw
from benchmarks.reliability.fuzzing.odd_values import ODD
from benchmarks.reliability.fuzzing.world import WORDLESS, World
from editjudge import EditIntent, ParseResult, Scorer, from_float, guidance
from editjudge.batch import score_dataset
from editjudge.datasets import open_dataset
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, MetricColumn, ScoreTable, read_scores, select_columns
from editjudge.evaluation.plots import write_plot
from editjudge.image.decode import load_image, load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.parser.calibration import UNSURE
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.html import render_html

Call = tuple[Callable[..., Any], dict[str, Any]]
"""A function, and usual values of its arguments."""


def list_calls(world: World) -> dict[str, Call]:
    """By name; what gives rows or candidates one by one is asked for the first few."""
    scorer, prepared, intent = world.scorer, world.prepared, world.intent
    table, dataset = read_scores("scores.csv"), open_dataset("edits.csv")
    columns, options = select_columns(table), EvaluationOptions(resamples=2)
    latents = np.zeros((1, 4, 8, 8), np.float32)
    edit = RankedEdit("words", (Candidate("edited.png", world.scored),))
    loading = {"bundle": world.folder / "toy", "device": "cpu", "threads": 1, "compat": None, "accept_at": None}
    scoring = {"original": "original.png", "edited": "edited.png", "instruction": intent, "compat": None, "metrics": ()}
    intents = {"edit_type": "move", "source": "car", "target": "car", "anchor": None, "size": "unchanged"}
    counts = {"ties": "half", "method": "kendall", "satisfied": None, "resamples": 9, "seed": 1}
    names = {"human": "human", "group": "group", "model": "model", "kind": "kind", "norm": "data", "alpha": None}
    run = {"dataset": dataset, "output": "out.csv", "bundle": world.folder / "toy", "device": "cpu", "compat": None}
    predictions = dict.fromkeys(("unconditional", "image", "text"), latents)
    calls: dict[str, Call] = {
        "Scorer": (Scorer, {"models": scorer.models, "compat": None, "accept_at": 0.5, "keep_answers": False}),
        "Scorer.load": (Scorer.load, {**loading, "keep_answers": True}),
        "score": (scorer.score, scoring),
        "score words": (scorer.score, {**scoring, "instruction": WORDLESS}),
        "prepare": (scorer.prepare, {name: scoring[name] for name in ("original", "instruction", "compat", "metrics")}),
        "parse": (scorer.parse, {"instruction": WORDLESS}),
        "Prepared.score": (prepared.score, {"edited": "edited.png"}),
        "rank": (prepared.rank, {"edited": ["edited.png"]}),
        "scores": (lambda edited: list(prepared.scores(edited)), {"edited": ["edited.png"]}),
        "EditIntent": (
            lambda **given: scorer.score("original.png", "edited.png", EditIntent(**given)),
            {**intents, "position": "left", "keep": None, "text": None},
        ),
        "ParseResult": (ParseResult, {"intents": (intent,), "certainty": (UNSURE,), "confident": True, "by": "parser"}),
        "from_float": (from_float, {"values": np.zeros((16, 16, 3), np.float32)}),
        "load_picture": (load_picture, {"source": "edited.png", "limits": None}),
        "load_image": (load_image, {"source": "edited.png", "limits": ImageLimits()}),
        "ImageLimits": (ImageLimits, {"max_pixels": 1000, "min_side": 8}),
        "find_mask": (guidance.find_mask, {"score": world.scored}),
        "latent_mask": (guidance.latent_mask, {"score": world.scored, "factor": 8}),
        "encode_png": (guidance.encode_png, {"mask": np.ones((8, 8), bool)}),
        "guidance": (
            guidance.guidance,
            {**predictions, "mask": np.ones((8, 8), bool), "image_scale": 1.5, "text_scale": 7.5},
        ),
        "open_dataset": (
            lambda **given: list(itertools.islice(open_dataset(**given), 3)),
            {"path": "edits.csv", "form": None, "edits": None},
        ),
        "rows": (lambda **given: list(dataset.rows(**given)), {"start": 0, "stop": None, "pictures": True}),
        "score_dataset": (
            score_dataset,
            {**run, "accept_at": None, "metrics": (), "workers": 1, "resume": False, "watch": lambda _: None},
        ),
        "read_scores": (read_scores, {"path": "scores.csv"}),
        "ScoreTable": (ScoreTable, {"name": "scores", "columns": {"a": [1, 2], "b": [2, 3]}}),
        "where": (table.where, {"column": "kind", "value": "edited"}),
        "select_columns": (select_columns, {"table": table, "names": ["bpm"]}),
        "EvaluationOptions": (
            EvaluationOptions, {**names, **counts}
        ),
        "write_plot": (
            write_plot, {"path": Path("plot.svg"), "result": EXPERIMENTS["correlation"](table, columns, options)}
        ),
        "render_html": (render_html, {"edits": [edit], "title": "title"}),
    }  # fmt: skip
    for name, experiment in EXPERIMENTS.items():
        calls[name] = experiment, {"table": table, "metrics": columns, "options": options}
        calls[f"{name} by column"] = _by_column(experiment, table, options), {"human": "human", "metric": "bpm"}
    return calls


def _by_column(experiment: Callable[..., Any], table: ScoreTable, options: EvaluationOptions) -> Callable[..., Any]:
    def run(human: Any, metric: Any) -> object:
        named = EvaluationOptions(human=human, resamples=options.resamples)
        return experiment(table, [MetricColumn("mine", metric)], named)

    return run


def draw_call(draw: Draw, calls: dict[str, Call]) -> tuple[str, Callable[[], Any]]:
    """How a report names a call, and the call."""
    name = draw.choose(sorted(calls))
    function, usual = calls[name]
    arguments, said = dict(usual), []
    for _ in range(1 + (draw.number(4) == 3)):
        argument, odd = draw.choose(sorted(usual)), draw.choose(sorted(ODD))
        arguments[argument] = ODD[odd]()
        said.append(f"{argument}={odd}")
    return f"{name}({', '.join(said)})", lambda: function(**arguments)
