"""Means of BPM and its parts over the edits that a CSV lists, with torchmetrics: columns original, edited, instruction.

python examples/edit_metrics.py edits.csv photo-edge
"""

import csv
import sys
from pathlib import Path

from editjudge_integrations.edit_metric import bpm_and_parts
from editjudge_integrations.kept_scorers import ScorerOptions


def main(table: str, bundle: str = "studio") -> None:
    metrics = bpm_and_parts(ScorerOptions(bundle))
    with Path(table).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            metrics.update([row["original"]], [row["edited"]], [row["instruction"]])
    for part, mean in metrics.compute().items():
        print(f"{part} {mean:.3f}, not measured: {metrics[part].unmeasured}")


if __name__ == "__main__":
    main(*sys.argv[1:])
