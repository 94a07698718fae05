"""What `speedup.compare` measured, as figures with goals and as Markdown.

python -m benchmarks.speedup.table
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common.paths import DATA
from benchmarks.common.reporting import Figure
from benchmarks.speedup.record import SideRecord
from benchmarks.speedup.rows import PAPER, PHOTO_LITE, REFERENCE, list_rows, list_sides

OUT = DATA / "speedup.json"
TITLE = "## Speed-up over the released recipe"
HEAD = """
`python -m benchmarks.speedup.compare FOLDER`. The reference is what the paper's authors released, on transformers and
PyTorch: Grounding DINO and SAM picture by picture, CLIP crop by crop and text by text, four calls to a language model
for an edit of what is there and six for an add, with prompts as long as the released ones. Both sides have the same
random weights, pictures (photographs of scikit-image, 500 x 500), threads and number of boxes, take turns, and have
seen no instruction before. Ratios are of one turn each: the reference's time over editjudge's. The reference's language
model is Gemma 2 9B, the paper's, in 4 bit by llama.cpp. `photo-edge` and `photo-lite` parse with Gemma 3 270M and its
adapter; `paper` with the reference's model, by editjudge's prompts, timed after the rounds. Of local edits a tenth of
the picture changed and nothing else; `local` rows are by editjudge's own rules, which look only where it changed: its
models run as for anyone, and what random weights find is then replaced by what the edit shows.
"""


def figures(run: SideRecord) -> list[Figure]:
    """Median ratios and seconds with their goals, and the largest difference between sub-scores of the same models."""
    return [*(row.figure for row in list_rows(run)), *_list_seconds(run), *_largest_difference(run)]


def render_section(path: Path) -> str:
    """The section of RESULTS.md."""
    runs = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([TITLE, HEAD, *(line for name, run in runs.items() for line in _render_run(name, run))])


def _render_run(title: str, run: SideRecord) -> Iterator[str]:
    about, edits = run["about"], run["edits"]
    yield f"### {title}"
    yield ""
    yield f"Commit {about['commit']}, on {about['machine']}."
    yield f"Threads: {about['threads']}; boxes of a phrase: {about['boxes']}."
    yield ""
    yield "| editjudge | what | n | reference, s | editjudge, s | ratio, median | p10 to p90 | goal | |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---|"
    for row in list_rows(run):
        low, middle, high = np.percentile(row.ratios, [10, 50, 90])
        seconds = f"{np.median(row.theirs):.2f} | {np.median(row.mine):.2f}"
        goal = f"{row.figure.goal_text} | {row.figure.verdict}"
        spread = f"{middle:.2f} | {low:.2f} to {high:.2f}"
        yield f"| {row.bundle} | {row.what} | {len(row.mine)} | {seconds} | {spread} | {goal} |"
    yield ""
    for figure in _list_seconds(run):
        yield f"* {figure.what}: {figure.value:.2f} s ({figure.goal_text}: {figure.verdict})."
    for name, shares in _list_shares(edits).items():
        spread = f"{min(shares):.2f} to {max(shares):.2f}"
        yield f"* {name}: of an edited picture {np.mean(shares):.2f} was looked at ({spread})."
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
    names = [REFERENCE, *list_sides(edits[0])]
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
    counts = {name: sum(record[name]["misread"] for record in edits) for name in list_sides(edits[0])}
    return {name: count for name, count in counts.items() if count}


def _list_seconds(run: SideRecord) -> list[Figure]:
    """What an edit and a further candidate take on the lightest bundle, where they were local."""
    name, found = f"{PHOTO_LITE} local", []
    understood = [record[name] for record in run["edits"] if name in record and not record[name]["misread"]]
    if understood:
        seconds = float(np.median([side["told"] for side in understood]))
        found.append(Figure("lite_seconds", f"{name}, a fresh edit with the parse", seconds, 1.2, False, " s"))
    if run["rankings"] and name in run["rankings"][0]:
        seconds = float(np.median([record[name]["further"] for record in run["rankings"]]))
        found.append(Figure("lite_further_seconds", f"{name}, a further candidate", seconds, 0.35, False, " s"))
    return found


def _list_shares(edits: list[SideRecord]) -> dict[str, list[float]]:
    """What of edited pictures was looked at, in each edit, by the sides that looked where they changed."""
    looks = {name: [record[name].get("looked_at") for record in edits] for name in list_sides(edits[0])}
    return {
        name: [look["share"] for look in every]
        for name, every in looks.items()
        if all(look is not None and look["reason"] is None for look in every)
    }


def _stage(side: SideRecord, stage: str) -> float:
    return side.get("paper_parse", side["parse"]) if stage == "parse" else side["stages"][stage]


if __name__ == "__main__":
    print(render_section(OUT))
