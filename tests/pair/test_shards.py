"""Shards of examples: whose CLIP they are of, which of them go together, and what happens where they cannot be written.

All of it but the writing needs PyTorch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from pair import studio_examples
from pair.shards import ExamplePair, mark_clip, write_shard
from support.full_disk import full_disk


def draw_pairs(count: int, seed: int = 0) -> list[list[ExamplePair]]:
    pictures = np.random.default_rng(seed).integers(0, 256, (2 * count, 32, 32, 3), np.uint8)
    return [[ExamplePair(*pictures[2 * index : 2 * index + 2], 2, f"edit {index}")] for index in range(count)]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_shard_says_whose_clip_it_is_of(studio: Bundle, tmp_path: Path, by_name: bool) -> None:
    write_shard(tmp_path / "0000.npz", draw_pairs(1), "studio" if by_name else studio.folder)
    [sha256] = [entry.sha256 for entry in studio.files if entry.role == "clip_vision"]
    with np.load(tmp_path / "0000.npz") as shard:
        assert str(shard["clip"]) == sha256 == mark_clip(studio)


def test_a_full_disk_is_said_and_leaves_nothing(toy: Bundle, tmp_path: Path) -> None:
    with (
        full_disk(),
        pytest.raises(InputError, match=r"cannot write .*0000\.npz: file too large; choose another place"),
    ):
        write_shard(tmp_path / "0000.npz", draw_pairs(3), toy.folder)
    assert list(tmp_path.iterdir()) == []


def test_the_studio_goes_on_with_the_same_clip_and_kinds_only(
    toy: Bundle, studio: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_examples, "SHARD", 1)
    studio_examples.write_examples(tmp_path, range(7, 10), "studio", kinds=["move"], part=(1, 2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0008.npz", "settings.json"]
    with pytest.raises(InputError, match="was begun with kinds move, not size; choose another folder"):
        studio_examples.write_examples(tmp_path, range(1), studio.folder, kinds=["size"])
    with pytest.raises(InputError, match=r"was begun with clip \w+, not \w+; choose another folder"):
        studio_examples.write_examples(tmp_path, range(1), toy.folder, kinds=["move"])


@pytest.mark.export
def test_only_shards_of_one_clip_are_taken(toy: Bundle, tmp_path: Path) -> None:
    examples = load_examples()
    for name, bundle in (("one", "studio"), ("more", "studio"), ("other", toy.folder)):
        write_shard(tmp_path / name / "0000.npz", draw_pairs(2), bundle)
    one, more, other = (tmp_path / name for name in ("one", "more", "other"))
    taken = examples.load([one, more])
    assert (len(taken), taken.shards, taken.clip) == (4, 2, mark_clip(Bundle.load("studio")))
    with pytest.raises(InputError, match="hold features of different CLIPs; train on one bundle's at a time"):
        examples.load([one, other])
    strip_mark(more / "0000.npz")
    assert examples.load([one, more]).clip == taken.clip  # written before shards said it
    strip_mark(other / "0000.npz")
    with pytest.raises(InputError, match="hold features of different CLIPs"):  # of another width
        examples.load([one, other])


@pytest.mark.export
def test_what_are_no_shards_is_said(toy: Bundle, tmp_path: Path) -> None:
    examples = load_examples()
    with pytest.raises(InputError, match=r"there are no shards in .*; write some with pair\.studio_examples"):
        examples.load([tmp_path / "missing"])
    path = tmp_path / "train" / "0000.npz"
    write_shard(path, draw_pairs(2), toy.folder)
    with pytest.raises(InputError, match=r"there are no shards in .*; those to train on are in .*train"):
        examples.load([tmp_path])
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"0000\.npz cannot be read; remove it and write it again"):
            examples.load([tmp_path / "train"])
    np.savez(path, features=np.zeros(3))
    with pytest.raises(InputError, match=r"0000\.npz is no shard of edits: it has no array 'asked'; remove it"):
        examples.load([tmp_path / "train"])


def load_examples() -> type:
    pytest.importorskip("torch")
    from pair.examples import Examples  # noqa: PLC0415

    return Examples


def strip_mark(path: Path) -> None:
    with np.load(path) as shard:
        arrays = {name: array for name, array in shard.items() if name != "clip"}
    np.savez(path, **arrays)
