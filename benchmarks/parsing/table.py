"""What the modules of `parsing` recorded, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common.paths import DATA
from benchmarks.common.reporting import Figure

RECORD = DATA / "parse.json"
TITLE = "## Instructions parsed"
OURS, REAL = "fourth", "real"
HEAD = """
`python -m benchmarks.parsing.accuracy fourth --record fourth` (`dev`, `test`, `second`, `third`), `... --file
real_instructions.jsonl --record real`, `python -m benchmarks.parsing.languages --record`, `python -m
benchmarks.parsing.fuzz --record`, on {machine}.
The sets were written by hand ([guidelines](data/README.md)): 200 instructions for development; 300, 298 and 298 for
earlier adapters; 300 and 60 compounds for the adapter that is in the bundle, looked at once when it was done. 157 more
are real, of some 20 public sources, and no part of this repository: their mistakes were looked at while templates were
written, and the certainty is calibrated on them, the 200 and the second set.
[How sure it is, and how often right](../docs/parse-certainty.svg).
"""
FIELDS = {
    "object": "object, source and target",
    "size": "size",
    "position": "position",
    "edit_type": "edit type",
    "all": "all fields",
}
GOALS = {"object": 0.97, "size": 0.99, "position": 0.98, "edit_type": 0.98, "all": 0.95}
EARLIER = {"third": "third", "second": "second", "test": "first", "dev": "development"}
"""The sets of earlier adapters, by split."""
LOSS = 0.01
"""What an earlier set may lose."""
MODELS = {
    OURS: "the adapter of the bundle, on the fourth set of 300",
    "third": "the same, on the third set of 298",
    "second": "the same, on the second set of 298",
    "test": "the same, on the first set of 300",
    "dev": "the same, on the 200 for development",
    REAL: "the same, on the 137 real ones that ask for one edit",
    "before_third": "the adapter before it, on the third set of 298",
    "before_second": "the same, on the second set of 298",
    "before_test": "the same, on the first set of 300",
    "before_dev": "the same, on the 200 for development",
    "prompted_third": "no adapter, prompted with examples, same lines, on the third set of 298",
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
    yield "| what | measured | goal | |"
    yield "|---|---:|---:|---|"
    for figure in (*_list_accuracy(records), *_list_honesty(records), *_list_languages(records), *_list_cost(records)):
        yield f"| {figure.what} | {figure.value_text} | {figure.goal_text} | {figure.verdict} |"


def _list_accuracy(records: dict[str, Any]) -> Iterator[Figure]:
    ours, real = records[OURS], records[REAL]
    yield Figure("real", "real instructions, 157, wholly right", real["wholly_right"], 0.92)
    for name, what in FIELDS.items():
        yield Figure(name, f"fourth set: {what} right", ours[name], GOALS[name])
    yield Figure("compound", "compounds of the fourth set, 60: every part right", ours["compound"], 0.9)
    yield Figure("real_compound", "real compounds, 20: every part right", real["compound"], 0.9)
    for split, what in EARLIER.items():
        least = records[f"before_{split}"]["all"] - LOSS
        yield Figure(split, f"{what} set: all fields right", records[split]["all"], round(least, 3))
    yield Figure("flagged", "compounds of the fourth set recognised as such", ours["compound_flagged"])
    yield Figure("split", "single instructions of it taken for compounds", ours["single_flagged_compound"])


def _list_honesty(records: dict[str, Any]) -> Iterator[Figure]:
    for name, what in ((REAL, "real instructions"), (OURS, "fourth set")):
        goals = (4, 0.05, 0.97) if name == REAL else (None, None, None)
        found = records[name]
        yield Figure("unflagged", f"{what}: wrong and not flagged", found["wrong_unflagged"], goals[0], False)
        yield Figure("ece", f"{what}: expected calibration error", found["calibration_error"], goals[1], False)
        yield Figure("sure", f"{what}: right among the unflagged", found["unflagged_right"], goals[2])
        yield Figure("uncertain", f"{what}: flagged", found["flagged"])


def _list_languages(records: dict[str, Any]) -> Iterator[Figure]:
    found = records["languages"]
    tested, others = found["languages"], found["other_languages"]
    yield Figure("foreign", f"{tested} languages, ten sentences each: flagged as not English", found["flagged"], 0.98)
    yield Figure("others", f"{others} other languages, two sentences each: flagged", found["other_flagged"])
    english = f"{found['english']:,} English instructions: taken for foreign"
    yield Figure("english", english, found["english_flagged"], 0.005, False)
    yield Figure("borrowed", f"{found['borrowed']} of them with foreign words", found["borrowed_flagged"])


def _list_cost(records: dict[str, Any]) -> Iterator[Figure]:
    fuzz = records["fuzz"]
    yield Figure(
        "p50",
        "one parse, not remembered, p50 of the 200 for development",
        records["dev"]["p50_wall_ms"],
        45,
        False,
        " ms",
    )
    what = f"malformed of {fuzz['instructions']:,} fuzzed, of up to {fuzz['longest_instruction']:,} characters"
    yield Figure("fuzz", what, fuzz.get("malformed", 0), 0, False)
    yield Figure("bound", "the slowest of them", fuzz["most_ms"], 2000, False, " ms")
    yield Figure("adapter", "adapter", records[OURS]["adapter_mb"], 10, False, " MB")


def _render_models(records: dict[str, Any]) -> Iterator[str]:
    yield f"| Gemma 3 270M | {' | '.join(FIELDS.values())} | compounds | p50, ms | commit |"
    yield f"|---|{'---:|' * (len(FIELDS) + 2)}---|"
    for name, what in MODELS.items():
        if name in records:
            summary = records[name]
            shares = " | ".join(f"{summary[field]:.3f}" for field in (*FIELDS, "compound"))
            yield f"| {what} | {shares} | {summary['p50_wall_ms']:.0f} | {summary['commit']} |"
