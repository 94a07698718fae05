"""Captions and their masks, and the boxes that are read off the detector's outputs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from tokenizers import Tokenizer

from editjudge import BundleError, InstructionError
from editjudge.bundles.bundle import Bundle
from editjudge.image.boxes import iou_with, suppress_overlaps, to_corners
from editjudge.models.grounding_dino import MOST, Detector, claims, fitted_shape, picture_inputs, sigmoid
from editjudge.models.grounding_dino_text import CaptionTokenizer, phrase_masks
from editjudge.models.model_set import ModelSet

# From transformers 4.57.6, for captions of BERT's vocabulary ([CLS] 101, [SEP] 102, "." 1012, "?" 1029):
#   from transformers.models.grounding_dino.modeling_grounding_dino import (
#       generate_masks_with_special_tokens_and_transfer_map as generate)
#   mask, positions = generate(torch.tensor(IDS))
DELIMITERS = np.array([101, 102, 1012, 1029])
IDS = np.array(
    [
        [101, 4937, 1012, 2630, 3899, 1012, 102, 0, 0, 0],
        [101, 2417, 4937, 2068, 1029, 5, 6, 1012, 4, 102],
        [101, 9, 8, 1012, 102, 0, 0, 0, 0, 0],
        [101, 7, 7, 7, 7, 7, 7, 7, 7, 1012],
    ]
)
POSITIONS = [
    [0, 0, 1, 0, 1, 2, 0, 0, 0, 0],
    [0, 0, 1, 2, 3, 0, 1, 2, 0, 0],
    [0, 0, 1, 2, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]
MASKS = """
1000000000 0110000000 0110000000 0001110000 0001110000 0001110000 0000001000 0000000100 0000000010 0000000001
1000000000 0111100000 0111100000 0111100000 0111100000 0000011100 0000011100 0000011100 0000000010 0000000001
1000000000 0111000000 0111000000 0111000000 0000100000 0000010000 0000001000 0000000100 0000000010 0000000001
1000000000 0100000000 0010000000 0001000000 0000100000 0000010000 0000001000 0000000100 0000000010 0000000001
"""


@pytest.fixture(scope="module")
def detector(toy: Bundle) -> Detector:
    return ModelSet(toy, "cpu", threads=1).model(Detector)


@pytest.fixture(scope="module")
def tokenizer(toy: Bundle) -> CaptionTokenizer:
    return CaptionTokenizer(toy.file("detector_tokenizer"), toy.detector.text_length)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (100, 200, 3), dtype=np.uint8)


def test_masks_and_positions_are_those_of_transformers() -> None:
    mask, positions = phrase_masks(IDS, DELIMITERS)
    wanted = [[list(map(int, row)) for row in line.split()] for line in MASKS.strip().splitlines()]
    np.testing.assert_array_equal(mask.astype(int), wanted)
    np.testing.assert_array_equal(positions, POSITIONS)


def test_a_caption_is_what_the_tokenizer_makes_of_the_joined_phrases(toy: Bundle, tokenizer: CaptionTokenizer) -> None:
    caption = tokenizer.caption(["Blue hydrant", "dog"])
    whole = Tokenizer.from_file(str(toy.file("detector_tokenizer"))).encode("blue hydrant . dog .")
    assert caption.input_ids.tolist() == whole.ids + [0] * (12 - len(whole.ids))
    assert [caption.input_ids[span].tolist() for span in caption.spans] == [[8, 9, 10], [7]]


def test_inputs_of_a_batch(tokenizer: CaptionTokenizer) -> None:
    inputs = tokenizer.inputs([tokenizer.caption(["cat"]), tokenizer.caption(["blue hydrant", "dog"])])
    assert {name: array.dtype.name for name, array in inputs.items()} == {
        "input_ids": "int64",
        "attention_mask": "int64",
        "token_type_ids": "int64",
        "position_ids": "int64",
        "text_self_attention_mask": "bool",
    }
    assert inputs["input_ids"].tolist() == [
        [2, 6, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0],
        [2, 8, 9, 10, 4, 7, 4, 3, 0, 0, 0, 0],
    ]
    assert inputs["attention_mask"].sum(axis=1).tolist() == [4, 8]
    assert inputs["position_ids"][1].tolist() == [0, 0, 1, 2, 3, 0, 1, 0, 0, 0, 0, 0]


def test_a_dot_in_a_phrase_does_not_end_it(tokenizer: CaptionTokenizer) -> None:
    assert tokenizer.caption(["cat. dog?"]).input_ids.tolist() == tokenizer.caption(["cat dog"]).input_ids.tolist()


@pytest.mark.parametrize("phrase", ["", " ", ".", "\x00\x1f", "?!"[:1]])
def test_a_phrase_that_names_nothing(tokenizer: CaptionTokenizer, phrase: str) -> None:
    with pytest.raises(InstructionError, match="names nothing"):
        tokenizer.caption([phrase])


def test_a_caption_that_is_too_long_names_the_phrase(tokenizer: CaptionTokenizer) -> None:
    assert len(tokenizer.caption(["cat " * 9]).input_ids) == 12
    with pytest.raises(InstructionError, match=r"'cat cat .*too long .* 12 tokens"):
        tokenizer.caption(["cat " * 10])
    with pytest.raises(InstructionError, match=r"the phrase 'dog dog dog dog' is too long .*'cat .* \. dog"):
        tokenizer.caption(["cat cat cat cat cat", "dog dog dog dog"])
    with pytest.raises(InstructionError) as caught:
        tokenizer.caption(["cat " * 5000])
    assert len(str(caught.value)) < 400


def test_a_file_that_is_no_tokenizer(toy: Bundle) -> None:
    with pytest.raises(BundleError, match="is not a tokenizer"):
        CaptionTokenizer(toy.folder / "bundle.toml", 12)


def test_padded_pictures(toy: Bundle) -> None:
    """The transformers' own answer is in tests/export/test_preprocessing.py; here what needs no torch."""
    settings = replace(toy.detector, height=24, width=24, fit="pad")
    white = np.full((30, 60, 3), 255, np.uint8)
    inputs = picture_inputs([white, white.transpose(1, 0, 2)], settings)
    assert inputs["pixel_values"].shape == (2, 3, 24, 24)
    assert inputs["pixel_mask"].dtype == np.int64
    wide, tall = inputs["pixel_mask"]
    assert wide[:12].all()
    assert not wide[12:].any()
    np.testing.assert_array_equal(wide, tall.T)
    np.testing.assert_allclose(inputs["pixel_values"][:, 0], 2 * inputs["pixel_mask"], atol=1e-6)  # white is 2


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((100, 100), (24, 24)),
        ((100, 50), (24, 12)),
        ((100, 1), (24, 1)),  # a sliver keeps a pixel
        ((20, 22), (22, 23)),  # 24 / 22 x 20, and back, is a hair under 24
        ((24, 1000), (1, 24)),
        ((1, 40), (1, 24)),
        ((1, 21), (1, 21)),  # the shorter side has its length already
    ],
)
def test_the_size_of_a_picture_in_a_square(shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert fitted_shape(shape, 24) == wanted
    assert fitted_shape(shape[::-1], 24) == wanted[::-1]


def test_boxes_are_found_by_name(detector: Detector, picture: np.ndarray) -> None:
    ((cats, dogs),) = detector.find([picture], [["cat", "dog"]])
    # Boxes of the toy's graph, moved right by 1 / 100 for the dot's position id of 1.
    np.testing.assert_allclose(cats.boxes, [[22, 10, 102, 50]], atol=1e-4)
    np.testing.assert_allclose(cats.scores, [1 / (1 + np.exp(-3))], rtol=1e-6)
    np.testing.assert_allclose(dogs.boxes, [[122, 10, 162, 90]], atol=1e-4)
    np.testing.assert_allclose(dogs.scores, [1 / (1 + np.exp(-1))], rtol=1e-6)
    assert (cats.phrase, cats.boxes.dtype, cats.scores.dtype) == ("cat", np.float32, np.float32)


def test_a_box_belongs_to_the_phrase_that_fits_best(detector: Detector, picture: np.ndarray) -> None:
    """Both boxes score high for both phrases, by their noun; the second is blue."""
    for phrases in (["cat", "blue cat"], ["blue cat", "cat"]):
        (objects,) = detector.find([picture], [phrases])
        plain, blue = sorted(objects, key=lambda detections: len(detections.phrase))
        assert len(plain) == len(blue) == 1
        assert plain.boxes[0, 0] < blue.boxes[0, 0]


def test_an_adjective_alone_is_no_match_where_another_phrase_fits(detector: Detector, picture: np.ndarray) -> None:
    ((alone,),) = detector.find([picture], [["blue hydrant"]])
    ((cats, beside),) = detector.find([picture], [["cat", "blue hydrant"]])
    assert (len(alone), len(cats), len(beside)) == (1, 1, 0)


def test_a_batch_is_what_its_pictures_are_alone(detector: Detector, picture: np.ndarray) -> None:
    pictures = [picture, picture[:40, :30], picture]
    phrases = [["cat", "dog"], ["blue cat"], []]
    together = detector.find(pictures, phrases)
    alone = [detector.find([one], [wanted])[0] for one, wanted in zip(pictures, phrases, strict=True)]
    assert [len(objects) for objects in together] == [2, 1, 0]
    for one, other in zip(together, alone, strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_allclose(left.boxes, right.boxes, atol=1e-4)
            np.testing.assert_allclose(left.scores, right.scores, atol=1e-6)


def test_nothing_is_asked_for(detector: Detector, picture: np.ndarray) -> None:
    assert detector.find([picture, picture], [[], []]) == [[], []]
    assert detector.find([], []) == []


def test_a_phrase_that_is_named_twice_is_found_twice(detector: Detector, picture: np.ndarray) -> None:
    ((first, second),) = detector.find([picture], [["cat", "cat"]])
    assert len(first) == 1
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_what_is_not_there_is_not_found(detector: Detector, picture: np.ndarray) -> None:
    ((nothing,),) = detector.find([picture], [["hydrant"]])
    assert nothing.boxes.shape == (0, 4)


def test_a_detector_is_shared_by_threads(detector: Detector, picture: np.ndarray) -> None:
    wanted = [["cat"], ["dog"], ["blue hydrant", "dog"], ["cat", "dog"]] * 8
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda phrases: detector.find([picture], [phrases])[0], wanted))
    assert [[len(detections) for detections in one] for one in results] == [[1], [1], [1, 1], [1, 1]] * 8


def test_padding_scores_nothing() -> None:
    scores = sigmoid(np.array([[-np.inf, 0, 1, -1e9, 1e9]], np.float32))
    np.testing.assert_allclose(scores, [[0, 0.5, 1 / (1 + np.exp(-1)), 0, 1]], rtol=1e-6, atol=1e-9)


def test_claims() -> None:
    """Phrases: "car", "blue car"; boxes: a red car, a blue car."""
    tokens = np.array([[0.90, 0.1, 0.92], [0.92, 0.8, 0.90]], np.float32)
    np.testing.assert_allclose(claims(tokens, (slice(0, 1), slice(1, 3)), 0.25), [[0.65, 0.52], [0.67, 1.2]], rtol=1e-6)


def test_corners_are_clipped_to_the_picture() -> None:
    boxes = np.array([[0.5, 0.5, 0.5, 1.0], [0.0, 1.0, 0.4, 0.4]], np.float32)
    np.testing.assert_allclose(to_corners(boxes, 80, 40), [[20, 0, 60, 40], [0, 32, 16, 40]], rtol=1e-6)


def test_overlaps() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 6.9], [20, 0, 30, 10], [5, 5, 5, 5]], np.float32)
    np.testing.assert_allclose(iou_with(boxes[0], boxes), [1, 0.8, 0.69, 0, 0], rtol=1e-5)
    assert suppress_overlaps(boxes, 0.7, 9).tolist() == [0, 2, 3, 4]
    assert suppress_overlaps(boxes, 0.7, 3).tolist() == [0, 2, 3]
    assert suppress_overlaps(boxes[:0], 0.7, 9).tolist() == []


def test_of_very_many_boxes_the_best_count(detector: Detector) -> None:
    """A hundred objects side by side, each better than the one before."""
    left = np.arange(100, dtype=np.float32)
    corners = np.stack([left, left * 0, left + 1, left * 0 + 1], axis=1)
    tokens = np.linspace(0.5, 0.9, 100, dtype=np.float32)[:, None]
    detections = detector._select(["cat"], tokens, [slice(0, 1)], corners)["cat"]
    assert detections.boxes[:, 0].tolist() == list(range(99, 99 - MOST, -1))
