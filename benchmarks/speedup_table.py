"""What speedup.py measured, as figures with goals and as Markdown.

python benchmarks/speedup_table.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting import Figure

OUT = Path(__file__).resolve().parent / "data" / "speedup.json"
TITLE = "## Speed-up over the released recipe"
HEAD = """
`python benchmarks/speedup.py FOLDER`. The reference is what the paper's authors released, on transformers and PyTorch:
Grounding DINO and SAM picture by picture, CLIP crop by crop and text by text, four calls to a language model for an
edit of what is there and six for an add, with prompts as long as the released ones. Both sides have the same random
weights, pictures (photographs of scikit-image, 500 x 500), threads and number of boxes, take turns, and have seen no
instruction before. Ratios are of one turn each: the reference's time over editjudge's. The reference's language model
is Gemma 2 9B, the paper's, in 4 bit by llama.cpp. `photo-edge` parses with Gemma 3 270M and its adapter; `paper` with
the reference's model, by editjudge's prompts, timed after the rounds.
"""
PAPER, PHOTO_EDGE, REFERENCE = "paper", "photo-edge", "reference"
Seconds = Callable[[dict[str, Any]], float]


@dataclass(frozen=True)
class Row:
    """Seconds of either side in each turn. goal: of the median ratio."""

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


def rows(found: dict[str, Any]) -> list[Row]:
    goals = _goals(found["about"])
    return [replace(row, goal=goals.get(row.key)) for row in _rows(found["edits"], found["rankings"])]


def _rows(edits: list[dict[str, Any]], rankings: list[dict[str, Any]]) -> Iterator[Row]:
    for name in (each for each in (PAPER, PHOTO_EDGE) if each in edits[0]):
        yield _row(name, "vision", "one edit, vision only", edits, _vision)
        # What the small parser misread was another amount of work.
        told = [record for record in edits if not record[name]["misread"]]
        small = "with the parse, editjudge's by Gemma 3 270M"
        if name == PAPER:
            if "paper_parse" in edits[-1][name]:  # the last that is measured
                yield from _parsed(name, "one edit, with the parse, Gemma 2 9B in both", edits, _paper_told)
            if told:
                yield _row(name, "parse_small", small, told, _told)
        elif told:
            yield from _parsed(name, f"one edit, {small}", told, _told)
        if rankings:
            what = f"ranking {rankings[0]['candidates']}, per candidate, vision only"
            yield _row(name, "rank", what, rankings, _vision)


def _parsed(name: str, what: str, edits: list[dict[str, Any]], mine: Seconds) -> Iterator[Row]:
    """All edits, then each kind of them: they differ in how often the reference asks its language model."""
    yield _row(name, "parse", what, edits, _told, mine=mine)
    for kind in dict.fromkeys(record["kind"] for record in edits):
        of_kind = [record for record in edits if record["kind"] == kind]
        calls = of_kind[0][REFERENCE]["calls"]["calls"]
        yield _row(name, f"parse_{kind}", f"of that, {kind}: {calls} calls", of_kind, _told, mine=mine)


def figures(found: dict[str, Any]) -> list[Figure]:
    """Median ratios with their goals, and how far sub-scores of the same models were apart at most."""
    return [*(row.figure for row in rows(found)), *_furthest(found)]


def speedup(path: Path) -> str:
    """The section of RESULTS.md."""
    runs = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([TITLE, HEAD, *(line for name, found in runs.items() for line in _run(name, found))])


def _run(name: str, found: dict[str, Any]) -> Iterator[str]:
    about, edits = found["about"], found["edits"]
    yield f"### {name}"
    yield ""
    yield f"Commit {about['commit']}, on {about['machine']}."
    yield f"Threads: {about['threads']}; boxes of a phrase: {about['boxes']}."
    yield ""
    yield "| editjudge | what | n | reference, s | editjudge, s | ratio, median | p10 to p90 | goal | |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---|"
    for row in rows(found):
        low, middle, high = np.percentile(row.ratios, [10, 50, 90])
        seconds = f"{np.median(row.theirs):.2f} | {np.median(row.mine):.2f}"
        goal = f"{row.figure.goal_text} | {row.figure.verdict}"
        spread = f"{middle:.2f} | {low:.2f} to {high:.2f}"
        yield f"| {row.bundle} | {row.what} | {len(row.mine)} | {seconds} | {spread} | {goal} |"
    yield ""
    for figure in _furthest(found):
        yield f"Largest difference of a sub-score, the models being the same: {figure.value:.1e} ({figure.verdict})."
    for mine, count in _misread(edits).items():
        yield f"Of {mine}'s {len(edits)} edits Gemma 3 270M misread {count}: other work, and left out where it parses."
    yield ""
    yield from _stages(edits)
    yield ""
    for kind, record in {record["kind"]: record for record in edits}.items():
        work = ", ".join(f"{what} {count}" for what, count in record[REFERENCE]["work"].items())
        calls = record[REFERENCE]["calls"]
        yield (
            f"* {kind}: {work}; calls {calls['calls']}, tokens read {calls['tokens_read']}, "
            f"written {calls['tokens_written']}."
        )
    yield ""


def _stages(edits: list[dict[str, Any]]) -> Iterator[str]:
    names = [each for each in (REFERENCE, PAPER, PHOTO_EDGE) if each in edits[0]]
    yield f"| median seconds of an edit | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for stage in ("parse", *edits[0][REFERENCE]["stages"]):
        numbers = [
            np.median([_parse(record[name]) if stage == "parse" else record[name]["stages"][stage] for record in edits])
            for name in names
        ]
        yield f"| {stage} | {' | '.join(f'{number:.3f}' for number in numbers)} |"


def _furthest(found: dict[str, Any]) -> list[Figure]:
    apart = [record[PAPER]["apart"] for what in ("edits", "rankings") for record in found[what] if PAPER in record]
    return [Figure("apart", "largest difference of a sub-score", max(apart), 1e-3, False)] if apart else []


def _misread(edits: list[dict[str, Any]]) -> dict[str, int]:
    counts = {name: sum(record[name]["misread"] for record in edits if name in record) for name in (PAPER, PHOTO_EDGE)}
    return {name: count for name, count in counts.items() if count}


def _row(
    name: str,
    key: str,
    what: str,
    records: list[dict[str, Any]],
    theirs: Seconds,
    *,
    mine: Seconds | None = None,
) -> Row:
    seconds = [theirs(record[REFERENCE]) for record in records], [(mine or theirs)(record[name]) for record in records]
    return Row(f"{name}_{key}", name, what, *seconds)


def _goals(about: dict[str, Any]) -> dict[str, float]:
    """The median ratio that each row is to reach."""
    if about["device"] == "cuda":
        return {"paper_vision": 1.3 if about["compiled"] else 6.0}
    return {"paper_vision": 2.0, "paper_parse": 10.0, "paper_rank": 4.0, "photo-edge_parse": 30.0}


def _vision(side: dict[str, Any]) -> float:
    return side["vision"]


def _told(side: dict[str, Any]) -> float:
    return side["told"]


def _paper_told(side: dict[str, Any]) -> float:
    return side["vision"] + side["paper_parse"]


def _parse(side: dict[str, Any]) -> float:
    return side.get("paper_parse", side["parse"])


if __name__ == "__main__":
    print(speedup(OUT))
