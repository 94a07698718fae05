"""The edits of a data set and their instructions as vectors in one space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from editjudge.batch.embedding import embed_rows
from editjudge.batch.runner import DATASET
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import InputError
from editjudge.image.vectors import Vector
from editjudge.models.clip import Embeddings
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EDIT_CLIP, open_pair_encoder
from editjudge.retrieval.edit_table import EditTable
from editjudge.retrieval.index import EditIndex
from editjudge.scorer import MODELS
from editjudge.types import LONGEST_PHRASE
from editjudge.utils.arguments import TEXT, instance
from editjudge.utils.oom import convert_memory_errors

TOGETHER = 64
"""Instructions that go through the model together."""

WORDLESS = "the row has no instruction"
INDEX = instance(EditIndex, "what EditIndex.open(folder) gives")

Watch = Callable[[int, int], None]
"""Is told after each row how many are done, and how many of those have no vector."""


@dataclass(frozen=True, eq=False)
class CaptionedEdits:
    """N edits of a data set, in its order. Raises InputError where the parts do not fit.

    Attributes:
        name: Of the data set, as messages name it.
        edits, captions: float32[N, D] each, of length 1: the edits, and their instructions.
        instructions: Of each edit.
        cut: How many of these have more tokens than are read of one.
        left_out: Why other rows of the set have no vector, by their ids.
    """

    name: str
    edits: Embeddings
    captions: Embeddings
    instructions: tuple[str, ...]
    cut: int = 0
    left_out: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        TEXT.check(name=self.name)
        shape = np.shape(self.edits)
        if np.shape(self.captions) != shape or len(shape) != 2 or shape[0] != len(self.instructions):
            raise InputError(f"{self.name} has vectors that do not fit; give each edit one, and its instruction one")
        if not np.isfinite([self.edits, self.captions]).all():
            raise InputError(f"{self.name} has vectors with values that are no numbers; embed it again")

    def __len__(self) -> int:
        return len(self.instructions)


def embed_captioned(
    dataset: Dataset, models: ModelSet, encoder: str = EDIT_CLIP, watch: Watch = lambda done, failed: None
) -> CaptionedEdits:
    """Embeds every edit and its instruction; a row of which that cannot be done is left out. No picture is kept.

    Args:
        models: Those of a bundle, as `Scorer.models`; only what the encoder needs is opened.
        encoder: "edit_clip" or "vifi_clip".

    Raises InputError where no row can be embedded or there is no such encoder, BundleError where the bundle lacks it,
    DeviceError or OutOfMemoryError.
    """
    DATASET.check(dataset=dataset)
    MODELS.check(models=models)
    TEXT.check(encoder=encoder)
    edits: list[Vector] = []
    instructions: list[str] = []
    left_out: list[tuple[str, str]] = []
    for embedded in embed_rows(dataset, models, encoder):
        reason = embedded.error or _find_problem(embedded.row)
        if embedded.edit is None or embedded.row.instruction is None or reason is not None:
            left_out.append((embedded.row.id, reason or ""))
        else:
            edits.append(embedded.edit)
            instructions.append(embedded.row.instruction)
        watch(embedded.number + 1, len(left_out))
    if not edits:
        raise InputError(f"none of the {len(dataset):,} rows of {dataset.path} can be embedded: {left_out[-1][1]}")
    captions, cut = _embed_texts(models, encoder, instructions)
    name = dataset.path.resolve().name
    return CaptionedEdits(name, np.stack(edits), captions, tuple(instructions), cut, tuple(left_out))


def caption_indexed(index: EditIndex, models: ModelSet) -> CaptionedEdits:
    """The edits of an index, with their instructions embedded; no picture is read.

    Raises BundleError where the models are not those that made the index; InputError, DeviceError or OutOfMemoryError.
    """
    INDEX.check(index=index)
    MODELS.check(models=models)
    index.manifest.check_bundle(models.bundle)
    with EditTable(index.folder) as table:
        listed = [table.edit(position) for position in range(len(index))]
        left_out = [*table.left_out(), *((edit.id, WORDLESS) for edit in listed if not edit.instruction)]
    instructions = tuple(edit.instruction for edit in listed if edit.instruction)
    if not instructions:
        raise InputError(f"no edit of {index.manifest.data} has an instruction; give a data set with some")
    vectors = index.vectors[[bool(edit.instruction) for edit in listed]]
    captions, cut = _embed_texts(models, index.manifest.encoder, instructions)
    return CaptionedEdits(index.manifest.data, vectors, captions, instructions, cut, tuple(left_out))


def _find_problem(row: EditSample) -> str | None:
    """Why an edit has no instruction that could be read."""
    try:
        row.edit()
    except InputError as error:
        return str(error)
    return None


def _embed_texts(models: ModelSet, encoder: str, texts: Sequence[str]) -> tuple[Embeddings, int]:
    """float32[N, D], of which each of equal texts is given that of the first; and how many were cut."""
    texts = [text[:LONGEST_PHRASE] for text in texts]  # more than an encoder reads; a book takes seconds
    distinct = list(dict.fromkeys(texts))
    number = {text: index for index, text in enumerate(distinct)}
    with models.in_use(), convert_memory_errors("embed the instructions"):
        opened = open_pair_encoder(models, encoder)
        blocks = [opened.texts(distinct[start : start + TOGETHER]) for start in range(0, len(distinct), TOGETHER)]
        is_cut = np.array([opened.is_cut(text) for text in distinct])
    each = [number[text] for text in texts]
    return np.concatenate(blocks)[each], int(np.count_nonzero(is_cut[each]))
