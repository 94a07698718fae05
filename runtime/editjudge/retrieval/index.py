"""An index of edits, opened: finds those whose vectors are nearest to one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from editjudge.errors import InputError
from editjudge.image.vectors import Vector
from editjudge.models.clip import Embeddings
from editjudge.retrieval.edit_table import EditTable, IndexedEdit, Thumbnails
from editjudge.retrieval.manifest import IndexManifest
from editjudge.retrieval.neighbours import VECTORS, find_exactly, read_cells, search_cells
from editjudge.utils.arguments import PATH, whole_number
from editjudge.utils.text import shorten

TOP = whole_number(1, 10_000)
LENGTH_ERROR = 1e-3
"""How far the length of a vector may be from 1, which rounding leaves it at 1e-7 from."""


@dataclass(frozen=True, eq=False)
class FoundEdit:
    """An edit of an index.

    Attributes:
        rank: From 1.
        cosine: -1 to 1, with what was looked for.
        edit: What it is.
        thumbnails: Its pictures, small.
    """

    rank: int
    cosine: float
    edit: IndexedEdit
    thumbnails: Thumbnails

    def to_dict(self) -> dict[str, object]:
        """As JSON has it, without the pictures."""
        return {"rank": self.rank, "cosine": round(self.cosine, 6), **vars(self.edit)}


class EditIndex:
    """The vectors of an index, in memory, and where the rest of it is. May be shared by threads."""

    def __init__(self, folder: Path, manifest: IndexManifest, vectors: Embeddings) -> None:
        """What `open` reads."""
        self.folder = folder
        self.manifest = manifest
        self.vectors = vectors
        """float32[N, D], of length 1, in the order of the data set."""
        self._cells = read_cells(folder, (manifest.count, manifest.dimensions))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Opens the folder that `build_index` wrote. Raises InputError for what is no index, or a damaged one."""
        PATH.check(folder=folder)
        path = Path(folder)
        manifest = IndexManifest.read(path)
        vectors = _read_vectors(path / VECTORS, manifest)
        with EditTable(path) as table:
            if (edits := table.count()) != manifest.count:
                raise InputError(
                    f"{shorten(str(path))} is damaged: it has {edits:,} edits and {manifest.count:,} vectors; "
                    "make the index again"
                )
        return cls(path, manifest, vectors)

    def __len__(self) -> int:
        return self.manifest.count

    def find(self, vector: Vector, top: int = 10) -> list[FoundEdit]:
        """The nearest edits, the nearest first; of equal ones that which comes first in the data set.

        Of many, where there are cells, those that lie in the cells that were looked into.

        Args:
            vector: float32[D] of length 1, of the encoder that the index was made by: what `Scorer.embed_edit` or
                `Scorer.embed_instruction` gives.
            top: How many; all where there are fewer.

        Raises InputError.
        """
        TOP.check(top=top)
        if not _is_vector(vector, self.manifest.dimensions):
            raise InputError(
                f"the vector must be float32[{self.manifest.dimensions}] of length 1, as {self.manifest.encoder} of "
                f"bundle {self.manifest.bundle} gives it"
            )
        asked = np.ascontiguousarray(vector, np.float32)
        if self._cells is None:
            nearest = find_exactly(self.vectors, asked, int(top))
        else:
            nearest = search_cells(self._cells, asked, int(top))
        with EditTable(self.folder) as table:
            return [
                FoundEdit(rank, float(cosine), table.edit(int(position)), table.thumbnails(int(position)))
                for rank, (position, cosine) in enumerate(zip(*nearest, strict=True), 1)
            ]


def _read_vectors(path: Path, manifest: IndexManifest) -> Embeddings:
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)  # so that no header asks for memory
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{shorten(str(path))} cannot be read: {reason.lower()}; make the index again") from error
    wanted = manifest.count, manifest.dimensions
    if not isinstance(vectors, np.ndarray) or vectors.shape != wanted or vectors.dtype != np.float32:
        raise InputError(
            f"{shorten(str(path))} is damaged: it must hold float32[{wanted[0]}, {wanted[1]}]; make the index again"
        )
    loaded = np.array(vectors, order="C")  # a file that is mapped must not be cut off
    if not _is_unit(loaded):
        raise InputError(
            f"{shorten(str(path))} is damaged: it has vectors that are no numbers, or not of length 1; "
            "make the index again"
        )
    return loaded


def _is_vector(value: object, dimensions: int) -> bool:
    if not isinstance(value, np.ndarray) or value.shape != (dimensions,) or value.dtype.kind != "f":
        return False
    return _is_unit(value[None])


def _is_unit(vectors: Embeddings) -> bool:
    """Whether float32[N, D] have length 1; NaN and infinity have none."""
    lengths = np.einsum("nd,nd->n", vectors, vectors)
    return bool(np.all(np.abs(lengths - 1) <= LENGTH_ERROR))
