"""EditReward-Bench (TIGER-Lab/EditReward-Bench): pairs of candidates, and which one people prefer.

`ranking` is "A>B", "B>A" or "A=B"; where a pair is one of three or four candidates, `comparison_type` says which, as
in "BvsC", and the ranking uses those letters. The preferred candidate gets a `human` of 1, the other 0, equals 0.5.
"""

from __future__ import annotations

import re

from editjudge.datasets.format import DatasetFormat, Record

OF_CANDIDATE = re.compile(r"(.+)_([12])")


def _split(pair: Record) -> list[Record]:
    """One record per candidate, with its number and its own cells: candidate, model, score."""
    shared = {key: value for key, value in pair.items() if not OF_CANDIDATE.fullmatch(key)}
    preferences = _preferences(str(pair.get("ranking")), str(pair.get("comparison_type") or "AvsB"))
    records = []
    for number, preference in zip("12", preferences, strict=True):
        own = {match[1]: value for key, value in pair.items()
               if (match := OF_CANDIDATE.fullmatch(key)) and match[2] == number}  # fmt: skip
        picture = own.pop("candidate", None)
        records.append({**shared, **own, "candidate": int(number), "edited": picture, "preferred": preference})
    return records


def _preferences(ranking: str, compared: str) -> tuple[float | None, float | None]:
    """The preferences of the two candidates, that of the first of `compared` first; None for a ranking of others."""
    match = re.fullmatch(r"([A-D])([>=])([A-D])", ranking.replace(" ", ""))
    first, _, second = compared.partition("vs")
    if match is None or {match[1], match[3]} != {first, second}:
        return None, None
    if match[2] == "=":
        return 0.5, 0.5
    return (1.0, 0.0) if match[1] == first else (0.0, 1.0)


def _group(record: Record) -> object:
    """The pair: its own id, and where three or four candidates share one, which two it compares."""
    pair, compared = str(record["id"]), record.get("comparison_type")
    return pair if not compared or compared in pair else f"{pair}-{compared}"


FORM = DatasetFormat(
    name="editreward",
    known_by=frozenset({"id", "instruction", "source_image", "candidate_1", "candidate_2", "ranking"}),
    original="source_image",
    edited="edited",
    instruction="instruction",
    id=lambda record: f"{_group(record)}-{record['candidate']}",
    group=_group,
    human=lambda record: record["preferred"],
    split=_split,
    pieces=2,
    split_pictures=frozenset({"source_image", "candidate_1", "candidate_2"}),
)
