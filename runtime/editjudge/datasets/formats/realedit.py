"""Real-Edit (Gstar666/RewardEdit): 80 photographs, seven instructions each; the edits are the user's.

`real_edit_instruct.json` is `{PICTURE: ["TYPE. ...: INSTRUCTION" x 7]}`: the type stands before the first full stop,
the instruction after the last colon with a space. Pictures lie beside the file, or in `Real-Edit` as the authors have
them. An edit by the third instruction for `12.jpg` has the id `12-3`; with `--edited` it is looked for under that name,
and under those of its type, as `12-Add`, `12_Add` or `Add/12`.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from editjudge.datasets.format import Broken, DatasetFormat, Record
from editjudge.datasets.readers.text import TEXTS
from editjudge.utils.text import shorten

FOLDER = "Real-Edit"


def _split(entry: Record) -> list[Record | Broken]:
    """A record for each instruction."""
    picture, texts = str(entry["key"]), entry.get(TEXTS)
    if not isinstance(texts, list) or not texts:
        problem = f"{shorten(picture)} has no list of texts; give each as 'Type. ...: instruction'"
        return [Broken(problem, {"key": picture})]
    return [_read_text(picture, number, text) for number, text in enumerate(texts, 1)]


def _read_text(picture: str, number: int, text: object) -> Record | Broken:
    known = {"key": picture, "number": number}
    kind, stop, _ = str(text).partition(".")
    _, colon, instruction = str(text).rpartition(": ")
    kind, instruction = kind.strip(), instruction.strip()
    if not isinstance(text, str) or not (stop and colon and kind and instruction) or ": " in kind:
        return Broken(f"text {number} of {shorten(picture)} is not of the form 'Type. ...: instruction'", known)
    return {**known, "original": picture, "instruction": instruction, "type": kind}


def _complete(record: Record, base: Path) -> Record:
    """With the original where it lies."""
    inside = f"{FOLDER}/{record['key']}"
    is_inside = (base / inside).is_file() and not (base / record["key"]).is_file()
    return {**record, "original": inside} if is_inside else record


def _result_names(record: Record) -> list[str]:
    stem, kind = _stem(record), record["type"]
    return [_id(record), f"{stem}-{kind}", f"{stem}_{kind}", f"{kind}/{stem}"]


def _id(record: Record) -> str:
    """Of the edit; of the picture where its texts are not known."""
    return f"{_stem(record)}-{record['number']}" if "number" in record else _stem(record)


def _stem(record: Record) -> str:
    return PurePosixPath(record["key"]).with_suffix("").as_posix()


FORM = DatasetFormat(
    name="realedit",
    known_by=frozenset({"key", TEXTS}),
    original="original",
    edited=None,
    instruction="instruction",
    id=_id,
    split=_split,
    pieces=None,
    result_names=_result_names,
    complete=_complete,
)
