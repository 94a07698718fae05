"""The JSON files of BPM's authors: human alignment (`local_metadata.json`, `global_metadata.json`), ground truth test.

An entry has `instruction`, `source_image_path` and `edited_image1`, `edited_image2`, ..., each with `image_path` and,
in the first two files, `user_overall_quality` and ratings of components. Paths are relative to the file. The candidates
have the same order in all entries, as the authors' evaluation assumes: their numbers identify the editing models
(column `model`), and in the ground truth test the kinds of candidates (column `kind`).
"""

from __future__ import annotations

import re

from editjudge.datasets.format import DatasetFormat, Record

KINDS = ("modified", "preserved", "edited")
"""The candidates of the ground truth test, in their order."""
RATINGS = {"user_preservation": "human.preserve", "user_edit_quality": "human.modify"}
RATED = "user_overall_quality"
CANDIDATE = re.compile(r"edited_image(\d+)")


def _split(entry: Record) -> list[Record]:
    """One record per candidate, with its own cells and those of the entry."""
    numbers = {key: int(match[1]) for key in entry if (match := CANDIDATE.fullmatch(key))}
    shared = {key: value for key, value in entry.items() if key not in numbers}
    candidates = {numbers[key]: entry[key] if isinstance(entry[key], dict) else {} for key in numbers}
    is_test = sorted(candidates) == [1, 2, 3] and not any(RATED in candidate for candidate in candidates.values())
    records = []
    for number, candidate in sorted(candidates.items()):
        ratings = {column: candidate[rating] for rating, column in RATINGS.items() if rating in candidate}
        kind = {"kind": KINDS[number - 1]} if is_test else {}
        records.append({**shared, "model": str(number), **candidate, **ratings, **kind, "candidate": number})
    return records


def _group(record: Record) -> object:
    return record.get("index", record.get("idx", record.get("source_image_path")))


FORM = DatasetFormat(
    name="bpm",
    known_by=frozenset({"instruction", "source_image_path", "edited_image1"}),
    original="source_image_path",
    edited="image_path",
    instruction="instruction",
    id=lambda record: f"{_group(record)}-{record['candidate']}",
    group=_group,
    human=lambda record: record.get(RATED),
    split=_split,
    pieces=None,
)
