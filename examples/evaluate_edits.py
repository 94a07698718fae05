"""Means of BPM and its parts over the edits that a CSV lists, with evaluate: columns original, edited, instruction.

python examples/evaluate_edits.py edits.csv photo-edge
"""

import csv
import sys
from pathlib import Path

import evaluate

from editjudge_integrations.evaluate_modules import EDIT_BPM


def main(table: str, bundle: str = "studio") -> None:
    metric = evaluate.load(EDIT_BPM)
    with Path(table).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            metric.add(originals=row["original"], edited=row["edited"], instructions=row["instruction"])
    print(metric.compute(bundle=bundle))


if __name__ == "__main__":
    main(*sys.argv[1:])
