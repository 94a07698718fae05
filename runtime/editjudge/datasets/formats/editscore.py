"""EditReward-Bench of EditScore (EditScore/EditReward-Bench): pairs of edits, of which people prefer the first.

Not the set of the same name that `editreward` reads. A pair is told apart in one `dimension`: prompt_following,
consistency or overall; `key` names its two edits, which occur in other pairs, too. The preferred one gets a `human` of
1, the other 0.
"""

from __future__ import annotations

from typing import Any

from editjudge.datasets.format import Broken, DatasetFormat, Record

OF_CANDIDATES = ("key", "output_images")
PROBLEM = "the pair has no list of two keys and one of two pictures; fetch the set again"


def _split(pair: Record) -> list[Record | Broken]:
    """One record per edit; the type of the edit stands under `type` as well, as in other sets."""
    shared = {name: value for name, value in pair.items() if name not in OF_CANDIDATES}
    keys, pictures = (pair.get(name) for name in OF_CANDIDATES)
    if not isinstance(keys, list) or len(keys) != 2:
        return [Broken(PROBLEM, shared)] * 2
    group = " ".join([*map(str, keys), str(pair.get("dimension"))])
    is_whole = isinstance(pictures, list) and len(pictures) == 2
    cells: list[Any] = pictures if isinstance(pictures, list) and is_whole else [None, None]
    records: list[Record] = [
        {
            **shared,
            "key": key,
            "type": pair.get("task_type"),
            "edited": picture,
            "pair": group,
            "candidate": number,
            "preferred": float(number == 1),
        }
        for number, key, picture in zip((1, 2), keys, cells, strict=True)
    ]
    return [record if is_whole else Broken(PROBLEM, record) for record in records]


FORM = DatasetFormat(
    name="editscore",
    known_by=frozenset({"key", "instruction", "input_image", "output_images", "dimension"}),
    original="input_image",
    edited="edited",
    instruction="instruction",
    id=lambda record: record["key"],
    group=lambda record: record["pair"],
    human=lambda record: record["preferred"],
    split=_split,
    pieces=2,
    split_pictures=frozenset({"input_image", "output_images"}),
)
