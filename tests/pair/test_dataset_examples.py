"""Edits of people as examples: what a shard holds of them, and that no original is in both parts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.datasets import EditSample, open_dataset
from editjudge.errors import InputError
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from pair import dataset_examples
from pair.dataset_edits import read_edit, read_edits
from pair.dataset_examples import write_examples
from support.people_edits import edits, originals, write_humanedit

SHARE = 0.5


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_humanedit(tmp_path)


def read_shards(folder: Path) -> list[dict[str, np.ndarray]]:
    return [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))]


def test_no_original_is_in_both_parts(data: Path, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_examples, "SHARD", 8)
    write_examples(data, tmp_path / "out", toy.folder, held_out=SHARE)
    train, apart = (read_shards(tmp_path / "out" / part) for part in ("train", "held_out"))
    groups = [[int(group) for shard in part for group in shard["group"]] for part in (train, apart)]
    assert not set(groups[0]) & set(groups[1])
    assert min(map(len, groups)) > 0
    counts = Counter(groups[0] + groups[1])
    assert sorted(counts.values()) == [3, 4, 4, 4, 4]  # of five originals; one picture cannot be read
    for shard in [*train, *apart]:
        assert set(shard["tier"]) == {2}
        assert list(shard["edit"]) == list(range(len(shard["asked"])))


def test_a_shard_holds_what_clip_saw(data: Path, toy: Bundle, tmp_path: Path) -> None:
    write_examples(data, tmp_path / "out", toy.folder, held_out=0.0)
    [shard] = read_shards(tmp_path / "out" / "train")
    clip = ModelSet(toy, "cpu", 1).model(Clip)
    wanted = edits()[:-1]
    assert [json.loads(text) for text in shard["asked"]] == [instruction for _, _, instruction in wanted]
    for features, (original, edited, _) in zip(shard["features"], wanted, strict=True):
        np.testing.assert_allclose(features[0], clip.images([original, edited]), rtol=2e-3, atol=2e-3)
    assert (shard["seen"][:, 1] == 1).all()  # the disc is found


def test_it_goes_on_where_it_stopped(data: Path, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_examples, "SHARD", 8)
    out = tmp_path / "out"
    write_examples(data, out, toy.folder, held_out=0.0)
    kept, lost = out / "train" / "0000.npz", out / "train" / "0001.npz"
    before, written = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    write_examples(data, out, toy.folder, held_out=0.0, part=(1, 2))
    assert kept.stat().st_mtime_ns == written
    again = dict(np.load(lost))
    (tmp_path / "before.npz").write_bytes(before)
    for name, array in np.load(tmp_path / "before.npz").items():
        np.testing.assert_array_equal(array, again[name])


def test_another_share_in_the_same_folder_is_refused(data: Path, toy: Bundle, tmp_path: Path) -> None:
    write_examples(data, tmp_path / "out", toy.folder, held_out=0.2)
    with pytest.raises(InputError, match=r"was begun with held_out 0\.2, not 0\.3; choose another folder"):
        write_examples(data, tmp_path / "out", toy.folder, held_out=0.3)


def test_turns_of_magicbrush_are_one_scene() -> None:
    first, second, other = originals()[:3]
    turns = [
        read_edit(EditSample("0", before, after, "red ball", columns={"img_id": name, "turn_index": turn}))
        for before, after, name, turn in ((first, second, "7", 1), (second, first, "7", 2), (first, other, "8", 1))
    ]
    assert turns[0].scene == turns[1].scene != turns[2].scene


def test_the_share_that_is_held_out_is_about_the_one_asked_for() -> None:
    rng = np.random.default_rng(0)
    picture = np.zeros((8, 8, 3), np.uint8)
    held: defaultdict[float, int] = defaultdict(int)
    for _ in range(2000):
        original = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        edit = read_edit(EditSample("0", original, picture, "red ball"))
        for share in (0.0, 0.2, 1.0):
            held[share] += edit.is_held_out(share)
    assert (held[0.0], held[1.0]) == (0, 2000)
    assert held[0.2] == pytest.approx(400, abs=4 * (2000 * 0.2 * 0.8) ** 0.5)


def test_what_cannot_be_read_is_left_out_with_a_word(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(list(read_edits(open_dataset(data)))) == 19
    assert "row 19 is left out: " in caplog.text
