"""The paper's experiments on rendered edits of known quality: BPM beside the metrics that it is compared with.

    python -m benchmarks.studio.experiments runs/studio --inputs 300

Writes scores.jsonl into the folder, which `editjudge evaluate` reads, a plot for each experiment, and pictures of the
inputs that BPM orders worst. The scenes are held out: they share neither seeds nor photographs with those that the
models were trained and calibrated on. The candidates are those that earlier figures are of; --all-kinds adds those at
the extremes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.studio.order import draw_strip, find_worst, print_table
from benchmarks.studio.table import measure_baselines, score_by, score_rows
from editjudge import EditIntent, Scorer
from editjudge.cli.console import console
from editjudge.evaluation import (
    EXPERIMENTS,
    EvaluationOptions,
    MetricColumn,
    Result,
    ScoreTable,
    read_scores,
    select_columns,
)
from editjudge.evaluation.plots import write_plot
from editjudge.evaluation.tables import render_result
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json
from studio.edits.candidates import TIERS
from studio.edits.edit import EDIT_KINDS
from studio.edits.edit_set import RenderedEdit, edit_set, rendered_edit
from studio.edits.ordering import USUAL_TIERS, score_set

SEED = 2025
PAPER = MetricColumn("bpm_paper", "metrics.bpm_paper", aspect="overall")
RELEASED = MetricColumn("bpm_released", "metrics.bpm_released", aspect="overall")
WITHOUT_HUMANS = ("ground-truth", "human-alignment", "components", "alpha-sweep")
"""The experiments in which known quality can stand in for human ratings."""


def score_inputs(options: argparse.Namespace) -> Path:
    """Writes the table of scores and the pictures of the worst inputs; returns the path of the table."""
    scorer = Scorer.load(options.bundle)

    def intent_of(edit: RenderedEdit) -> EditIntent:
        return scorer.parse(edit.instruction).intent if options.parse else edit.intent

    inputs, lines = [], []
    edits = progress(edit_set(options.seed, options.inputs), options.inputs, "scoring")
    tiers = TIERS if options.all_kinds else USUAL_TIERS
    for edit, scored in score_set(scorer, edits, intent_of, tiers):
        qualities, intent = list(scored.scores), scored.scores["well_done"].intent
        baselines = measure_baselines(scorer, edit, qualities)
        paper, released = (score_by(compat, scorer, edit, intent, qualities) for compat in ("paper", "released"))
        for quality, row in zip(qualities, score_rows(edit, scored), strict=True):
            others = {PAPER.column: paper[quality], RELEASED.column: released[quality]}
            lines.append(to_json({**row, **baselines[quality], **others}))
        inputs.append(scored)
    table = options.folder / "scores.jsonl"
    atomic_file.write(table, "".join(f"{line}\n" for line in lines))
    for rank, scored in enumerate(find_worst(inputs, options.worst), 1):
        strip = draw_strip(rendered_edit(options.seed, scored.index), scored)
        cv2.imwrite(str(options.folder / f"worst-{rank:02}-{scored.edit_type}-{scored.index}.png"), strip[..., ::-1])
    return table


def order_by_type(table: ScoreTable, metrics: Sequence[MetricColumn]) -> dict[str, dict[str, float]]:
    """By edit type, the share of pairs that each metric orders right."""
    kinds = set(table.labels("edit_type"))
    order = {}
    for kind in EDIT_KINDS:
        if kind in kinds:
            of_kind = table.where("edit_type", kind)
            result = EXPERIMENTS["human-alignment"](of_kind, metrics, EvaluationOptions(resamples=0))
            mean = result.grids["mean"]
            order[kind] = {name: mean.row(name)["all pairs"].value for name in mean.rows}
    return order


def summarise(results: dict[str, Result]) -> list[Figure]:
    """The figures of the experiments, with their goals."""
    ahead, order = results["ground-truth"].grids["ahead"], results["human-alignment"].grids["mean"]
    parts, alpha = results["components"].grids, results["alpha-sweep"].grids["alpha"]
    others = [name for name in order.rows if name not in ("bpm", PAPER.name, RELEASED.name)]
    won = {name: ahead.row(name)["share"].value for name in ahead.rows}
    right = {name: order.row(name)["all pairs"] for name in order.rows}
    rival, next_best = max(others, key=lambda name: won[name]), max(others, key=lambda name: right[name].value)
    sweep = {name: alpha.row(name)["mean over models"].value for name in alpha.rows}
    best = max(sweep, key=lambda name: sweep[name])
    return [
        Figure("ground_truth", "ground truth test: BPM likes the well done edit best", won["bpm"], 0.95),
        Figure("ground_truth_rival", f"  the best other metric, {rival}", won[rival]),
        Figure("ground_truth_paper", "  BPM by the paper's plain sum", won[PAPER.name]),
        Figure("ground_truth_released", "  BPM by the released code's rules", won[RELEASED.name]),
        Figure("order", "order of known quality: pairs that BPM orders right", right["bpm"].value),
        *_order_judged(results["human-alignment"]),
        Figure("order_low", "  lower end of its 95 % interval", right["bpm"].low),
        Figure("order_rival", f"  the best other metric, {next_best}", right[next_best].value),
        Figure("order_rival_high", "  upper end of its 95 % interval", right[next_best].high),
        Figure("order_paper", "  BPM by the paper's plain sum", right[PAPER.name].value),
        Figure("order_released", "  BPM by the released code's rules", right[RELEASED.name].value),
        Figure(
            "order_gap", "  from the upper end of every other's interval to the lower end of BPM's",
            right["bpm"].low - max(right[name].high for name in others), 0.0,
        ),
        Figure("preserve", "S_preserve orders pairs by damage", parts["preserve"].row("preserve")["all pairs"].value),
        Figure("modify", "S_modify orders pairs by the edit", parts["modify"].row("modify")["all pairs"].value),
        Figure("size", "S_size agrees with the geometry", parts["region"].row("size")["mean"].value),
        Figure("position", "S_position agrees with the geometry", parts["region"].row("position")["mean"].value),
        Figure("best_alpha", "alpha with the best order of the paper's sums", float(best)),
    ]  # fmt: skip


def _order_judged(result: Result) -> list[Figure]:
    """What BPM judges at all, and how well; nothing where that is all."""
    if "judged" not in result.grids:
        return []
    judged = result.grids["judged"].row("bpm")
    return [
        Figure("order_judged", "  of the pairs of which both have a number", judged["agreement on those"].value),
        Figure("judged", "  the share that these are of all", judged["pairs judged"].value),
    ]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=300)
    command_line.add_argument("--seed", type=int, default=SEED)
    command_line.add_argument("--all-kinds", action="store_true", help="also candidates at the extremes")
    command_line.add_argument("--parse", action="store_true", help="parse the instructions; else use the true intents")
    command_line.add_argument("--worst", type=int, default=10, help="of how many inputs to draw pictures")
    command_line.add_argument("--scores", type=Path, help="evaluate this table, and score nothing")
    options = command_line.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    table = read_scores(options.scores or score_inputs(options))
    metrics = (*select_columns(table), PAPER, RELEASED)
    results = {name: EXPERIMENTS[name](table, metrics, EvaluationOptions()) for name in WITHOUT_HUMANS}
    printer = console()
    for name, result in results.items():
        printer.rule(name)
        printer.print(render_result(printer, result))
        write_plot(options.folder / f"{name}.png", result)
    order = order_by_type(table, metrics)
    print_table("pairs ordered right by edit type", order)
    counts = {name: dict(result.used) for name, result in results.items()}
    show("studio experiments", summarise(results), seed=options.seed, parsed=options.parse, used=counts, order=order)


if __name__ == "__main__":
    main()
