"""What raters are asked about: the inputs of a data set, each with its candidates."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editjudge.batch.picture_files import picture_states
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import ImageError, InputError, quote_value
from editjudge.image.decode import ImageSource
from editjudge.image.decoding.sources import find_file
from editjudge.study.design import StudyKind
from editjudge.study.pages import MASK_PREFIX, PicturePlace, read_source
from editjudge.utils.text import replace_surrogates, shorten


@dataclass(frozen=True)
class StudyCandidate:
    """A candidate: its row in the data set, counted from 0, the names that are exported, and what is shown of it.

    Attributes:
        picture: The edited picture, or the mask.
        original, edited: What the data set calls the pictures.
    """

    row: int
    id: str
    model: str
    picture: PicturePlace
    original: str | None = None
    edited: str | None = None


@dataclass(frozen=True)
class StudyItem:
    """An input with its candidates.

    Attributes:
        number: From 0.
        edited: The picture that the masks lie over, in a study of masks.
    """

    number: int
    group: str
    instruction: str
    original: PicturePlace
    candidates: tuple[StudyCandidate, ...]
    edited: PicturePlace | None = None


def read_items(dataset: Dataset, kind: StudyKind, model: str = "model") -> tuple[tuple[StudyItem, ...], str]:
    """The inputs of a data set, and a fingerprint of it with its pictures' sizes and times of change.

    Rows of one group are the candidates of one input; without a group, those of one original and one instruction. In a
    study of masks each row is an input, and its candidates are the masks that its columns mask_NAME name. Pictures are
    looked for and not opened.

    Args:
        model: The column with the name of the editor.

    Raises InputError for a row that lacks a picture or an instruction, for a group of several instructions or
    originals, and where there is nothing to compare.
    """
    digest = hashlib.sha256(dataset.fingerprint().encode())
    inputs: dict[tuple[str, ...], StudyItem] = {}
    originals: dict[tuple[str, ...], Path | bytes | None] = {}
    for row, sample in enumerate(dataset):
        columns = _find_columns(sample, kind, row)
        for column in columns:
            _check_picture(read_source(dataset, sample, column), column, row)
        instruction = _read_instruction(sample, row)
        digest.update(json.dumps([picture_states(sample), *_mask_states(dataset, sample, columns)]).encode())
        if kind == "masks":
            inputs[str(row),] = _read_masks(len(inputs), row, sample, instruction, columns)
            continue
        key = _key(row, sample, instruction)
        item = inputs.get(key) or StudyItem(len(inputs), key[0], instruction, PicturePlace(row, "original"), ())
        if item.instruction != instruction:
            raise InputError(
                f"row {row + 1} has another instruction than the rows before it of the group {quote_value(key[0])}; "
                "give each instruction a group of its own"
            )
        original = _identify(sample.original)
        if not _may_be_same(originals.setdefault(key, original), original):
            raise InputError(
                f"row {row + 1} has another original than the rows before it of the group {quote_value(key[0])}; give "
                "each original a group of its own"
            )
        candidate = StudyCandidate(
            row, sample.id, _name(sample.columns.get(model)), PicturePlace(row, "edited"), *_names(sample)
        )
        inputs[key] = replace(item, candidates=(*item.candidates, candidate))
    items = tuple(inputs.values())
    if kind == "prefer" and all(len(item.candidates) < 2 for item in items):
        raise InputError(
            f"{shorten(str(dataset.path))} has one candidate of every input, and a preference is between two; give "
            "the rows of one input the same group"
        )
    return items, digest.hexdigest()


def tell_left_out(items: Sequence[StudyItem], kind: StudyKind) -> str | None:
    """How many inputs a study of preferences does not show, and why; None where it shows all."""
    single = sum(len(item.candidates) < 2 for item in items) if kind == "prefer" else 0
    why = "having one candidate each, and a preference is between two"
    return f"{single} of {len(items)} inputs left out, {why}" if single else None


def _find_columns(sample: EditSample, kind: StudyKind, row: int) -> tuple[str, ...]:
    """The columns of pictures that the study shows. Raises InputError for a row that cannot be read."""
    if sample.problem is not None:
        raise InputError(f"row {row + 1}: {sample.problem}")
    if kind != "masks":
        return "original", "edited"
    masks = tuple(name for name in sample.columns if name.startswith(MASK_PREFIX))
    if not masks:
        raise InputError(f"row {row + 1} has no column {MASK_PREFIX}NAME that names a mask; add some")
    return "original", "edited", *masks


def _check_picture(source: ImageSource | None, column: str, row: int) -> None:
    """Raises InputError for a picture that is not there."""
    if source is None:
        raise InputError(f"row {row + 1} has no {column} picture; add it, or leave the row out")
    if not isinstance(source, str | os.PathLike) or str(source).lstrip()[:5].lower() == "data:":
        return
    try:
        is_there = find_file(os.fsdecode(source)).is_file()
    except (ImageError, OSError, ValueError) as error:
        raise InputError(f"row {row + 1}: the {column} picture cannot be found: {error}") from error
    if not is_there:
        raise InputError(f"row {row + 1}: the {column} picture {shorten(str(source))} does not exist; check the path")


def _identify(source: ImageSource | None) -> Path | bytes | None:
    """The file of a picture, or a hash of what is no file; None where neither is at hand."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest()
    if isinstance(source, str) and source.lstrip()[:5].lower() == "data:":
        return hashlib.sha256(source.encode()).digest()
    return find_file(os.fsdecode(source)) if isinstance(source, str | os.PathLike) else None


def _may_be_same(one: Path | bytes | None, other: Path | bytes | None) -> bool:
    """Whether two are one picture, as far as can be told; copies of a file are."""
    if isinstance(one, Path) and isinstance(other, Path):
        return one == other or filecmp.cmp(one, other, shallow=False)
    return one == other or type(one) is not type(other)


def _read_instruction(sample: EditSample, row: int) -> str:
    if sample.instruction is None:
        raise InputError(f"row {row + 1} has no instruction; add one, or leave the row out")
    return replace_surrogates(sample.instruction)


def _mask_states(dataset: Dataset, sample: EditSample, columns: tuple[str, ...]) -> Iterator[object]:
    """Of the files of masks, as of other pictures."""
    for column in columns[2:]:
        yield picture_states(EditSample(sample.id, original=read_source(dataset, sample, column)))


def _read_masks(number: int, row: int, sample: EditSample, instruction: str, columns: tuple[str, ...]) -> StudyItem:
    masks = tuple(
        StudyCandidate(
            row, f"{sample.id}:{column.removeprefix(MASK_PREFIX)}", column.removeprefix(MASK_PREFIX),
            PicturePlace(row, column), *_names(sample),
        )
        for column in columns[2:]
    )  # fmt: skip
    group = sample.group or sample.id
    return StudyItem(
        number, group, instruction, PicturePlace(row, "original"), masks, edited=PicturePlace(row, "edited")
    )


def _key(row: int, sample: EditSample, instruction: str) -> tuple[str, ...]:
    """Shared by the rows of one input, and never by those of others; the group's name first."""
    if sample.group is not None:
        return (sample.group,)
    name = sample.columns.get("original")
    return (f"{name}: {instruction}", "alike") if isinstance(name, str) and name else (sample.id, str(row))


def _names(sample: EditSample) -> tuple[str | None, str | None]:
    return _name(sample.columns.get("original")) or None, _name(sample.columns.get("edited")) or None


def _name(cell: object) -> str:
    return "" if cell is None else replace_surrogates(str(cell))
