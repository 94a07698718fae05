"""The JSON files of BPM's authors: human alignment (`local_metadata.json`, `global_metadata.json`), ground truth test.

An entry has `instruction`, `source_image_path` and `edited_image1`, `edited_image2`, ..., each with `image_path` and,
in the first two files, `user_overall_quality` and ratings of components. Paths are relative to the file.
"""

from __future__ import annotations

import re

from editjudge.datasets.form import Form, Record

CANDIDATE = re.compile(r"edited_image(\d+)")


def _split(entry: Record) -> list[Record]:
    """One record per candidate, which keeps what is said of it and gets its number."""
    found = {int(match[1]): entry[key] for key in entry if (match := CANDIDATE.fullmatch(key))}
    shared = {key: value for key, value in entry.items() if not CANDIDATE.fullmatch(key)}
    return [
        {**shared, **(said if isinstance(said, dict) else {}), "candidate": candidate}
        for candidate, said in sorted(found.items())
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
    human=lambda record: record.get("user_overall_quality"),
    split=_split,
    pieces=None,
)
