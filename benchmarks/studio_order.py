"""Does the score order edits of known quality as it should? On held-out scenes that the studio renders.

python benchmarks/studio_order.py --bundle studio --inputs 200
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from editjudge import EditIntent, Scorer
from reporting import WIDTH, Figure, progress, share, show
from studio.edit_set import RenderedEdit, edit_set
from studio.edits import EDIT_KINDS
from studio.ordering import Scored, agreement, agreement_by_pair, ground_truth, pairs, score_set

SEED = 2024
LOST = ("source_not_found", "target_not_found", "anchor_not_found")


def figures(inputs: list[Scored]) -> list[Figure]:
    bpms = [one.bpm for one in inputs]
    local = [one.bpm for one in inputs if one.edit_type != "style"]
    return [
        Figure("ground_truth", "ground truth test: well done beats noise and regeneration", ground_truth(bpms), 0.90),
        Figure("ground_truth_local", "  of that, local edits", ground_truth(local)),
        Figure("order", "order of known quality: pairs ordered right", agreement(bpms), 0.85),
        Figure("order_local", "  of that, local edits", agreement(local)),
    ]


def by_type(inputs: list[Scored]) -> dict[str, dict[str, float]]:
    """Per edit type: both tests, and how often everything was found in the well done edit."""
    table = {}
    for kind in EDIT_KINDS:
        chosen = [one for one in inputs if one.edit_type == kind]
        if chosen:
            found = [not set(LOST) & set(one.scores["well_done"].flags) for one in chosen]
            bpms = [one.bpm for one in chosen]
            table[kind] = {"ground_truth": ground_truth(bpms), "order": agreement(bpms), "found": share(found)}
    return table


def mean_parts(inputs: list[Scored]) -> dict[str, dict[str, float]]:
    """Per quality, the mean of the score and of each of its parts."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in inputs:
        for quality, score in one.scores.items():
            semantic, region = score.semantic, score.region
            parts = {"bpm": score.bpm, "modify": semantic.modify, "preserve": semantic.preserve}
            parts |= {"modify_raw": semantic.modify_raw, "preserve_raw": semantic.preserve_raw}
            parts |= {"position": region.position, "size": region.size}
            for name, value in parts.items():
                if value is not None:
                    found[quality][name].append(value)
    return {quality: {name: float(np.mean(each)) for name, each in parts.items()} for quality, parts in found.items()}


def print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = Table(title=title, title_justify="left")
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[column]:.3f}" if column in row else "" for column in columns))
    Console(width=WIDTH).print(table)


def worst(inputs: list[Scored], count: int) -> list[Scored]:
    """The inputs with the most pairs ordered wrong, those of the widest margin first."""

    def loss(one: Scored) -> float:
        return sum(1 + one.bpm[bad] - one.bpm[good] for good, bad, right in pairs(one.bpm) if not right)

    return sorted((one for one in inputs if loss(one)), key=loss, reverse=True)[:count]


def picture(edit: RenderedEdit, scored: Scored, side: int = 240) -> np.ndarray:
    """A strip of the original and its candidates, with what was found and the parts of the score under each."""
    tiles = [_tile(edit.original, ["original", edit.edit_type, edit.instruction[:34], edit.instruction[34:]], side)]
    for quality, image in edit.candidates.items():
        score, shown = scored.scores[quality], image.copy()
        for found in (*score.regions.get("original", ()), *score.regions.get("edited", ())):
            x0, y0, x1, y1 = (round(value) for value in found.box)
            cv2.rectangle(shown, (x0, y0), (x1, y1), (255, 0, 255), 1)
        semantic, region = score.semantic, score.region
        lines = [
            f"{quality} {score.bpm:.2f}",
            f"modify {_number(semantic.modify)} ({_number(semantic.modify_raw)})",
            f"preserve {_number(semantic.preserve)} ({_number(semantic.preserve_raw)})",
            f"position {_number(region.position)} size {_number(region.size)} {' '.join(score.flags)}"[:44],
        ]
        tiles.append(_tile(shown, lines, side))
    return np.hstack(tiles)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _tile(image: np.ndarray, lines: list[str], side: int) -> np.ndarray:
    text = np.full((72, side, 3), 255, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(text, line, (3, 14 + 17 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), text])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--parse", action="store_true", help="parse the instructions; else their true intents")
    options.add_argument("--pictures", type=Path, help="folder for pictures of the worst inputs")
    options.add_argument("--worst", type=int, default=10, help="how many of them")
    options.add_argument("--details", action="store_true", help="print the mean parts of the score per edit type, too")
    asked = options.parse_args()
    scorer = Scorer.load(asked.bundle)

    understood: list[bool] = []

    def intent_of(edit: RenderedEdit) -> EditIntent:
        if not asked.parse:
            return edit.intent
        understood.append(False)
        intent = scorer.parse(edit.instruction)
        understood[-1] = intent == edit.intent
        return intent

    edits = progress(edit_set(asked.seed, asked.inputs), asked.inputs, "scoring")
    inputs = [scored for _, scored in score_set(scorer, edits, intent_of)]
    kinds, quality_pairs = by_type(inputs), agreement_by_pair(one.bpm for one in inputs)
    print_table("by edit type", kinds)
    print_table("by pair", {" > ".join(pair): {"right": right} for pair, right in quality_pairs.items()})
    print_table("means of the parts", mean_parts(inputs))
    if asked.details:
        for kind in kinds:
            print_table(f"means of the parts, {kind}", mean_parts([one for one in inputs if one.edit_type == kind]))
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
        wanted = {one.index: one for one in worst(inputs, asked.worst)}
        for index, edit in enumerate(edit_set(asked.seed, asked.inputs)):
            if index in wanted:
                path = asked.pictures / f"{edit.edit_type}-{index}.png"
                cv2.imwrite(str(path), picture(edit, wanted[index])[..., ::-1])
    measured = figures(inputs)
    if asked.parse:
        measured.append(Figure("understood", "instructions parsed exactly right", share(understood)))
    show(
        "order of known quality",
        measured,
        inputs=len(inputs),
        seed=asked.seed,
        parsed=asked.parse,
        by_type=kinds,
        by_pair={" > ".join(pair): {"ordered right": right} for pair, right in quality_pairs.items()},
    )


if __name__ == "__main__":
    main()
