"""Does the score order edits of known quality as it should? On held-out scenes that the studio renders.

python -m benchmarks.studio.order --bundle studio --inputs 200
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.common.reporting import WIDTH, Figure, progress, share, show
from editjudge import EditIntent, EditScore, Scorer
from studio.edits.edit import EDIT_KINDS
from studio.edits.edit_set import RenderedEdit, edit_set
from studio.edits.ordering import (
    USUAL_TIERS,
    ScoredInput,
    agreement,
    agreement_by_pair,
    ground_truth,
    pairs,
    score_set,
    scores_more,
    share_unjudged,
)

SEED = 2024
NOT_FOUND = ("source_not_found", "target_not_found", "anchor_not_found")


def summarise(inputs: list[ScoredInput]) -> list[Figure]:
    """Both tests, of all edits and of local ones alone; the order of the usual candidates, and of all.

    The order is that of a ranking, in which what the pictures show decides where numbers do not.
    """
    scores = [scored.scores for scored in inputs]
    local = [scored.scores for scored in inputs if scored.edit_type != "style"]
    return [
        Figure("ground_truth", "ground truth test: well done beats noise and regeneration", ground_truth(scores), 0.90),
        Figure("ground_truth_local", "  of that, local edits", ground_truth(local)),
        Figure("order", "order of known quality: pairs ordered right", agreement(scores, USUAL_TIERS), 0.85),
        Figure("order_local", "  of that, local edits", agreement(local, USUAL_TIERS)),
        Figure("order_number", "  by their numbers alone", agreement(scores, USUAL_TIERS, scores_more)),
        Figure("order_all", "order of all kinds, also too strong, contrary and drifted", agreement(scores), 0.96),
        Figure("order_all_local", "  of that, local edits", agreement(local)),
        Figure("order_all_number", "  by their numbers alone", agreement(scores, better=scores_more)),
        Figure("unjudged", "pairs of all kinds of which one or both have no number", share_unjudged(scores)),
    ]


def summarise_by_type(inputs: list[ScoredInput]) -> dict[str, dict[str, float]]:
    """By edit type: both tests, and how often everything was found in the well done edit."""
    table = {}
    for kind in EDIT_KINDS:
        of_kind = [scored for scored in inputs if scored.edit_type == kind]
        if of_kind:
            found = [not set(NOT_FOUND) & set(scored.scores["well_done"].flags) for scored in of_kind]
            scores = [scored.scores for scored in of_kind]
            table[kind] = {
                "ground_truth": ground_truth(scores),
                "order": agreement(scores, USUAL_TIERS),
                "order of all": agreement(scores),
                "found": share(found),
            }
    return table


def average_parts(inputs: list[ScoredInput]) -> dict[str, dict[str, float]]:
    """By quality, the mean of the score and of each of its parts, where it was measured."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for scored in inputs:
        for quality, score in scored.scores.items():
            semantic, region = score.semantic, score.region
            parts = {"bpm": score.bpm, "modify": semantic.modify, "preserve": semantic.preserve}
            parts |= {"modify_raw": semantic.modify_raw, "preserve_raw": semantic.preserve_raw}
            parts |= {"position": region.position, "size": region.size}
            for name, value in parts.items():
                if value is not None:
                    values[quality][name].append(value)
    return {
        quality: {name: float(np.mean(numbers)) for name, numbers in parts.items()} for quality, parts in values.items()
    }


def print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = Table(title=title, title_justify="left")
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[column]:.3f}" if column in row else "" for column in columns))
    Console(width=WIDTH).print(table)


def find_worst(inputs: list[ScoredInput], count: int) -> list[ScoredInput]:
    """The inputs with the most pairs ordered wrong; of equals, those with the widest margins first."""

    def loss(scored: ScoredInput) -> float:
        wrong = [(better, worse) for better, worse, right in pairs(scored.scores) if not right]
        return sum(1 + _margin(scored.scores[worse], scored.scores[better]) for better, worse in wrong)

    return sorted((scored for scored in inputs if loss(scored)), key=loss, reverse=True)[:count]


def _margin(one: EditScore, other: EditScore) -> float:
    """How much more the one scores; nothing where that is not known."""
    return 0.0 if one.bpm is None or other.bpm is None else one.bpm - other.bpm


def draw_strip(edit: RenderedEdit, scored: ScoredInput, side: int = 240) -> np.ndarray:
    """The original and its candidates in a row, each with what was found in it and the parts of its score below.

    uint8[side + 72, side * pictures, 3] RGB.
    """
    caption = ["original", edit.edit_type, edit.instruction[:34], edit.instruction[34:]]
    tiles = [_draw_tile(edit.original, caption, side)]
    for quality, score in scored.scores.items():
        marked = edit.candidates[quality].copy()
        for found in (*score.regions.get("original", ()), *score.regions.get("edited", ())):
            x0, y0, x1, y1 = (round(value) for value in found.box)
            cv2.rectangle(marked, (x0, y0), (x1, y1), (255, 0, 255), 1)
        semantic, region = score.semantic, score.region
        lines = [
            f"{quality} {_format(score.bpm)}",
            f"modify {_format(semantic.modify)} ({_format(semantic.modify_raw)})",
            f"preserve {_format(semantic.preserve)} ({_format(semantic.preserve_raw)})",
            f"position {_format(region.position)} size {_format(region.size)} {' '.join(score.flags)}"[:44],
        ]
        tiles.append(_draw_tile(marked, lines, side))
    return np.hstack(tiles)


def _format(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _draw_tile(image: np.ndarray, lines: list[str], side: int) -> np.ndarray:
    text = np.full((72, side, 3), 255, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(text, line, (3, 14 + 17 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), text])


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=200)
    command_line.add_argument("--seed", type=int, default=SEED)
    command_line.add_argument("--parse", action="store_true", help="parse the instructions; else use the true intents")
    command_line.add_argument("--pictures", type=Path, help="folder for pictures of the worst inputs")
    command_line.add_argument("--worst", type=int, default=10, help="how many of them")
    command_line.add_argument(
        "--details", action="store_true", help="also print the mean parts of the score by edit type"
    )
    options = command_line.parse_args()
    scorer = Scorer.load(options.bundle)

    understood: list[bool] = []

    def intent_of(edit: RenderedEdit) -> EditIntent:
        if not options.parse:
            return edit.intent
        understood.append(False)
        intent = scorer.parse(edit.instruction).intent
        understood[-1] = intent == edit.intent
        return intent

    edits = progress(edit_set(options.seed, options.inputs), options.inputs, "scoring")
    inputs = [scored for _, scored in score_set(scorer, edits, intent_of)]
    by_type = summarise_by_type(inputs)
    by_pair = {" > ".join(pair): right for pair, right in agreement_by_pair(one.scores for one in inputs).items()}
    print_table("by edit type", by_type)
    print_table("by pair", {pair: {"right": right} for pair, right in by_pair.items()})
    print_table("means of the parts", average_parts(inputs))
    if options.details:
        for kind in by_type:
            of_kind = [scored for scored in inputs if scored.edit_type == kind]
            print_table(f"means of the parts, {kind}", average_parts(of_kind))
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        worst = {scored.index: scored for scored in find_worst(inputs, options.worst)}
        for index, edit in enumerate(edit_set(options.seed, options.inputs)):
            if index in worst:
                path = options.pictures / f"{edit.edit_type}-{index}.png"
                cv2.imwrite(str(path), draw_strip(edit, worst[index])[..., ::-1])
    figures = summarise(inputs)
    if options.parse:
        figures.append(Figure("understood", "instructions parsed exactly right", share(understood)))
    show(
        "order of known quality",
        figures,
        inputs=len(inputs),
        seed=options.seed,
        parsed=options.parse,
        by_type=by_type,
        by_pair={pair: {"ordered right": right} for pair, right in by_pair.items()},
    )


if __name__ == "__main__":
    main()
