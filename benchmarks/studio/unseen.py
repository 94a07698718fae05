"""Is the good candidate ranked best before backgrounds of a kind that no model was trained on? By edit type.

python -m benchmarks.studio.unseen --bundle studio --inputs 40
"""

from __future__ import annotations

import argparse

from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import Scorer
from studio.edits.candidates import TIERS
from studio.edits.edit import EDIT_KINDS
from studio.edits.edit_set import rendered_edit
from studio.edits.ordering import score_set
from studio.renderer.patterns import PATTERNS_HELD_OUT

SEED = 2026
GOAL = 0.90


def is_best(scores: dict[str, float | None], below: int = TIERS["well_done"]) -> bool:
    """Whether the well done edit has a higher number than any other candidate of a tier below the given one."""
    good = scores["well_done"]
    return good is not None and all(
        other is None or other < good for quality, other in scores.items() if TIERS[quality] < below
    )


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--inputs", type=int, default=40, help="of each edit type")
    command_line.add_argument("--seed", type=int, default=SEED)
    options = command_line.parse_args()
    scorer = Scorer.load(options.bundle)
    count = options.inputs * len(EDIT_KINDS)
    backgrounds = tuple(PATTERNS_HELD_OUT)
    edits = (rendered_edit(options.seed, index, backgrounds=backgrounds) for index in range(count))
    won: dict[str, list[bool]] = {kind: [] for kind in EDIT_KINDS}
    above: dict[str, list[bool]] = {kind: [] for kind in EDIT_KINDS}
    judged: dict[str, list[bool]] = {kind: [] for kind in EDIT_KINDS}
    for _, scored in score_set(scorer, progress(edits, count, "scoring"), lambda edit: edit.intent):
        numbers = {quality: score.bpm for quality, score in scored.scores.items()}
        won[scored.edit_type].append(is_best(numbers))
        above[scored.edit_type].append(is_best(numbers, below=1))
        judged[scored.edit_type].append(numbers["well_done"] is not None)
    figures = [Figure(f"best_{kind}", f"{kind}: the good candidate is best", share(won[kind]), GOAL) for kind in won]
    by_type = {
        kind: {
            "best": share(won[kind]),
            "above all that was not done": share(above[kind]),
            "with a number": share(judged[kind]),
        }
        for kind in won
    }
    show("backgrounds of kinds never trained on", figures, inputs=count, seed=options.seed, by_type=by_type)


if __name__ == "__main__":
    main()
