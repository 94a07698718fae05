"""Average precision against COCO's own code, and against what is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from editjudge.evaluation.statistics.average_precision import (
    THRESHOLDS,
    PictureDetections,
    RankedDetections,
    match_boxes,
    overlap,
)

Array = NDArray[np.float64]
Picture = tuple[Array, Array, Array]
"""Found boxes, their confidences, and true boxes."""
SIDE = 100
"""Pixels that COCO's boxes are scaled to here: with it, no area is under its least."""


def ranked(pictures: list[Picture]) -> RankedDetections:
    detections = []
    for found, confidence, true in pictures:
        right = match_boxes(found, confidence, true) >= 0
        detections.append(PictureDetections(confidence, right, np.ones_like(right), len(true)))
    return RankedDetections.of(detections)


def by_coco(pictures: list[Picture]) -> tuple[Array, Array]:
    """AP and recall at each threshold."""
    images = [{"id": number} for number in range(1, len(pictures) + 1)]
    categories = [{"id": 1, "name": "difference"}]
    true = [(number, box) for number, (_, _, boxes) in enumerate(pictures, 1) for box in boxes]
    found = [
        (number, box, float(sure))
        for number, (boxes, confidence, _) in enumerate(pictures, 1)
        for box, sure in zip(boxes, confidence, strict=True)
    ]
    truth = COCO()
    truth.dataset = {
        "images": images, "categories": categories,
        "annotations": [
            {"id": index, "image_id": number, "category_id": 1, "iscrowd": 0, "bbox": xywh(box), "area": 1.0}
            for index, (number, box) in enumerate(true, 1)
        ],
    }  # fmt: skip
    truth.createIndex()
    detections = COCO()
    detections.dataset = {
        "images": images, "categories": categories,
        "annotations": [
            {"id": index, "image_id": number, "category_id": 1, "bbox": xywh(box), "area": 1.0, "score": sure,
             "iscrowd": 0}
            for index, (number, box, sure) in enumerate(found, 1)
        ],
    }  # fmt: skip
    detections.createIndex()
    evaluation = COCOeval(truth, detections, "bbox")
    evaluation.params.maxDets = [1000]
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval["precision"][:, :, 0, 0, 0].mean(axis=1), evaluation.eval["recall"][:, 0, 0, 0]


def xywh(box: Array) -> list[float]:
    x0, y0, x1, y1 = (float(side) * SIDE for side in box)
    return [x0, y0, x1 - x0, y1 - y0]


def boxes(rng: np.random.Generator, count: int) -> Array:
    corner = rng.uniform(0, 0.6, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(0.05, 0.4, (count, 2))], axis=1)


def made(seed: int, ties: bool, pictures: int = 25) -> list[Picture]:
    """Detections near to the truth, some twice, some of nothing; some pictures with neither, some with one alone."""
    rng, all_of_them = np.random.default_rng(seed), []
    for _ in range(pictures):
        true = boxes(rng, int(rng.integers(0, 6)))
        near = true[rng.random(len(true)) < 0.8]
        near = np.concatenate([near, near[: len(near) // 2]])
        near = near + rng.normal(0, 0.02, near.shape)
        found = np.concatenate([near, boxes(rng, int(rng.integers(0, 4)))])
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 0.01)
        confidence = rng.random(len(found))
        all_of_them.append((found, confidence.round(1) if ties else confidence, true))
    return all_of_them


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_that_of_coco(seed: int, ties: bool) -> None:
    pictures = made(seed, ties)
    precision, recall = by_coco(pictures)
    one = np.ones((1, len(pictures)))
    assert 0.05 < precision.mean() < 0.95
    np.testing.assert_allclose(ranked(pictures).average_precision(one)[0], precision, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ranked(pictures).recall(one)[0], recall, rtol=0, atol=1e-12)


def test_with_every_confidence_fixed_it_is_that_of_coco() -> None:
    pictures = [(found, np.ones(len(found)), true) for found, _, true in made(7, ties=False)]
    np.testing.assert_allclose(
        ranked(pictures).average_precision(np.ones((1, len(pictures))))[0], by_coco(pictures)[0], rtol=0, atol=1e-12
    )


def test_a_weighted_picture_counts_as_so_many_of_it() -> None:
    """What the intervals rest on: a resample of the pictures, with repetitions, is the same pictures with weights."""
    pictures = made(8, ties=False)
    times = np.random.default_rng(8).integers(0, 4, size=(5, len(pictures)))
    for weights, average in zip(times, ranked(pictures).average_precision(times.astype(float)), strict=True):
        repeated = [picture for picture, count in zip(pictures, weights, strict=True) for _ in range(count)]
        np.testing.assert_allclose(average, by_coco(repeated)[0], rtol=0, atol=1e-12)


def test_worked_out_by_hand() -> None:
    """Two pictures, three true boxes; four detections: right, wrong, right, and a second one on a box that is taken.

    Precision along the list is 1, 1/2, 2/3, 1/2 at the recalls 1/3, 1/3, 2/3, 2/3. Interpolated it is 1 up to the
    recall 1/3 (0, .01, ..., .33: 34 points), 2/3 up to 2/3 (.34, ..., .66: 33 points), and 0 beyond.
    """
    square, other, far = [0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.9, 0.0, 1.0, 0.1]
    pictures = [
        (np.array([square, far]), np.array([0.9, 0.8]), np.array([square, other])),
        (np.array([other, other]), np.array([0.6, 0.7]), np.array([other])),
    ]
    average = ranked(pictures).average_precision(np.ones((1, 2)))[0]
    np.testing.assert_allclose(average, (34 * 1 + 33 * 2 / 3) / 101, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ranked(pictures).recall(np.ones((1, 2)))[0], 2 / 3)


def test_a_threshold_that_is_met_exactly_is_met() -> None:
    """Half of a box, at the threshold .50, and all of one."""
    whole = np.array([[0.0, 0.0, 1.0, 1.0]])
    half = np.array([[0.0, 0.0, 0.5, 1.0]])
    assert (match_boxes(half, np.ones(1), whole)[:, 0] >= 0).tolist() == [True] + [False] * 9
    assert match_boxes(whole, np.ones(1), whole)[:, 0].tolist() == [0] * 10


def test_the_most_confident_takes_its_box_first_and_each_box_is_taken_once() -> None:
    """The first in the list is the best box, but comes last by confidence; the other true box is then the only one."""
    true = np.array([[0.0, 0.0, 0.4, 0.4], [0.0, 0.1, 0.4, 0.5]])
    found = np.array([true[0], [0.0, 0.02, 0.4, 0.42]])
    assert match_boxes(found, np.array([0.1, 0.9]), true, THRESHOLDS[:1]).tolist() == [[1, 0]]
    assert match_boxes(found, np.array([0.9, 0.1]), true, THRESHOLDS[:1]).tolist() == [[0, 1]]
    assert match_boxes(found, np.array([0.5, 0.5]), true, THRESHOLDS[:1]).tolist() == [[0, 1]]


def test_nothing_found_and_nothing_to_find() -> None:
    none, some, one = np.zeros((0, 4)), np.array([[0.0, 0.0, 0.5, 0.5]]), np.ones((1, 1))
    missed = ranked([(none, np.zeros(0), some)])
    assert missed.average_precision(one).tolist() == [[0.0] * 10]
    assert missed.recall(one).tolist() == [[0.0] * 10]
    nothing = ranked([(some, np.ones(1), none)])
    assert np.isnan(nothing.average_precision(one)).all()
    assert np.isnan(nothing.recall(one)).all()


def test_boxes_without_area_overlap_nothing() -> None:
    empty, box = np.array([[0.2, 0.2, 0.2, 0.2]]), np.array([[0.0, 0.0, 0.5, 0.5]])
    assert overlap(empty, np.concatenate([empty, box])).tolist() == [[0.0, 0.0]]
