"""The edits of a data set as vectors, some at a time: what cannot be read is told, and takes nothing else along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from editjudge.batch.picture_files import PictureState, picture_states
from editjudge.batch.worker import OF_THE_MACHINE
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import BundleError, DeviceError, EditJudgeError
from editjudge.image.vectors import Vector
from editjudge.metrics.pair.embed import embed_edits
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EditPictures, open_pair_encoder
from editjudge.utils.oom import convert_memory_errors

TOGETHER = 8
"""Rows that go through the models together, in the frame."""


class EmbeddedRow(NamedTuple):
    """A row by its number, and its edit as a vector float32[D] of length 1, with the pictures in the frame that they
    were looked at in; or a sentence that says why it has none. The states are those of its files before it was read."""

    number: int
    row: EditSample
    edit: Vector | None
    error: str | None
    states: list[PictureState]
    pictures: EditPictures | None = None


def embed_rows(dataset: Dataset, models: ModelSet, encoder: str, start: int = 0) -> Iterator[EmbeddedRow]:
    """The rows from `start` on, in their order.

    Raises BundleError or DeviceError when the models fail, whatever the rows; InputError for an encoder that there is
    not; and OutOfMemoryError when there is no memory for a row by itself.
    """
    with models.in_use(), convert_memory_errors("open the models"):
        open_pair_encoder(models, encoder)  # before anything is read
    rows = enumerate(dataset.rows(start), start)
    while together := list(islice(rows, TOGETHER)):
        yield from _embed_together(together, models, encoder)


def _embed_together(rows: Sequence[tuple[int, EditSample]], models: ModelSet, encoder: str) -> Iterator[EmbeddedRow]:
    """One by one where that fails, so that each says why, and there is memory for it."""
    states = [picture_states(row) for _, row in rows]  # before they are read, so that no later change is missed
    try:
        edits = [row.pictures() for _, row in rows]
        with models.in_use(), convert_memory_errors("embed these edits"):
            vectors, pictures = embed_edits(models, edits, encoder)
    except (BundleError, DeviceError):
        raise
    except Exception:
        for number, row in rows:
            yield _embed_alone(number, row, models, encoder)
        return
    for (number, row), vector, state, pair in zip(rows, vectors, states, pictures, strict=True):
        yield EmbeddedRow(number, row, vector, None, state, pair)


def _embed_alone(number: int, row: EditSample, models: ModelSet, encoder: str) -> EmbeddedRow:
    states = picture_states(row)
    try:
        pictures = row.pictures()
        with models.in_use(), convert_memory_errors("embed this edit"):
            (vector,), (pair,) = embed_edits(models, [pictures], encoder)
            return EmbeddedRow(number, row, vector, None, states, pair)
    except OF_THE_MACHINE:
        raise
    except EditJudgeError as error:
        return EmbeddedRow(number, row, None, str(error), states)
    except Exception as error:  # one row out of many thousands must not end the run
        return EmbeddedRow(number, row, None, f"{type(error).__name__}: {error}; this is a bug", states)
