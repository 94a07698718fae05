"""The JSON files of BPM's authors: human alignment (`local_metadata.json`, `global_metadata.json`), ground truth test.

An entry has `instruction`, `source_image_path` and `edited_image1`, `edited_image2`, ..., each with `image_path` and,
in the first two files, `user_overall_quality` and ratings of components. Paths are relative to the file. The candidates
stand in the same order in all entries: their numbers tell the editing models apart (column `model`), and in the ground
truth test what they are (column `kind`), which the authors' evaluation takes for granted.
"""

from __future__ import annotations

import re

from editjudge.datasets.form import Form, Record

KINDS = ("modified", "preserved", "edited")
"""The candidates of the ground truth test, in their order."""
RATINGS = {"user_preservation": "human.preserve", "user_edit_quality": "human.modify"}
RATED = "user_overall_quality"
CANDIDATE = re.compile(r"edited_image(\d+)")


def _split(entry: Record) -> list[Record]:
    """One record per candidate, which keeps what is said of it and of the entry."""
    found = {int(match[1]): entry[key] for key in entry if (match := CANDIDATE.fullmatch(key))}
    shared = {key: value for key, value in entry.items() if not CANDIDATE.fullmatch(key)}
    said = {candidate: each if isinstance(each, dict) else {} for candidate, each in sorted(found.items())}
    is_test = list(said) == [1, 2, 3] and not any(RATED in each for each in said.values())
    return [
        {
            **shared,
            "model": str(candidate),
            **each,
            **{column: each[rating] for rating, column in RATINGS.items() if rating in each},
            **({"kind": KINDS[candidate - 1]} if is_test else {}),
            "candidate": candidate,
        }
        for candidate, each in said.items()
    ]


def _group(record: Record) -> object:
    return record.get("index", record.get("idx", record.get("source_image_path")))


FORM = Form(
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
