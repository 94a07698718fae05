"""The parts of the benchmarks of studies that can be worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.study.masks import fill_box, measure_iou, summarise
from benchmarks.study.round_trip import count_differing


def box(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((10, 10), bool)
    mask[rows, columns] = True
    return mask


def test_iou_by_hand() -> None:
    one, other = box(slice(0, 4), slice(0, 4)), box(slice(2, 4), slice(0, 8))
    assert measure_iou(one, other) == pytest.approx(8 / 24)
    assert measure_iou(one, one) == 1
    nothing = np.zeros((10, 10), bool)
    assert measure_iou(nothing, nothing) == measure_iou(one, nothing) == 0


def test_the_box_of_a_mask_is_tight() -> None:
    mask = box(slice(2, 3), slice(7, 8)) | box(slice(5, 7), slice(1, 2))
    np.testing.assert_array_equal(fill_box(mask), box(slice(2, 7), slice(1, 8)))
    assert not fill_box(np.zeros((10, 10), bool)).any()


def test_the_mean_and_how_often_nothing_is_met() -> None:
    (figure,) = summarise("well done", [{"ours": 0.5}, {"ours": 1.0}, {"ours": 0.0}, {"ours": 0.5}])
    assert figure.value == pytest.approx(0.5)
    assert figure.what.startswith("well done, ours: IoU, ")
    assert figure.what.endswith("none of it in 25%")


def test_cells_that_say_the_same_do_not_differ(tmp_path: Path) -> None:
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text("uid,editor,rater1_sc,lpips\na,x,1,0.250\nb,y,,0.5\nc,z,0.5,\n")
    after.write_text("group,model,human,lpips,rater1_sc\na,x,9,0.25,1.0\nb,y,9,0.5,0\nc,z,9,,0.4\n")
    assert count_differing(before, after) == (3, 2)
