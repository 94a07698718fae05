"""What the network of differences learns from: labels that follow the pictures, cells that know their difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from editjudge.models.difference_detector import DetectedChanges
from studio.difference_detector.calibrate import fit
from studio.difference_detector.data import Shards, to_batch
from studio.difference_detector.evaluate import measure_precision, share_alarmed
from studio.difference_detector.loss import assign, losses
from studio.difference_detector.train import train
from studio.difference_detector.variation import ADD, CELLS, REMOVE, Sample, vary
from studio.differences.pair import LabelledChange, LabelledPair
from studio.differences.write_shards import write_shard

pytestmark = pytest.mark.export
EDIT = 2


def sample(*boxes: tuple[int, int, int, int], kinds: tuple[int, ...], shape: tuple[int, int] = (256, 256)) -> Sample:
    """Rectangles that are lighter in the edited picture, on grey; the mask by hand."""
    original = np.full((*shape, 3), 100, np.uint8)
    edited = original.copy()
    mask = np.zeros((CELLS, CELLS), np.uint8)
    for x0, y0, x1, y1 in boxes:
        edited[y0:y1, x0:x1] = 220
        mask[y0 // 4 : y1 // 4, x0 // 4 : x1 // 4] = 255
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return Sample(original, edited, corners, np.array(kinds, np.int64), mask)


def differing_box(pair: Sample) -> np.ndarray:
    """The tight box of what differs by much, as the pictures say."""
    apart = np.abs(pair.original.astype(int) - pair.edited).max(axis=2) > 30
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def test_labels_follow_the_pictures_however_they_are_varied() -> None:
    whole = sample((40, 80, 120, 200), kinds=(ADD,), shape=(208, 256))
    seen = set()
    for seed in range(60):
        varied = vary(whole, np.random.default_rng(seed))
        np.testing.assert_allclose(varied.boxes[0], differing_box(varied), atol=2)
        lighter = varied.edited.mean() > varied.original.mean()
        assert varied.kinds[0] == (ADD if lighter else REMOVE)  # swapped pictures, swapped kinds
        x0, y0, x1, y1 = np.rint(varied.boxes[0] / 4).astype(int)
        assert varied.mask[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].min() > 150
        assert varied.mask.sum() / 255 == pytest.approx((x1 - x0) * (y1 - y0), rel=0.15)
        seen.add((varied.original.shape, int(varied.kinds[0])))
    assert len(seen) > 10


def test_a_pair_without_differences_keeps_none() -> None:
    same = sample(kinds=())
    for seed in range(10):
        varied = vary(same, np.random.default_rng(seed))
        assert (varied.boxes.shape, varied.kinds.shape, varied.mask.max()) == ((0, 4), (0,), 0)


def test_cells_learn_the_smallest_difference_that_they_are_in_the_middle_of() -> None:
    batch = to_batch([sample((0, 0, 256, 256), (96, 96, 128, 128), kinds=(EDIT, ADD)), sample(kinds=())])
    assignment = assign(batch)
    owner = assignment.owner[0].reshape(CELLS, CELLS)
    # 0.7 of 32 pixels about 112: cells whose centres lie from 100.8 to 123.2, the 26th to the 31st.
    assert (owner[25:31, 25:31] == 1).all()
    assert (owner == 1).sum() == 36
    assert owner[24, 24] == 0
    assert owner[0, 0] == -1
    assert bool(assignment.ignored[0, 0])
    assert (assignment.owner[1] == -1).all()
    assert not assignment.ignored[1].any()


def test_the_smallest_difference_has_a_cell_and_weighs_more() -> None:
    batch = to_batch([sample((41, 41, 43, 43), (100, 100, 200, 200), kinds=(ADD, REMOVE))])
    assignment = assign(batch)
    tiny, large = (assignment.weight[0][assignment.owner[0] == index] for index in (0, 1))
    assert len(tiny) == 1
    assert tiny.sum() > large.max()
    assert large.sum() > tiny.sum()


def test_what_is_said_right_costs_next_to_nothing() -> None:
    batch = to_batch([sample((40, 80, 120, 200), kinds=(REMOVE,))])
    x, y = torch.meshgrid((torch.arange(64) + 0.5) * 4, (torch.arange(64) + 0.5) * 4, indexing="xy")
    box = torch.stack([x - 40, y - 80, 120 - x, 200 - y])[None]
    mask = (batch.mask * 2 - 1) * 12
    kind = torch.full((1, 3, 64, 64), -12.0)
    kind[:, REMOVE] = mask[:, 0]
    right = losses((kind, box, torch.full((1, 1, 64, 64), 12.0), mask), batch)
    assert sum(right.values()) < 0.01
    wrong = losses((kind.roll(1, 1), box + 30, torch.full((1, 1, 64, 64), -12.0), -mask), batch)
    assert all(wrong[name] > 20 * right[name] + 0.1 for name in right)


def test_a_pair_alone_without_differences_has_a_loss() -> None:
    outputs = tuple(torch.zeros(1, channels, 64, 64, requires_grad=True) for channels in (3, 4, 1, 1))
    total = sum(losses(outputs, to_batch([sample(kinds=())])).values())
    total.backward()
    assert torch.isfinite(total)
    assert all(torch.isfinite(values.grad).all() for values in outputs if values.grad is not None)


def found(boxes: list[list[float]], scores: list[float], kinds: list[int]) -> DetectedChanges:
    return DetectedChanges(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.eye(3, dtype=np.float32)[kinds],
        np.array(scores, np.float32),
        np.zeros((256, 256), np.float32),
        np.zeros((len(boxes), 2), np.float32),
    )


def test_figures_by_hand() -> None:
    truth = sample((0, 0, 100, 100), (150, 150, 250, 250), kinds=(ADD, REMOVE))
    none = sample(kinds=())
    # The surest is wrong, the next one exact, and the last has an IoU of 0.8 and the wrong kind.
    changes = found([[0, 200, 50, 250], [0, 0, 100, 100], [150, 150, 250, 230]], [0.9, 0.8, 0.7], [EDIT, ADD, ADD])
    figures = measure_precision([(truth, changes), (none, found([], [], []))])
    # Precision 1/2 and 2/3 at recall 1/2 and 1, interpolated: 2/3 everywhere.
    assert figures["ap50"] == pytest.approx(2 / 3)
    assert figures["ap75"] == pytest.approx(2 / 3)
    assert figures["recall50"] == 1.0
    assert figures["kind_right"] == 0.5
    # From .85 on only the exact one is right: 1/2 up to a recall of 1/2, which are 51 of 101 points.
    assert figures["ap"] == pytest.approx((7 * 2 / 3 + 3 * 0.5 * 51 / 101) / 10)
    assert share_alarmed([(none, changes), (none, found([[0, 0, 9, 9]], [0.4], [ADD]))], 0.5) == 0.5


def test_the_fit_finds_what_the_logits_are_worth() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(0, 1.5, (20_000, 2))
    logits = evidence @ [1.7, 0.6] - 0.8
    fitted = fit(evidence, rng.random(len(evidence)) < 1 / (1 + np.exp(-logits)))
    assert fitted == pytest.approx((1.7, 0.6, -0.8), abs=0.1)


def test_training_starts_stops_and_resumes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (96, 128, 3), dtype=np.uint8)
    edited = picture.copy()
    edited[20:60, 40:90] = 0
    mask = np.zeros((96, 128), dtype=bool)
    mask[20:60, 40:90] = True
    change = LabelledChange("REMOVE", (40.0, 20.0, 90.0, 60.0), mask)
    pairs = [LabelledPair(picture, edited, (change,), None, (), "by hand")] * 32
    write_shard(tmp_path / "pairs" / "edits-0.npz", pairs)
    shards = Shards(tmp_path / "pairs", "edits*.npz")
    shards.look()
    [read] = [shards.sample(place) for place in shards.places()[:1]]
    np.testing.assert_allclose(read.boxes, [[80, 40, 180, 120]])  # 256 pixels wide
    assert read.kinds.tolist() == [REMOVE]
    run = tmp_path / "run"
    run.mkdir()
    spent = 0.0
    for step in (1, 2):  # a step takes longer than the time that is left
        train(run, shards, spent / 60 + 1e-4, start=None, seed=1, save_every=60)
        state = torch.load(run / "state.pt", weights_only=True)
        assert state["step"] == step
        assert state["spent"] > spent
        spent = state["spent"]
    assert sorted(path.name for path in (run / "checkpoint").iterdir()) == ["config.json", "model.safetensors"]
