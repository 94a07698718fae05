"""Graphs for windows of pictures in a bundle: with the weights of the whole's, and each of the size that is listed."""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import name_weights_role, name_window_role
from support.damaged_bundles import MANIFEST, TOY, edit, put
from support.onnx_bytes import external, graph, model, node, value_info
from support.tiny_manifest import file_entry

WHOLE = ("detector", "sam_encoder", "sam_decoder")
ROLES = [name_window_role(whole, place) for whole in WHOLE for place in (0, 1)]
SIDES = {"detector": (12, 8), "sam_encoder": (16, 8), "sam_decoder": (16, 8)}
"""Of the windows; the toy bundle's own are 16 x 24, and 32 with masks of 16."""

Shapes = dict[str, list[int | str]]


def make_graph(whole: str, side: int, weights: str) -> bytes:
    """A graph that reads a file of weights, with the inputs and outputs of its kind for windows of a size."""
    pixels: Shapes = {"pixel_values": ["B", 3, side, side]}
    features: Shapes = {"image_embeddings": ["B", 3, side // 4, side // 4]}
    ports: dict[str, tuple[Shapes, Shapes]] = {
        "detector": (pixels, {"logits": ["B", 4, 12], "pred_boxes": ["B", 4, 4]}),
        "sam_encoder": (pixels, features),
        "sam_decoder": (
            {**features, "input_boxes": ["B", "N", 4]},
            {"pred_masks": ["B", "N", side // 2, side // 2], "iou_scores": ["B", "N"]},
        ),
    }
    inputs, outputs = ports[whole]
    nodes = [node("Mul", f"{next(iter(inputs))} w", name) for name in outputs]
    infos = ([value_info(name, shape) for name, shape in shapes.items()] for shapes in (inputs, outputs))
    return model(graph(nodes, *infos, external("w", [1], weights)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The toy bundle with two sizes of windows, to be damaged."""
    folder = Path(shutil.copytree(TOY, tmp_path / "copy"))
    edit(folder, r"(?<=text_threshold = 0.25\n)", "windows = [12, 8]\n")
    edit(folder, r"(?<=mask_size = 16\nthreshold = 0.0\n)", "windows = [16, 8]\n")
    files = {f"{whole}_data": (f"{whole}.onnx.data", struct.pack("<f", 1.0)) for whole in WHOLE}
    for whole in WHOLE:
        for place, side in enumerate(SIDES[whole]):
            role = name_window_role(whole, place)
            files[role] = (f"{role}.onnx", make_graph(whole, side, f"{whole}.onnx.data"))
    for role, (name, content) in files.items():
        (folder / name).write_bytes(content)
        add_entry(folder, role, name, content)
    return folder


def add_entry(folder: Path, role: str, name: str, content: bytes) -> None:
    with (folder / MANIFEST).open("a", encoding="utf-8") as stream:
        stream.write(file_entry(role, name, content))


def remove_entry(folder: Path, role: str) -> None:
    edit(folder, rf'\[\[file\]\]\nrole = "{role}"\n(.+\n)*', "")


def change_windows(folder: Path, section: str, sides: str) -> None:
    """Writes other sides of windows into a section of the manifest."""
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    changed, count = re.subn(rf"(\n\[{section}\]\n(?:.+\n)*?)windows = .*", rf"\g<1>windows = {sides}", text)
    assert count == 1
    (folder / MANIFEST).write_text(changed, encoding="utf-8")


def test_the_graphs_of_a_model_read_one_file(folder: Path) -> None:
    bundle = Bundle.load(folder)
    bundle.verify()
    assert (bundle.detector.windows, bundle.segmenter.windows) == ((12, 8), (16, 8))
    for whole in WHOLE:
        weights = bundle.manifest.files[f"{whole}_data"].sha256
        for role in (whole, name_window_role(whole, 0), name_window_role(whole, 1)):
            assert name_weights_role(role) == f"{whole}_data"
            assert bundle.graph(role).digest == f"{bundle.manifest.files[role].sha256} {weights}"


def test_each_of_the_studio_takes_its_size(studio: Bundle) -> None:
    assert studio.segmenter.windows
    for place, side in enumerate(studio.segmenter.windows):
        encoder, decoder = (
            open_model(studio.graph(name_window_role(role, place)), "cpu") for role in ("sam_encoder", "sam_decoder")
        )
        pixels = np.random.default_rng(0).standard_normal((2, 3, side, side), np.float32)
        features = encoder.run({"pixel_values": pixels})["image_embeddings"]
        assert features.shape == (2, 64, side // 8, side // 8)
        boxes = np.array([[[4, 4, 40, 50]]] * 2, np.float32)
        found = decoder.run({"image_embeddings": features, "input_boxes": boxes})
        assert found["pred_masks"].shape == (2, 1, side // 2, side // 2)


@pytest.mark.parametrize("role", ROLES)
def test_a_size_without_its_graph(role: str, folder: Path) -> None:
    remove_entry(folder, role)
    section = "detector" if role.startswith("detector") else "segmenter"
    found = rf"section \[{section}\] has 2 sizes of windows, and there is no file of role {role}; they belong together"
    with pytest.raises(BundleError, match=found):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("section", "sides", "found"),
    [
        ("detector", "[12]", r"\[detector\] has 1 sizes of windows, and there is a file of role detector_small; they"),
        ("detector", "[]", r"\[detector\] has 0 sizes of windows, and there is a file of role detector_medium; they"),
        ("segmenter", "[16]", r"\[segmenter\] has 1 sizes of windows, and there is a file of role sam_encoder_small"),
        ("detector", "[8, 12]", r"windows must fall, and be under 16, not \[8, 12\]"),
        ("detector", "[16, 8]", "windows must fall, and be under 16"),
        ("detector", "[12, 8, 4]", "windows must be at most 2, not 3"),
        ("segmenter", "[17, 8]", "windows must be multiples of 2"),
        ("segmenter", "[16, 0]", "it must be from 1 to 2,048"),
        ("segmenter", "16", "must be a list"),
    ],
)
def test_sizes_that_do_not_fit(section: str, sides: str, found: str, folder: Path) -> None:
    change_windows(folder, section, sides)
    with pytest.raises(BundleError, match=found):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("section", "sides", "role", "found"),
    [
        ("detector", "[14, 8]", "detector_medium", "pixel_values is n x 3 x 12 x 12, and by the manifest n x 3 x 14"),
        ("segmenter", "[16, 4]", "sam_encoder_small", "pixel_values is n x 3 x 8 x 8, and by the manifest n x 3 x 4"),
        ("segmenter", "[16, 4]", "sam_decoder_small", "pred_masks is n x n x 4 x 4, and by the manifest n x n x 2 x 2"),
    ],
)
def test_a_graph_of_another_size(section: str, sides: str, role: str, found: str, folder: Path) -> None:
    change_windows(folder, section, sides)
    with pytest.raises(BundleError, match=found):
        Bundle.load(folder).file(role)


def test_masks_of_another_size(folder: Path) -> None:
    edit(folder, "mask_size = 16", "mask_size = 32")
    with pytest.raises(BundleError, match="pred_masks is n x n x 16 x 16, and by the manifest n x n x 32 x 32"):
        Bundle.load(folder).file("sam_decoder")


def test_a_graph_of_another_model(folder: Path) -> None:
    put(folder, "sam_encoder_small.onnx", make_graph("sam_encoder", 8, "sam_decoder.onnx.data"))
    with pytest.raises(
        BundleError, match=r"sam_encoder_small\.onnx is refused: it reads the file 'sam_decoder\.onnx\.da"
    ):
        Bundle.load(folder).file("sam_encoder_small")
    put(folder, "sam_decoder_small.onnx", make_graph("sam_encoder", 8, "sam_decoder.onnx.data"))
    with pytest.raises(BundleError, match=r"sam_decoder_small\.onnx is refused: it has no output pred_masks"):
        Bundle.load(folder).file("sam_decoder_small")


def test_weights_that_are_not_listed(folder: Path) -> None:
    remove_entry(folder, "detector_data")
    with pytest.raises(BundleError, match=r"detector_small\.onnx is refused: it reads the file 'detector\.onnx\.data'"):
        Bundle.load(folder).file("detector_small")


def test_damaged_weights_are_found_by_each_graph(folder: Path) -> None:
    (folder / "sam_encoder.onnx.data").write_bytes(struct.pack("<f", 2.0))
    for role in ("sam_encoder", "sam_encoder_medium", "sam_encoder_small"):
        with pytest.raises(BundleError, match=r"sam_encoder\.onnx\.data is damaged"):
            Bundle.load(folder).file(role)
