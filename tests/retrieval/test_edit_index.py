"""Looking for edits in an index, and indexes that are none."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import open_dataset
from editjudge.errors import BundleError, InputError
from editjudge.retrieval import EditIndex, build_index, neighbours
from editjudge.retrieval.neighbours import has_library


def test_the_nearest_come_first(index_folder: Path) -> None:
    index = EditIndex.open(index_folder)
    found = index.find(np.array([0.6, 0.8, 0], np.float32))
    assert [one.edit.id for one in found] == ["greened", "reddened", "blued", "blackened"]
    assert [one.cosine for one in found] == pytest.approx([0.8, 0.6, 0, -0.6], abs=1e-6)
    assert [one.rank for one in found] == [1, 2, 3, 4]
    assert [one.edit.id for one in index.find(np.array([0.6, 0.8, 0], np.float32), 1)] == ["greened"]
    assert found[0].to_dict() == {
        "rank": 1, "cosine": 0.8, "row": 1, "id": "greened", "original": "black.png", "edited": "green.png",
        "instruction": "dog",
    }  # fmt: skip


def test_by_what_the_scorer_gives(index_folder: Path, pair_bundle: Bundle) -> None:
    """An edit and its reversal are as far apart as can be."""
    index = EditIndex.open(index_folder)
    with Scorer.load(pair_bundle.folder, "cpu") as scorer:
        red, black = index_folder.parent / "red.png", index_folder.parent / "black.png"
        found = index.find(scorer.embed_edit(red, black))
        assert (found[0].edit.id, found[-1].edit.id) == ("blackened", "reddened")
        assert index.find(scorer.embed_instruction("cat"))[0].edit.id == "reddened"


@pytest.mark.skipif(not has_library(), reason="the extra retrieval is not installed")
def test_by_cells_where_there_are_many(
    tmp_path: Path, data: Path, pair_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the library it is all of them that are compared."""
    monkeypatch.setattr(neighbours, "LARGE", 12)
    monkeypatch.setattr(neighbours, "CELLS_OF_SQUARE_ROOT", 1)
    monkeypatch.setattr(neighbours, "LOOKED_INTO", 1)  # all of them
    folder = tmp_path / "index"
    build_index(open_dataset(data), folder, bundle=pair_bundle.folder, device="cpu")
    assert (folder / "vectors.faiss").is_file()
    vector = np.array([0.6, 0.8, 0], np.float32)
    by_cells = EditIndex.open(folder).find(vector)
    monkeypatch.setattr(neighbours, "has_library", lambda: False)
    exactly = EditIndex.open(folder).find(vector)
    assert [one.edit for one in by_cells] == [one.edit for one in exactly]
    assert [one.cosine for one in by_cells] == pytest.approx([one.cosine for one in exactly], abs=1e-6)


@pytest.mark.parametrize(
    "vector", [np.zeros(3), np.array([1, 0]), np.full(3, np.nan), np.array([1, 1, 1]), np.eye(3), "cat"]
)
def test_what_is_no_vector_of_the_encoder(index_folder: Path, vector: object) -> None:
    with pytest.raises(InputError, match=r"must be float32\[3\] of length 1, as edit_clip of bundle toy gives it"):
        EditIndex.open(index_folder).find(vector)  # type: ignore[arg-type]


@pytest.mark.parametrize("top", [0, -1, 1.5, True])
def test_what_is_no_number_of_edits(index_folder: Path, top: object) -> None:
    with pytest.raises(InputError, match="give a whole number from 1 to 10,000"):
        EditIndex.open(index_folder).find(np.array([1, 0, 0], np.float32), top)  # type: ignore[arg-type]


def rewrite(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        np.save(folder / "vectors.npy", change(np.load(folder / "vectors.npy")))

    return damage


def cut(name: str, size: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return damage


def with_nan(vectors: np.ndarray) -> np.ndarray:
    vectors[2, 1] = np.nan
    return vectors


def set_entry(**entries: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "index.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return damage


def drop_edit(folder: Path) -> None:
    with sqlite3.connect(folder / "edits.sqlite") as table:
        table.execute("DELETE FROM edits WHERE position = 3")
    table.close()


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "there is no .*; make an index with: editjudge index"),
        (remove("index.json"), "is no index of edits"),
        (remove("vectors.npy"), "vectors.npy cannot be read: no such file"),
        (remove("edits.sqlite"), "lacks its file edits.sqlite"),
        (cut("index.json", 40), "index.json cannot be read"),
        (cut("vectors.npy", 150), "vectors.npy cannot be read"),
        (cut("vectors.npy", 0), "vectors.npy cannot be read"),
        (cut("edits.sqlite", 1000), "edits.sqlite cannot be read"),
        (rewrite(lambda vectors: vectors[:3]), r"must hold float32\[4, 3\]"),
        (rewrite(lambda vectors: vectors.astype(np.float64)), r"must hold float32\[4, 3\]"),
        (rewrite(lambda vectors: np.array([{"a": 1}], object)), "vectors.npy cannot be read"),
        (rewrite(with_nan), "vectors that are no numbers, or not of length 1"),
        (rewrite(lambda vectors: 2 * vectors), "vectors that are no numbers, or not of length 1"),
        (drop_edit, "it has 3 edits and 4 vectors"),
        (set_entry(format=2), "format in index.json is 2; it must be 1"),
        (set_entry(encoder="clip"), "it must be one of edit_clip, vifi_clip"),
        (set_entry(count=-1), "count in index.json is -1"),
        (set_entry(bundle="../other"), "cannot be the name of a bundle"),
        (set_entry(extra=1), "keys that are not known: extra"),
    ],
)
def test_what_is_no_index_or_a_damaged_one(index_folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(index_folder)
    with pytest.raises(InputError, match=words):
        EditIndex.open(index_folder)


def test_an_index_of_another_bundle(index_folder: Path, pair_bundle: Bundle, studio: Bundle) -> None:
    """It is the files that count, not the name."""
    manifest = EditIndex.open(index_folder).manifest
    manifest.check_bundle(pair_bundle)
    with pytest.raises(BundleError, match="was made by edit_clip of bundle toy 1, and bundle studio 1 has another or"):
        manifest.check_bundle(studio)


def test_an_index_of_the_same_files_that_are_fed_otherwise(
    index_folder: Path, pair_bundle: Bundle, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(pair_bundle.folder, other)
    text = (other / "bundle.toml").read_text()
    (other / "bundle.toml").write_text(text.replace("mean = [0.5, 0.5, 0.5]", "mean = [0.4, 0.5, 0.5]", 1))
    with pytest.raises(BundleError, match="has another or none"):
        EditIndex.open(index_folder).manifest.check_bundle(Bundle.load(other))
