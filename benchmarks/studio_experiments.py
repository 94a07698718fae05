"""The paper's experiments on rendered edits of known quality: BPM beside the metrics that it is compared with.

python benchmarks/studio_experiments.py runs/studio --inputs 300

Writes into the folder scores.jsonl, which `editjudge evaluate` reads, a plot per experiment, and pictures of the inputs
that BPM orders worst. The scenes are held out: they share neither seeds nor photographs with those that the models were
trained and calibrated on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2

from editjudge import EditIntent, Scorer, atomic
from editjudge.console import console
from editjudge.jsonable import to_json
from editjudge.protocols import PROTOCOLS, Measure, Options, Result, ScoreTable, chosen, read_scores
from editjudge.protocols.plot import write_plot
from editjudge.protocols.show import shown
from reporting import Figure, progress, show
from studio.edit_set import RenderedEdit, edit_set, rendered_edit
from studio.edits import EDIT_KINDS
from studio.ordering import score_set
from studio_order import picture, print_table, worst
from studio_table import baselines, released, rows

SEED = 2025
RELEASED = Measure("bpm_released", "metrics.bpm_released", aspect="overall")
EXPERIMENTS = ("ground-truth", "human-alignment", "components", "alpha-sweep")
"""Those in which known quality can take the place of humans."""


def score(asked: argparse.Namespace) -> Path:
    """Writes the table of scores and the pictures of the worst inputs; returns where the table is."""
    scorer = Scorer.load(asked.bundle)

    def intent_of(edit: RenderedEdit) -> EditIntent:
        return scorer.parse(edit.instruction) if asked.parse else edit.intent

    inputs, lines = [], []
    edits = progress(edit_set(asked.seed, asked.inputs), asked.inputs, "scoring")
    for edit, scored in score_set(scorer, edits, intent_of):
        others, theirs = baselines(scorer, edit), released(scorer, edit, scored.scores["well_done"].intent)
        for row in rows(edit, scored):
            lines.append(to_json({**row, **others[row["kind"]], RELEASED.column: theirs[row["kind"]]}))
        inputs.append(scored)
    table = asked.folder / "scores.jsonl"
    atomic.write(table, "".join(f"{line}\n" for line in lines))
    for place, one in enumerate(worst(inputs, asked.worst), 1):
        drawn = picture(rendered_edit(asked.seed, one.index), one)
        cv2.imwrite(str(asked.folder / f"worst-{place:02}-{one.edit_type}-{one.index}.png"), drawn[..., ::-1])
    return table


def by_type(table: ScoreTable, measures: Sequence[Measure]) -> dict[str, dict[str, float]]:
    """The share of pairs that each metric orders right, by edit type."""
    found = {}
    for kind in set(EDIT_KINDS) & set(table.labels("edit_type")):
        some = table.where("edit_type", kind)
        mean = PROTOCOLS["human-alignment"](some, measures, Options(resamples=0)).grids["mean"]
        found[kind] = {name: mean.row(name)["all pairs"].value for name in mean.rows}
    return {kind: found[kind] for kind in EDIT_KINDS if kind in found}


def figures(results: dict[str, Result]) -> list[Figure]:
    """What the experiments show, with the goals that were set."""
    liked, order = results["ground-truth"].grids["ahead"], results["human-alignment"].grids["mean"]
    parts, alpha = results["components"].grids, results["alpha-sweep"].grids["alpha"]
    others = [name for name in order.rows if name not in ("bpm", RELEASED.name)]
    won = {name: liked.row(name)["share"].value for name in liked.rows}
    right = {name: order.row(name)["all pairs"] for name in order.rows}
    rival, next_best = max(others, key=lambda name: won[name]), max(others, key=lambda name: right[name].value)
    sweep = {name: alpha.row(name)["mean over models"].value for name in alpha.rows}
    return [
        Figure("ground_truth", "ground truth test: BPM likes the well done edit best", won["bpm"], 0.95),
        Figure("ground_truth_rival", f"  the best other metric, {rival}", won[rival]),
        Figure("ground_truth_released", "  BPM by the released code's rules", won[RELEASED.name]),
        Figure("order", "order of known quality: pairs that BPM orders right", right["bpm"].value),
        Figure("order_low", "  lower end of its 95 % interval", right["bpm"].low),
        Figure("order_rival", f"  the best other metric, {next_best}", right[next_best].value),
        Figure("order_rival_high", "  upper end of its 95 % interval", right[next_best].high),
        Figure("order_released", "  BPM by the released code's rules", right[RELEASED.name].value),
        Figure(
            "order_gap", "  from the upper end of every other's interval to the lower end of BPM's",
            right["bpm"].low - max(right[name].high for name in others), 0.0,
        ),
        Figure("preserve", "S_preserve orders pairs by damage", parts["preserve"].row("preserve")["all pairs"].value),
        Figure("modify", "S_modify orders pairs by the edit", parts["modify"].row("modify")["all pairs"].value),
        Figure("size", "S_size agrees with the geometry", parts["region"].row("size")["mean"].value),
        Figure("position", "S_position agrees with the geometry", parts["region"].row("position")["mean"].value),
        Figure("best_alpha", "alpha with the best order", float(max(sweep, key=lambda name: sweep[name]))),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--inputs", type=int, default=300)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--parse", action="store_true", help="parse the instructions; else their true intents")
    options.add_argument("--worst", type=int, default=10, help="pictures of that many inputs")
    options.add_argument("--scores", type=Path, help="do not score; evaluate this table")
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = read_scores(asked.scores or score(asked))
    measures = (*chosen(table), RELEASED)
    results = {name: PROTOCOLS[name](table, measures, Options()) for name in EXPERIMENTS}
    printer = console()
    for name, result in results.items():
        printer.rule(name)
        printer.print(shown(printer, result))
        write_plot(asked.folder / f"{name}.png", result)
    kinds = by_type(table, measures)
    print_table("pairs ordered right by edit type", kinds)
    counts = {name: dict(result.used) for name, result in results.items()}
    show("studio experiments", figures(results), seed=asked.seed, parsed=asked.parse, used=counts, order=kinds)


if __name__ == "__main__":
    main()
