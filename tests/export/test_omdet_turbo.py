"""OmDet-Turbo: its graphs, a bundle of them, and that what is found is what transformers finds."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnxruntime as ort
import torch
from transformers import OmDetTurboForObjectDetection, PreTrainedTokenizerFast

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.manifest import read_manifest
from editjudge.errors import InputError
from editjudge.models.grounding_dino import Detector, MediumDetector
from editjudge.models.model_set import ModelSet
from editjudge.types import Detections, Image
from editjudge_export.architectures import omdet_turbo
from editjudge_export.build import build
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.cli import main
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.options import BuildOptions
from editjudge_export.recipe import read_recipe
from editjudge_export.verification.photographs import photographs
from support import tiny_recipe

pytestmark = pytest.mark.export

# By its name alone transformers gives something else where torchvision is missing, which only part of it needs.
processing = import_module("transformers.models.omdet_turbo.processing_omdet_turbo")

SIZES = {"height": 96, "width": 128, "text_length": 16}
THRESHOLD = 0.001
"""Random weights are sure of nothing."""
PHRASES = [["cat"], ["red car", "dog"], ["dog", "green ball", "cat", "moon"], ["fire hydrant", "cat"]]
WITHIN = 1e-3
"""Pixels of a photograph of 512, and scores."""


def write_recipe(folder: Path, checkpoints: dict[str, Path], **changes: object) -> Path:
    detector = {
        **tiny_recipe.USUAL["detector"], **SIZES, "architecture": "omdet-turbo", "windows": [64],
        "box_threshold": THRESHOLD, **changes,
    }  # fmt: skip
    return tiny_recipe.write_recipe(folder, checkpoints, {**tiny_recipe.USUAL, "detector": detector})


@pytest.fixture(scope="module")
def built(checkpoints: dict[str, Path], omdet_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, whose whole scores were compared with the reference's."""
    folder = tmp_path_factory.mktemp("omdet")
    recipe = write_recipe(folder, {**checkpoints, "detector": omdet_checkpoint})
    build(recipe, folder / "built", BuildOptions(pairs=2))
    return folder / "built"


@pytest.fixture(scope="module")
def models(built: Path) -> ModelSet:
    return ModelSet(Bundle.load(built), "cpu", threads=1)


def test_a_recipe_chooses_it(built: Path) -> None:
    manifest = read_manifest(built)
    assert manifest.detector.architecture == "omdet-turbo"
    roles = ("detector", "detector_medium", "detector_text")
    assert all(0 < manifest.files[role].parity < 1e-4 for role in roles)
    assert manifest.files["detector_data"].path == "detector.onnx.data"
    comparison = manifest.end_to_end
    assert comparison is not None
    assert comparison.found > 0
    assert comparison.boxes < 0.01


def test_graphs_have_their_contract(built: Path) -> None:
    def signature(name: str) -> dict[str, tuple[str, list[int | str]]]:
        session = ort.InferenceSession(str(built / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        return {one.name: (one.type, one.shape) for one in (*session.get_inputs(), *session.get_outputs())}

    for name, (height, width) in {"detector": (96, 128), "detector_medium": (64, 64)}.items():
        assert signature(name) == {
            "pixel_values": ("tensor(float)", ["batch", 3, height, width]),
            "class_embeds": ("tensor(float)", ["batch", "phrases", 32]),
            "task_embeds": ("tensor(float)", ["batch", "tokens", 32]),
            "task_mask": ("tensor(int64)", ["batch", "tokens"]),
            "logits": ("tensor(float)", ["batch", 12, "phrases"]),
            "pred_boxes": ("tensor(float)", ["batch", 12, 4]),
        }
    assert signature("detector_text") == {
        "input_ids": ("tensor(int64)", ["n", "tokens"]),
        "class_embeds": ("tensor(float)", ["n", 32]),
        "token_embeds": ("tensor(float)", ["n", "tokens", 32]),
    }


class Reference:
    """transformers' own steps; of its processor only the one for pictures needs no torchvision."""

    def __init__(self, checkpoint: Path, height: int, width: int) -> None:
        model = load_model(checkpoint, OmDetTurboForObjectDetection)
        self.model = omdet_turbo.give_size(model, height, width)
        self.process = omdet_turbo.omdet_processor(height, width, checkpoint)
        tokenizer = str(checkpoint / "tokenizer.json")
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=tokenizer, pad_token="[PAD]")

    @torch.inference_mode()
    def run(self, image: Image, phrases: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [Q, C] and boxes [Q, 4] in fractions."""
        texts = {"padding": "max_length", "truncation": True, "max_length": 16, "return_tensors": "pt"}
        classes = self.tokenizer(list(phrases), **texts)
        tasks = self.tokenizer(["Detect {}.".format(", ".join(phrases))], **texts)
        output = self.model(
            pixel_values=self.process([image], return_tensors="pt")["pixel_values"],
            classes_input_ids=classes["input_ids"],
            classes_attention_mask=classes["attention_mask"],
            tasks_input_ids=tasks["input_ids"],
            tasks_attention_mask=tasks["attention_mask"],
            classes_structure=torch.tensor([len(phrases)]),
        )
        return output.decoder_class_logits[0], output.decoder_coord_logits[0]


def suppress(boxes: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor, threshold: float) -> torch.Tensor:
    """torchvision's batched_nms by its definition: the best first, without those that overlap a better one."""
    kept: list[int] = []
    for one in scores.argsort(descending=True).tolist():
        low = torch.maximum(boxes[one, :2], boxes[kept, :2])
        high = torch.minimum(boxes[one, 2:], boxes[kept, 2:])
        both = (high - low).clamp(min=0).prod(dim=1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
        overlap = both / (areas[one] + areas[kept] - both)
        if not ((overlap > threshold) & (labels[kept] == labels[one])).any():
            kept.append(one)
    return torch.tensor(kept, dtype=torch.int64)


def find_by_transformers(
    logits: torch.Tensor, boxes: torch.Tensor, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per class its boxes and scores, each box given to the class that it fits best, as here."""
    monkeypatch.setattr(processing, "batched_nms", suppress, raising=False)
    best = logits.argmax(dim=1, keepdim=True)
    scores = torch.where(torch.arange(logits.shape[1]) == best, logits.sigmoid(), 0.0)
    labels = torch.arange(logits.shape[1]).repeat(len(logits))
    found, rated, named = processing._post_process_boxes_for_image(
        boxes, scores, labels, logits.shape[1], shape, THRESHOLD, 0.5
    )
    return [(found[named == label].numpy(), rated[named == label].numpy()) for label in range(logits.shape[1])]


def check_same(mine: Sequence[Detections], theirs: Sequence[tuple[np.ndarray, np.ndarray]]) -> int:
    """Compares what was found, phrase by phrase; returns how many boxes that were."""
    for detections, (boxes, scores) in zip(mine, theirs, strict=True):
        assert len(detections.boxes) == len(boxes)
        np.testing.assert_allclose(detections.scores, scores, atol=WITHIN)
        np.testing.assert_allclose(detections.boxes, boxes, atol=WITHIN * 512)
    return sum(len(boxes) for boxes, _ in theirs)


def test_what_is_found_is_what_transformers_finds(
    models: ModelSet, omdet_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, pictures = Reference(omdet_checkpoint, 96, 128), photographs(("coffee", "astronaut"))
    detector, compared = models.model(Detector), 0
    wanted = {
        (place, tuple(phrases)): find_by_transformers(*reference.run(picture, phrases), picture.shape[:2], monkeypatch)
        for place, picture in enumerate(pictures)
        for phrases in PHRASES
    }
    for phrases in PHRASES:
        for place, picture in enumerate(pictures):
            (alone,) = detector.find([picture], [phrases])
            compared += check_same(alone, wanted[place, tuple(phrases)])
    # Both at once, of fewer phrases and of more: nobody's answer depends on the other.
    for ours, others in pairwise(PHRASES):
        for place, found in enumerate(detector.find(pictures, [ours, others])):
            compared += check_same(found, wanted[place, tuple((ours, others)[place])])
    assert compared > 100


def test_queries_of_a_window_start_where_those_of_the_whole_do(omdet_checkpoint: Path) -> None:
    model = load_model(omdet_checkpoint, OmDetTurboForObjectDetection)
    anchors, usable = omdet_turbo.crop_anchors(model, (96, 128), 64)
    # (x + 0.5) / columns of the whole, rows alike; 0.05 of the picture, doubled by each level.
    places = [
        ((x + 0.5) * stride / 128, (y + 0.5) * stride / 96, 0.05 * 2**level, 0.05 * 2**level)
        for level, stride in enumerate((8, 16, 32))
        for y in range(64 // stride)
        for x in range(64 // stride)
    ]
    wanted = torch.tensor(places)
    inside = ((wanted > 0.01) & (wanted < 0.99)).all(dim=1)
    assert torch.equal(usable[0, :, 0], inside)
    torch.testing.assert_close(anchors[0, inside].sigmoid(), wanted[inside], atol=1e-6, rtol=0)


def test_a_window_of_the_whole_is_the_whole(omdet_checkpoint: Path) -> None:
    model = load_model(omdet_checkpoint, OmDetTurboForObjectDetection)
    whole = omdet_turbo.make_graph(model, 64, 64, 16)
    window = omdet_turbo.make_graph(model, 64, 64, 16, (64, 64))
    (inputs,) = whole.photograph_inputs(whole.photographs)
    with torch.inference_mode():
        for name, wanted in whole.reference(inputs).items():
            torch.testing.assert_close(window.reference(inputs)[name], wanted, atol=0, rtol=0)


def test_boxes_in_windows_are_in_their_pixels(models: ModelSet) -> None:
    picture = photographs(("coffee",))[0][:200, :160]
    ((found,),) = models.model(MediumDetector).find([picture], [["cat"]], [(300, 320)])
    ((twice,),) = models.model(MediumDetector).find([picture], [["cat"]], [(600, 640)])
    assert len(found.boxes) > 0
    np.testing.assert_allclose(twice.boxes, 2 * found.boxes, rtol=1e-4)


def test_a_phrase_named_twice_has_its_boxes_twice(models: ModelSet) -> None:
    (picture,) = photographs(("coffee",))
    ((first, other, again),) = models.model(Detector).find([picture], [["cat", "dog", "cat"]])
    ((cat, dog),) = models.model(Detector).find([picture], [["cat", "dog"]])
    for found, wanted in ((first, cat), (again, cat), (other, dog)):
        np.testing.assert_array_equal(found.boxes, wanted.boxes)


@pytest.mark.parametrize("precision", ["fp16", "fp16-weights"])
def test_it_exports_in_half_precision(precision: str, omdet_checkpoint: Path, tmp_path: Path) -> None:
    exported = omdet_turbo.export(omdet_checkpoint, tmp_path, precision, height=64, width=64, text_length=16)
    graphs: list[ExportedFile] = exported[:2]
    assert [file.precision for file in graphs] == [precision] * 2
    assert all(0 < file.rounding.largest < 0.01 for file in graphs)


def test_pixels_from_0_to_255(omdet_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text(
        '{"do_rescale": false, "image_mean": [123.675, 116.28, 103.53], "image_std": [58.395, 57.12, 57.375]}'
    )
    assert omdet_turbo.processor_settings(tmp_path) == tiny_recipe.IMAGENET
    whole = omdet_turbo.omdet_processor(64, 64, tmp_path)(photographs(), return_tensors="pt")["pixel_values"]
    usual = omdet_turbo.omdet_processor(64, 64)(photographs(), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(whole, usual, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height": 100}, "the size is 100 x 128 pixels; OmDet-Turbo takes multiples of 32"),
        ({"text_length": 21}, "the text length is 21 tokens; this OmDet-Turbo takes 4 to 20"),
        ({"windows": [48]}, "the size is 48 x 48 pixels; OmDet-Turbo takes multiples of 32"),
        ({"windows": [96]}, "a window of the detector has a side of 96 pixels; the whole has 96 x 128"),
    ],
)
def test_sizes_that_it_cannot_take(
    changes: dict[str, int | list[int]], message: str, omdet_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        omdet_turbo.export(omdet_checkpoint, tmp_path, **(SIZES | changes))
    assert not list(tmp_path.iterdir())


def test_a_tokenizer_whose_end_it_would_not_know(
    omdet_checkpoint: Path, detector_checkpoint: Path, tmp_path: Path
) -> None:
    for file in omdet_checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "tokenizer.json").write_bytes((detector_checkpoint / "tokenizer.json").read_bytes())
    with pytest.raises(InputError, match="ends no text with its last id, 1029"):
        omdet_turbo.export(tmp_path, tmp_path / "out", **SIZES)


def test_an_architecture_that_is_not_known(
    checkpoints: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, checkpoints, architecture="yolo")
    with pytest.raises(InputError, match=r"of \[detector\] is 'yolo'; it must be one of grounding-dino, omdet-turbo"):
        read_recipe(recipe)


def test_a_checkpoint_of_the_other_architecture(
    checkpoints: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, checkpoints)
    assert main(["bundle", str(recipe), str(tmp_path / "built")]) == 2
    assert "OmDetTurboModel needs 'omdet-turbo'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_published_size_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.common.random_checkpoints import save  # noqa: PLC0415

    checkpoint = save("omdet-turbo-swin-tiny-hf", tmp_path)
    detector, text, _ = omdet_turbo.export(checkpoint, tmp_path, height=320, width=320, text_length=77)
    assert detector.path.stat().st_size > 200e6
    assert 0 < detector.parity < 1e-4
    assert 0 < text.parity < 1e-4
