"""The nearest vectors: exactly, and by cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editjudge.errors import InputError
from editjudge.image.vectors import to_unit_length
from editjudge.models.clip import Embeddings
from editjudge.retrieval import neighbours
from editjudge.retrieval.neighbours import (
    CELLS,
    find_exactly,
    has_library,
    lay_out_cells,
    read_cells,
    search_cells,
    write_neighbours,
)

needs_library = pytest.mark.skipif(not has_library(), reason="the extra retrieval is not installed")


def draw(count: int, dimensions: int, clusters: int, seed: int = 0) -> Embeddings:
    """Unit vectors in clusters, as those of edits are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, dimensions))
    vectors = centres[random.integers(clusters, size=count)] + 0.3 * random.standard_normal((count, dimensions))
    return to_unit_length(vectors.astype(np.float32))


@pytest.mark.parametrize("top", [1, 7, 500, 900])
def test_all_are_compared(top: int) -> None:
    vectors = draw(500, 16, 20)
    vector = vectors[123]
    expected = sorted(range(500), key=lambda position: -float(vectors[position] @ vector))[:top]
    found = find_exactly(vectors, vector, top)
    assert found.positions.tolist() == expected
    assert found.cosines == pytest.approx([float(vectors[position] @ vector) for position in expected], abs=1e-6)


def test_of_equal_ones_the_first_comes_first() -> None:
    """Also where not all of them are among the nearest."""
    vectors = np.tile(np.eye(3, dtype=np.float32), (4, 1))
    assert find_exactly(vectors, vectors[1], 6).positions.tolist() == [1, 4, 7, 10, 0, 2]
    assert find_exactly(vectors, vectors[1], 3).positions.tolist() == [1, 4, 7]


@needs_library
def test_cells_find_what_lies_in_clusters() -> None:
    vectors, asked = draw(20_000, 32, 200), draw(50, 32, 200, seed=0)
    index = lay_out_cells(vectors)
    shares = []
    for vector in asked:
        exact, found = find_exactly(vectors, vector, 10), search_cells(index, vector, 10)
        shares.append(len(set(exact.positions.tolist()) & set(found.positions.tolist())) / 10)
        assert found.cosines == pytest.approx(vectors[found.positions] @ vector, abs=1e-5)
        assert (np.diff(found.cosines) <= 0).all()
    assert np.mean(shares) > 0.95


@needs_library
def test_cells_are_written_of_many_vectors_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = draw(2000, 8, 10)
    write_neighbours(tmp_path, vectors)
    assert list(tmp_path.iterdir()) == []
    assert read_cells(tmp_path, vectors.shape) is None
    monkeypatch.setattr(neighbours, "LARGE", vectors.size)
    write_neighbours(tmp_path, vectors)
    found = search_cells(read_cells(tmp_path, vectors.shape), vectors[7], 5)
    assert found.positions[0] == 7
    assert found.cosines[0] == pytest.approx(1, abs=1e-6)


@needs_library
def test_cells_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LARGE", 1)
    write_neighbours(tmp_path, draw(200, 8, 10))
    with pytest.raises(InputError, match="is of other vectors; delete it"):
        read_cells(tmp_path, (201, 8))
    (tmp_path / CELLS).write_bytes(b"no index at all")
    with pytest.raises(InputError, match="cannot be read; delete it"):
        read_cells(tmp_path, (200, 8))
