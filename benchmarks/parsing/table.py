"""What `parsing.accuracy` and `parsing.fuzz` recorded, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common.paths import DATA
from benchmarks.common.reporting import Figure

RECORD = DATA / "parse.json"
TITLE = "## Instructions parsed"
OURS = "adapter"
HEAD = """
`python -m benchmarks.parsing.accuracy third --record adapter` and `python -m benchmarks.parsing.fuzz --record`, on
{machine}.
Four sets were written by hand ([guidelines](data/README.md)): 200 instructions for development; 300 on which a first
adapter was measured once, and of which a writer of templates saw eight by accident; 298 for a second adapter, whose
wrong answers then showed what the templates lacked; and 298 for the adapter that is in the bundle, looked at once when
it was done. [How sure it is, and how often right](../docs/parse-certainty.svg).
"""
FIELDS = {
    "object": "object, source and target",
    "size": "size",
    "position": "position",
    "edit_type": "edit type",
    "all": "all fields",
}
GOALS = {"object": 0.97, "size": 0.99, "position": 0.97, "edit_type": 0.97, "all": 0.93}
MODELS = {
    OURS: "the adapter of the bundle, on the third set of 298",
    "adapter_second": "the same, on the second set of 298",
    "adapter_test": "the same, on the first set of 300",
    "dev": "the same, on the 200 for development",
    "prompted_third": "no adapter, prompted with examples, same lines, on the third set of 298",
    "previous_third": "a second adapter, on the third set of 298",
    "previous_second": "the second adapter, on the second set of 298",
    "previous_test": "the second adapter, on the first set of 300",
    "first_second": "a first adapter, on the second set of 298",
    "first": "the first adapter, on the first set of 300",
    "prompted": "no adapter, on the first set of 300",
}


def record(name: str, summary: dict[str, Any]) -> None:
    """Keeps a summary under a name, beside those that were recorded before."""
    records = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    RECORD.write_text(json.dumps({**records, name: summary}, indent=1) + "\n", encoding="utf-8")


def render_section(path: Path = RECORD) -> str:
    """The section of RESULTS.md."""
    records = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([TITLE, HEAD.format(**records[OURS]), *_render_goals(records), "", *_render_models(records)])


def _render_goals(records: dict[str, Any]) -> Iterator[str]:
    ours = records[OURS]
    figures = [Figure(name, f"{what} right", ours[name], GOALS[name]) for name, what in FIELDS.items()]
    figures += [
        Figure(
            "p50",
            "one parse, not remembered, p50 of the 200 for development",
            records["dev"]["p50_wall_ms"],
            350,
            False,
            " ms",
        ),
        Figure(
            "tokens", "output tokens of a single instruction, most", ours["output_tokens"]["most_single"], 24, False
        ),
        Figure("ece", "expected calibration error, all fields", ours["calibration_error"], 0.05, False),
        Figure("certain", "all fields right among the 90 % most certain", ours["most_certain"], 0.98),
        Figure("compound", "compounds, every part right", ours["compound"]),
        Figure("flagged", "compounds recognised as such", ours["compound_flagged"]),
        Figure("split", "single instructions taken for compounds", ours["single_flagged_compound"]),
    ]
    if "fuzz" in records:
        fuzz = records["fuzz"]
        what = f"malformed of {fuzz['instructions']:,} fuzzed, of up to {fuzz['longest_instruction']:,} characters"
        figures.append(Figure("fuzz", what, fuzz.get("malformed", 0), 0, False))
        figures.append(Figure("bound", "the slowest of them", fuzz["most_ms"], None, False, " ms"))
    yield "| what | measured | goal | |"
    yield "|---|---:|---:|---|"
    for figure in figures:
        yield f"| {figure.what} | {figure.value_text} | {figure.goal_text} | {figure.verdict} |"


def _render_models(records: dict[str, Any]) -> Iterator[str]:
    yield f"| Gemma 3 270M | {' | '.join(FIELDS.values())} | p50, ms | commit |"
    yield f"|---|{'---:|' * (len(FIELDS) + 1)}---|"
    for name, what in MODELS.items():
        if name in records:
            summary = records[name]
            shares = " | ".join(f"{summary[field]:.3f}" for field in FIELDS)
            yield f"| {what} | {shares} | {summary['p50_wall_ms']:.0f} | {summary['commit']} |"
