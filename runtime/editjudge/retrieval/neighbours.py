"""The vectors that are nearest to one: among all of them or, where these are many, in the cells that lie nearest."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError
from editjudge.image.vectors import Vector
from editjudge.models.clip import Embeddings
from editjudge.utils.text import shorten

VECTORS, CELLS = "vectors.npy", "vectors.faiss"
LARGE = 2**26
"""Numbers in all vectors from which faiss is used, as many as half a million vectors of 128 have: up to there the exact
product takes 10 ms of a core at most."""
CELLS_OF_SQUARE_ROOT = 4
"""How many cells there are, in square roots of the number of vectors."""
LOOKED_INTO = 8
"""The share of the cells that are looked into is one of so many."""
TRAINED_BY = 40
"""Vectors for each cell that the cells are laid out by."""


class Neighbours(NamedTuple):
    """The nearest first: the positions of vectors int64[K], and their cosines float32[K]."""

    positions: NDArray[np.int64]
    cosines: Vector


def has_library() -> bool:
    """Whether faiss is here (the extra `retrieval`); without it the search is exact, however many vectors there are."""
    return find_spec("faiss") is not None


def find_exactly(vectors: Embeddings, vector: Vector, top: int) -> Neighbours:
    """The `top` >= 1 nearest of float32[N, D], of length 1, or all where these are fewer; of equal ones the first."""
    cosines = vectors @ vector
    top = min(top, len(cosines))
    least = np.partition(cosines, -top)[-top]
    (candidates,) = np.nonzero(cosines >= least)  # more than `top` where some are equal
    order = np.argsort(-cosines[candidates], kind="stable")[:top]
    positions = candidates[order]
    return Neighbours(positions, cosines[positions])


def lay_out_cells(vectors: Embeddings) -> Any:
    """faiss' index of float32[N, D] in cells: those that lie nearest to a vector are looked into."""
    import faiss  # noqa: PLC0415  (optional, and needed for many vectors alone)

    count, dimensions = vectors.shape
    cells = max(1, round(CELLS_OF_SQUARE_ROOT * count**0.5))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimensions), dimensions, cells, faiss.METRIC_INNER_PRODUCT)
    sample = np.random.default_rng(0).choice(count, min(count, TRAINED_BY * cells), replace=False)
    index.train(vectors[np.sort(sample)])
    index.add(vectors)
    index.nprobe = -(-cells // LOOKED_INTO)
    return index


def search_cells(index: Any, vector: Vector, top: int) -> Neighbours:
    """As `find_exactly`, except for what lies in a cell that was not looked into."""
    cosines, positions = index.search(vector[None], min(top, index.ntotal))
    (found,) = np.nonzero(positions[0] >= 0)  # -1 where the cells held fewer
    return Neighbours(positions[0, found], cosines[0, found])


def write_neighbours(folder: Path, vectors: Embeddings) -> None:
    """Writes the cells of many vectors, where the library is here. Raises OSError."""
    if vectors.size >= LARGE and has_library():
        import faiss  # noqa: PLC0415

        cells = lay_out_cells(vectors)
        try:
            faiss.write_index(cells, str(folder / CELLS))
        except RuntimeError as error:
            raise OSError(f"faiss cannot write {CELLS}") from error


def read_cells(folder: Path, shape: tuple[int, int]) -> Any | None:
    """The cells that were written of float32[N, D]; None where there are none, or no library. Raises InputError."""
    path = folder / CELLS
    if not path.is_file() or not has_library():
        return None
    import faiss  # noqa: PLC0415

    try:
        index = faiss.read_index(str(path))
    except RuntimeError as error:
        raise InputError(f"{shorten(str(path))} cannot be read; delete it, and the search is exact") from error
    if (index.ntotal, index.d) != shape:
        raise InputError(f"{shorten(str(path))} is of other vectors; delete it, and the search is exact")
    return index
