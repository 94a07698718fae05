"""BPM as a metric of torchmetrics: its means, its states over processes, and what the library does with metrics."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from editjudge import ImageError, InputError, Scorer
from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
torchmetrics = pytest.importorskip("torchmetrics")
from editjudge_integrations.edit_metric import EditMetric, bpm_and_parts  # noqa: E402
from editjudge_integrations.measured_parts import PARTS  # noqa: E402

DEMO = {demo.id: demo for demo in load_demo()}


def rows(*names: tuple[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Originals, edited pictures and instructions of the demo: each by the id of its scene and its label."""
    found = [
        (str(DEMO[scene].original), str(candidate.file), DEMO[scene].instruction)
        for scene, label in names
        for candidate in DEMO[scene].candidates
        if candidate.label == label
    ]
    assert len(found) == len(names)
    originals, edited, instructions = map(list, zip(*found, strict=True))
    return originals, edited, instructions


GOOD = ("color", "well done")
BAD = ("color", "wrong object or colour")
REMOVED = ("remove", "well done")
UNCHANGED = ("color", "nothing changed")
"""Of which the rules say what modification and preservation are worth, and nothing has a position or a size."""


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio")


def score(scorer: Scorer, name: tuple[str, str]) -> Any:
    originals, edited, instructions = rows(name)
    return scorer.score(originals[0], edited[0], instructions[0])


def test_the_mean_of_what_was_measured(scorer: Scorer) -> None:
    metric = EditMetric()
    metric.update(*rows(GOOD, BAD))  # which are prepared together
    metric.update(*rows(REMOVED))
    expected = [score(scorer, name).bpm for name in (GOOD, BAD, REMOVED)]
    assert metric.compute().item() == pytest.approx(sum(expected) / 3, abs=2e-3)
    assert metric.unmeasured == 0
    sizes = EditMetric("size")
    sizes.update(*rows(GOOD, UNCHANGED))
    assert score(scorer, UNCHANGED).region.size is None
    assert sizes.compute().item() == pytest.approx(score(scorer, GOOD).region.size)
    assert sizes.unmeasured == 1


def test_nothing_measured_is_nan() -> None:
    metric = EditMetric("size")
    metric.update(*rows(UNCHANGED))
    assert math.isnan(metric.compute().item())
    assert (metric.unmeasured, int(metric.edits)) == (1, 1)


def test_tensors_with_channels_first() -> None:
    originals, edited, instructions = rows(GOOD)
    arrays = [cv2.imread(path)[..., ::-1].copy() for path in (originals[0], edited[0])]
    bytes_first = [torch.from_numpy(array).permute(2, 0, 1)[None] for array in arrays]
    expected = EditMetric()
    expected.update(originals, edited, instructions)
    for pictures in (bytes_first, [one / 255 for one in bytes_first], [list(one) for one in bytes_first]):
        metric = EditMetric()
        metric.update(*pictures, instructions)
        assert metric.compute().item() == pytest.approx(expected.compute().item(), abs=1e-5)


def test_bytes_of_gray_and_with_alpha() -> None:
    """Gray counts as three equal channels, and what is transparent as white."""
    originals, edited, instructions = rows(GOOD)
    before, after = (torch.from_numpy(cv2.imread(path)[..., ::-1].copy()).permute(2, 0, 1)[None] for path in (
        originals[0], edited[0]
    ))  # fmt: skip
    gray = after.float().mean(1, keepdim=True).to(torch.uint8)
    opaque = torch.cat([after, torch.full_like(after[:, :1], 255)], 1)
    clear = torch.cat([after, torch.zeros_like(after[:, :1])], 1)
    white = torch.full_like(after, 255)
    for given, same in ((gray, gray.expand(-1, 3, -1, -1)), (opaque, after), (clear, white)):
        metric, expected = EditMetric("preserve"), EditMetric("preserve")
        metric.update(before, given, instructions)
        expected.update(before, same, instructions)
        assert metric.edits == 1
        torch.testing.assert_close(metric.totals, expected.totals, atol=0, rtol=0)
        torch.testing.assert_close(metric.counts, expected.counts, atol=0, rtol=0)


def test_a_picture_of_a_batch_that_is_none_is_named() -> None:
    good = torch.full((3, 3, 32, 32), 0.5)
    bad = good.clone()
    bad[1, 0, 0, 0] = math.nan
    for originals, edited in ((good, bad), (bad, good), (good, list(bad))):
        metric = EditMetric()
        with pytest.raises(ImageError, match="edit 1: the floats hold NaN"):
            metric.update(originals, edited, ["make it blue"] * 3)
        assert int(metric.edits) == 0
    with pytest.raises(InputError, match=r"edit 2: a picture is a tensor \[32, 32\]; give \[C, H, W\]"):
        EditMetric().update(good, [*good[:2], good[2, 0]], ["make it blue"] * 3)


def test_forward_reset_and_pickle() -> None:
    metric = EditMetric("modify")
    first = metric(*rows(GOOD))
    second = metric(*rows(BAD))
    assert metric.compute().item() == pytest.approx((first.item() + second.item()) / 2)
    pickled = pickle.dumps(metric)
    assert len(pickled) < 10_000  # as the models stay behind
    copied = pickle.loads(pickled)
    assert copied.compute().item() == metric.compute().item()
    copied.update(*rows(GOOD))
    assert int(copied.edits) == 3
    assert int(metric.clone().edits) == 2
    metric.reset()
    assert int(metric.edits) == 0
    assert metric.totals.tolist() == [0.0] * len(PARTS)


def test_states_of_two_merge() -> None:
    whole, one, other = (EditMetric() for _ in range(3))
    whole.update(*rows(GOOD, BAD, REMOVED))
    one.update(*rows(GOOD))
    other.update(*rows(BAD, REMOVED))
    one.merge_state(other)
    assert one.compute().item() == pytest.approx(whole.compute().item(), abs=2e-3)
    assert int(one.edits) == 3


def test_a_collection_scores_each_edit_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = []
    told = Scorer.score
    monkeypatch.setattr(Scorer, "score", lambda self, *a, **k: (scored.append(a), told(self, *a, **k))[1])
    collection = bpm_and_parts()
    for name in (GOOD, UNCHANGED):
        collection.update(*rows(name))
    values = collection.compute()
    assert set(values) == set(PARTS)
    assert len(scored) == 2
    alone = EditMetric("region")
    alone.update(*rows(GOOD))
    alone.update(*rows(UNCHANGED))
    assert values["region"].item() == pytest.approx(alone.compute().item())
    assert {part: collection[part].unmeasured for part in ("bpm", "size")} == {"bpm": 0, "size": 1}


def test_it_can_be_plotted() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    metric = EditMetric("modify")
    metric.update(*rows(GOOD))
    figure, axes = metric.plot()
    assert axes.get_ylim()[1] >= 1
    matplotlib.pyplot.close(figure)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["a.png"], ["b.png", "c.png"], ["make it blue"]), "there are 1 originals, 2 edited, 1 instructions"),
        ((["a.png"], ["b.png"], "make it blue"), "instructions is one str; give a list"),
        (("a.png", ["b.png"], ["make it blue"]), "the pictures are one str"),
        ((torch.zeros(3, 8, 8), ["b.png"], ["make it blue"]), r"a tensor \[3, 8, 8\]; give \[B, C, H, W\]"),
    ],
)
def test_rows_that_are_none(arguments: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        EditMetric().update(*arguments)


def test_a_picture_that_cannot_be_read_leaves_the_state_alone(tmp_path: Path) -> None:
    metric = EditMetric()
    originals, edited, instructions = rows(GOOD, BAD)
    with pytest.raises(ImageError, match="edit 1: "):
        metric.update(originals, [edited[0], str(tmp_path / "none.png")], instructions)
    assert (int(metric.edits), metric.totals.tolist()) == (0, [0.0] * len(PARTS))
    with pytest.raises(InputError, match="there is no part 'beauty' of a score; choose among bpm, semantic"):
        EditMetric("beauty")


def test_states_are_summed_over_processes() -> None:
    """As the library does it, with what another process would hand in; with processes of their own: below."""
    other = EditMetric()
    other.update(*rows(BAD, UNCHANGED))
    theirs = iter(list(other.metric_state.values()))
    metric = EditMetric(
        dist_sync_fn=lambda tensor, group=None: [tensor, next(theirs)], distributed_available_fn=lambda: True
    )
    metric.update(*rows(GOOD))
    whole = EditMetric()
    whole.update(*rows(GOOD, BAD, UNCHANGED))
    assert metric.compute().item() == pytest.approx(whole.compute().item(), abs=2e-3)
    assert int(metric.edits) == 1  # afterwards the states are the process's own again


PROGRAM = """
import sys
import torch
from integrations.test_edit_metric import BAD, GOOD, REMOVED, rows
from editjudge_integrations.edit_metric import EditMetric
rank = int(sys.argv[1])
torch.distributed.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
metric = EditMetric()
metric.update(*(rows(GOOD) if rank == 0 else rows(BAD, REMOVED)))
print(metric.compute().item(), int(metric.edits))
torch.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_agree_on_the_mean_of_all(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    environment = {"PYTHONPATH": f"{root}:{root.parent / 'integrations'}", "EDITJUDGE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM]
    running = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "meeting")], stdout=subprocess.PIPE, env=environment)
        for rank in (0, 1)
    ]
    printed = [process.communicate(timeout=300)[0].decode().split() for process in running]
    whole = EditMetric()
    whole.update(*rows(GOOD, BAD, REMOVED))
    assert [edits for _, edits in printed] == ["1", "2"]  # the states are the process's own again
    for mean, _ in printed:
        assert float(mean) == pytest.approx(whole.compute().item(), abs=2e-3)
