"""The stages on the embedded bundle: the trained detector, segmenter and CLIP, on the demo's pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.image.decode import load_image
from editjudge.image.transforms import crop_box, fit_frame
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from studio.renderer.world import COLOURS, NAMES


@pytest.fixture(scope="module")
def models(studio: Bundle) -> ModelSet:
    return ModelSet(studio, "cpu", threads=2)


@pytest.fixture(scope="module")
def detector(models: ModelSet) -> Detector:
    return models.model(Detector)


@pytest.fixture(scope="module")
def segmenter(models: ModelSet) -> Segmenter:
    return models.model(Segmenter)


@pytest.fixture(scope="module")
def clip(models: ModelSet) -> Clip:
    return models.model(Clip)


@pytest.fixture(scope="module")
def inputs() -> list[tuple[DemoInput, list[str], np.ndarray]]:
    """The demo's local edits: what they name, and the original in its frame."""
    examples = ((demo, named(demo.instruction), fit_frame(load_image(demo.original))) for demo in load_demo())
    return [example for example in examples if example[1]]


def named(instruction: str) -> list[str]:
    """The objects of the studio's world that an instruction names."""
    return [name for name in NAMES if re.search(rf"\b{name}\b", instruction.lower())]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_what_an_instruction_names_is_found_cut_out_and_recognised(
    inputs: list, detector: Detector, segmenter: Segmenter, clip: Clip
) -> None:
    names = clip.texts(list(NAMES))
    for demo, phrases, picture in inputs:
        objects = [
            detections
            for detections in detector.find([picture], [phrases])[0]
            if len(detections) and not detections.is_weak
        ]
        assert objects, demo.instruction
        boxes = np.stack([detections.boxes[0] for detections in objects])
        (masks,) = segmenter.segment([picture], [boxes])
        for detections, box, mask in zip(objects, boxes, masks, strict=True):
            rows, columns = crop_box(box, 1.0, picture.shape)
            assert 0.2 < mask[rows, columns].mean() <= 1.0, (demo.instruction, detections.phrase)
            (vector,) = clip.images([picture[crop_box(box, 1.2, picture.shape)]])
            likeness = [cosine(vector, name) for name in names]
            assert NAMES.index(detections.phrase) in np.argsort(likeness)[-3:], (demo.instruction, detections.phrase)


def test_what_is_not_shown_is_seldom_found(inputs: list, detector: Detector) -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _, phrases, picture in inputs:
        # Nothing says what else a scene shows: names drawn at random are nearly always absent.
        absent = [str(name) for name in rng.choice(sorted(set(NAMES) - set(phrases)), 6, replace=False)]
        alarms += sum(len(detector.find([picture], [[name]])[0][0]) > 0 for name in absent)
    assert alarms <= 0.2 * 6 * len(inputs)


def test_a_batch_is_what_its_pictures_are_alone(
    inputs: list, detector: Detector, segmenter: Segmenter, clip: Clip
) -> None:
    pictures = [picture for _, _, picture in inputs[:3]]
    phrases = [wanted for _, wanted, _ in inputs[:3]]
    together = detector.find(pictures, phrases)
    for picture, wanted, objects in zip(pictures, phrases, together, strict=True):
        for one, other in zip(detector.find([picture], [wanted])[0], objects, strict=True):
            np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)
    boxes = [np.array([[40, 40, 300, 300]], np.float32)] * 3
    for one, other in zip(pictures, segmenter.segment(pictures, boxes), strict=True):
        alone = segmenter.segment([one], boxes[:1])[0]
        assert (alone ^ other).mean() < 1e-3
    np.testing.assert_allclose(clip.images(pictures)[1], clip.images(pictures[1:2])[0], atol=1e-3)


def test_colours_are_told_apart(clip: Clip) -> None:
    vectors = clip.texts([f"{colour} car" for colour in COLOURS])
    plain = clip.texts(["car"])[0]
    for row in range(len(vectors)):
        for other in range(row):
            assert cosine(vectors[row] - plain, vectors[other] - plain) < 0.95


def test_nothing_is_out_of_the_vocabulary(studio: Bundle) -> None:
    vocabulary = studio.words("vocabulary") or frozenset()
    assert {word for name in (*NAMES, *COLOURS) for word in name.split()} <= vocabulary
