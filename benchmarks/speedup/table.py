"""What `speedup.compare` measured, as figures with goals and as Markdown.

python -m benchmarks.speedup.table
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.paths import DATA
from benchmarks.common.reporting import Figure
from benchmarks.speedup.record import SideRecord

OUT = DATA / "speedup.json"
TITLE = "## Speed-up over the released recipe"
HEAD = """
`python -m benchmarks.speedup.compare FOLDER`. The reference is what the paper's authors released, on transformers and
PyTorch: Grounding DINO and SAM picture by picture, CLIP crop by crop and text by text, four calls to a language model
for an edit of what is there and six for an add, with prompts as long as the released ones. Both sides have the same
random weights, pictures (photographs of scikit-image, 500 x 500), threads and number of boxes, take turns, and have
seen no instruction before. Ratios are of one turn each: the reference's time over editjudge's. The reference's language
model is Gemma 2 9B, the paper's, in 4 bit by llama.cpp. `photo-edge` parses with Gemma 3 270M and its adapter; `paper`
with the reference's model, by editjudge's prompts, timed after the rounds.
"""
PAPER, PHOTO_EDGE, REFERENCE = "paper", "photo-edge", "reference"

Seconds = Callable[[SideRecord], float]
"""Takes a time from what is recorded of one side (SideRecord)."""


@dataclass(frozen=True)
class RatioRow:
    """A row of the table.

    Attributes:
        key: Its name for programs.
        bundle: That of editjudge.
        what: What is timed, in words.
        theirs: Seconds of the reference in each turn.
        mine: Seconds of editjudge in the same turns.
        goal: What the median ratio should reach.
    """

    key: str
    bundle: str
    what: str
    theirs: Sequence[float]
    mine: Sequence[float]
    goal: float | None = None

    @property
    def ratios(self) -> NDArray[np.float64]:
        return np.array(self.theirs) / np.array(self.mine)

    @property
    def figure(self) -> Figure:
        return Figure(self.key, f"{self.bundle}: {self.what}", float(np.median(self.ratios)), self.goal, unit=" x")


def figures(run: SideRecord) -> list[Figure]:
    """Median ratios with their goals, and the largest difference between sub-scores of the same models."""
    return [*(row.figure for row in _rows_with_goals(run)), *_largest_difference(run)]


def render_section(path: Path) -> str:
    """The section of RESULTS.md."""
    runs = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([TITLE, HEAD, *(line for name, run in runs.items() for line in _render_run(name, run))])


def _rows_with_goals(run: SideRecord) -> list[RatioRow]:
    goals = _goals(run["about"])
    return [replace(row, goal=goals.get(row.key)) for row in _rows(run["edits"], run["rankings"])]


def _rows(edits: list[SideRecord], rankings: list[SideRecord]) -> Iterator[RatioRow]:
    for name in (bundle for bundle in (PAPER, PHOTO_EDGE) if bundle in edits[0]):
        yield _row(name, "vision", "one edit, vision only", edits, _without_parse)
        # An edit that the small parser misread was another amount of work.
        understood = [record for record in edits if not record[name]["misread"]]
        small = "with the parse, editjudge's by Gemma 3 270M"
        if name == PAPER:
            if "paper_parse" in edits[-1][name]:  # it is measured last
                what = "one edit, with the parse, Gemma 2 9B in both"
                yield from _rows_by_kind(name, what, edits, _with_paper_parse)
            if understood:
                yield _row(name, "parse_small", small, understood, _with_parse)
        elif understood:
            yield from _rows_by_kind(name, f"one edit, {small}", understood, _with_parse)
        if rankings:
            what = f"ranking {rankings[0]['candidates']}, per candidate, vision only"
            yield _row(name, "rank", what, rankings, _without_parse)


def _rows_by_kind(name: str, what: str, edits: list[SideRecord], mine: Seconds) -> Iterator[RatioRow]:
    """All edits, and then each kind of them: they differ in how often the reference calls its language model."""
    yield _row(name, "parse", what, edits, _with_parse, mine=mine)
    for kind in dict.fromkeys(record["kind"] for record in edits):
        of_kind = [record for record in edits if record["kind"] == kind]
        calls = of_kind[0][REFERENCE]["calls"]["calls"]
        yield _row(name, f"parse_{kind}", f"of that, {kind}: {calls} calls", of_kind, _with_parse, mine=mine)


def _row(
    name: str, key: str, what: str, records: list[SideRecord], theirs: Seconds, *, mine: Seconds | None = None
) -> RatioRow:
    of_reference = [theirs(record[REFERENCE]) for record in records]
    return RatioRow(f"{name}_{key}", name, what, of_reference, [(mine or theirs)(record[name]) for record in records])


def _render_run(title: str, run: SideRecord) -> Iterator[str]:
    about, edits = run["about"], run["edits"]
    yield f"### {title}"
    yield ""
    yield f"Commit {about['commit']}, on {about['machine']}."
    yield f"Threads: {about['threads']}; boxes of a phrase: {about['boxes']}."
    yield ""
    yield "| editjudge | what | n | reference, s | editjudge, s | ratio, median | p10 to p90 | goal | |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---|"
    for row in _rows_with_goals(run):
        low, middle, high = np.percentile(row.ratios, [10, 50, 90])
        seconds = f"{np.median(row.theirs):.2f} | {np.median(row.mine):.2f}"
        goal = f"{row.figure.goal_text} | {row.figure.verdict}"
        spread = f"{middle:.2f} | {low:.2f} to {high:.2f}"
        yield f"| {row.bundle} | {row.what} | {len(row.mine)} | {seconds} | {spread} | {goal} |"
    yield ""
    for figure in _largest_difference(run):
        yield f"Largest difference of a sub-score, the models being the same: {figure.value:.1e} ({figure.verdict})."
    for name, count in _count_misread(edits).items():
        yield f"Of {name}'s {len(edits)} edits Gemma 3 270M misread {count}: other work, and left out where it parses."
    yield ""
    yield from _render_stages(edits)
    yield ""
    for kind, record in {record["kind"]: record for record in edits}.items():
        work = ", ".join(f"{what} {count}" for what, count in record[REFERENCE]["work"].items())
        calls = record[REFERENCE]["calls"]
        yield (
            f"* {kind}: {work}; calls {calls['calls']}, tokens read {calls['tokens_read']}, "
            f"written {calls['tokens_written']}."
        )
    yield ""


def _render_stages(edits: list[SideRecord]) -> Iterator[str]:
    names = [name for name in (REFERENCE, PAPER, PHOTO_EDGE) if name in edits[0]]
    yield f"| median seconds of an edit | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for stage in ("parse", *edits[0][REFERENCE]["stages"]):
        medians = [np.median([_stage(record[name], stage) for record in edits]) for name in names]
        yield f"| {stage} | {' | '.join(f'{median:.3f}' for median in medians)} |"


def _largest_difference(run: SideRecord) -> list[Figure]:
    """Of a sub-score, between the reference and editjudge with the same models; none where it had other models."""
    apart = [record[PAPER]["apart"] for what in ("edits", "rankings") for record in run[what] if PAPER in record]
    return [Figure("apart", "largest difference of a sub-score", max(apart), 1e-3, False)] if apart else []


def _count_misread(edits: list[SideRecord]) -> dict[str, int]:
    counts = {name: sum(record[name]["misread"] for record in edits if name in record) for name in (PAPER, PHOTO_EDGE)}
    return {name: count for name, count in counts.items() if count}


def _goals(about: SideRecord) -> dict[str, float]:
    """The median ratio that a row should reach, by its key."""
    if about["device"] == "cuda":
        return {"paper_vision": 1.3 if about["compiled"] else 6.0}
    return {"paper_vision": 2.0, "paper_parse": 10.0, "paper_rank": 4.0, "photo-edge_parse": 30.0}


def _without_parse(side: SideRecord) -> float:
    return side["vision"]


def _with_parse(side: SideRecord) -> float:
    return side["told"]


def _with_paper_parse(side: SideRecord) -> float:
    return side["vision"] + side["paper_parse"]


def _stage(side: SideRecord, stage: str) -> float:
    return side.get("paper_parse", side["parse"]) if stage == "parse" else side["stages"][stage]


if __name__ == "__main__":
    print(render_section(OUT))
