"""RewardEdit-20K (Gstar666/RewardEdit): what GPT-4o says of edits of InstructPix2Pix, from three sides each.

`RewardEdit_20K.json` is `{FOLDER: [{"Score": 0 to 5, "Negative Prompt": TEXT} x 3]}`, in the order following,
preserving, quality. The folders are those of InstructPix2Pix's clip-filtered set, beside the file, in `train` or as the
authors' loader has them in `pix2pix-clip-filtered-hf/train`: `SEED_0.jpg` is the original, `SEED_1.jpg` the edit, and
`prompt.json` has the instruction as `edit`. The file does not name the seed, so a folder must hold one pair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from editjudge.datasets.cells import SUFFIXES
from editjudge.datasets.format import Broken, DatasetFormat, Record
from editjudge.datasets.readers.text import OBJECTS, parse_json
from editjudge.datasets.readers.text_file import read_whole
from editjudge.errors import InputError, quote_value
from editjudge.utils.arguments import number
from editjudge.utils.text import shorten

SIDES = ("following", "preserving", "quality")
SCORE, TEXT = "Score", "Negative Prompt"
NOTHING = "None"
"""The text where nothing is wrong; here and there it is spelt otherwise."""
PLACES = ("", "train", "pix2pix-clip-filtered-hf/train")
ORIGINAL = re.compile(rf"(.+)_0({'|'.join(map(re.escape, SUFFIXES))})", re.IGNORECASE)
IN_RANGE = number(0, 5)


def _split(entry: Record) -> list[Record | Broken]:
    """The entry with its scores and texts by side."""
    folder, said = str(entry["key"]), entry.get(OBJECTS)
    record: Record = {"key": folder}
    if not isinstance(said, list) or len(said) != len(SIDES) or not all(isinstance(one, dict) for one in said):
        problem = f"{shorten(folder)} has no list of three objects; give one each for {', '.join(SIDES)}"
        return [Broken(problem, record)]
    problems = []
    for side, one in zip(SIDES, said, strict=True):
        for column, read in (("human", _read_score), ("feedback", _read_text)):
            try:
                record[f"{column}.{side}"] = read(folder, side, one)
            except InputError as error:
                problems.append(str(error))
    return [Broken(problems[0], record) if problems else record]


def _read_score(folder: str, side: str, said: Mapping[str, Any]) -> float:
    score = said.get(SCORE)
    if not IN_RANGE.holds(score):
        raise InputError(f"{shorten(folder)} has {quote_value(score)} for {SCORE} of {side}; give {IN_RANGE.wanted}")
    return float(score)  # type: ignore[arg-type]


def _read_text(folder: str, side: str, said: Mapping[str, Any]) -> str:
    text = said.get(TEXT)
    if not isinstance(text, str) or not text.strip():
        wanted = f'give what is wrong, or "{NOTHING}"'
        raise InputError(f"{shorten(folder)} has {quote_value(text)} for {TEXT} of {side}; {wanted}")
    return NOTHING if text.strip(" .'\"\n").lower() == NOTHING.lower() else text.strip()


def _complete(record: Record, base: Path) -> Record:
    """With the pictures and the instruction of its folder."""
    places = [PurePosixPath(place, record["key"]) for place in PLACES]
    place = next((place for place in places if (base / place).is_dir()), None)
    if place is None:
        raise InputError(f"there is no folder {shorten(str(base / places[0]))}; put InstructPix2Pix's beside the file")
    folder = base / place
    originals = [match for file in sorted(folder.iterdir()) if (match := ORIGINAL.fullmatch(file.name))]
    if len(originals) != 1:
        held = f"holds {len(originals)} pairs" if originals else f"has no SEED_0{SUFFIXES[1]}"
        raise InputError(f"{shorten(str(folder))} {held}; leave there the one pair that was scored")
    original, seed = originals[0][0], originals[0][1]
    edited = next((f"{seed}_1{suffix}" for suffix in SUFFIXES if (folder / f"{seed}_1{suffix}").is_file()), None)
    pictures = {"original": str(place / original), "edited": edited and str(place / edited)}
    return {**record, **pictures, "instruction": _read_instruction(folder / "prompt.json")}


def _read_instruction(path: Path) -> str:
    name = shorten(str(path))
    try:
        content = parse_json(read_whole(path))
    except OSError as error:
        raise InputError(f"cannot read {name}: {(error.strerror or str(error)).lower()}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON ({error}); fetch it again") from error
    instruction = content.get("edit") if isinstance(content, dict) else None
    if not isinstance(instruction, str):
        raise InputError(f"{name} has {quote_value(instruction)} for edit; give the instruction as a text")
    return instruction


FORM = DatasetFormat(
    name="rewardedit",
    known_by=frozenset({"key", OBJECTS}),
    original="original",
    edited="edited",
    instruction="instruction",
    id=lambda record: record["key"],
    split=_split,
    complete=_complete,
)
