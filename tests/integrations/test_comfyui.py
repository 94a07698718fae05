"""The nodes of ComfyUI: by its contract, on real edits, every item of a batch."""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from editjudge import ImageError, InputError, Scorer
from editjudge.datasets.demo import load_demo
from editjudge.guidance import find_mask

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
from support.comfy_contract import call_node, check_node, load_pack, run_workflow  # noqa: E402

FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
PACK = load_pack(FOLDER)
NODES = PACK.NODE_CLASS_MAPPINGS
COLOR = next(demo for demo in load_demo() if demo.id == "color")
LABELS = ["nothing changed", "right object, wrong place or size", "well done"]
FILES = [next(one.file for one in COLOR.candidates if one.label == label) for label in LABELS]


def read(*files: Path) -> Any:
    """The files as ComfyUI's LoadImage gives them: float32[B, H, W, 3] from 0 to 1."""
    arrays = [cv2.imread(str(file))[..., ::-1].astype(np.float32) / 255 for file in files]
    return torch.from_numpy(np.stack(arrays))


@pytest.fixture(scope="module")
def scores() -> list[Any]:
    scorer = Scorer.load("studio")
    return [scorer.score(COLOR.original, file, COLOR.instruction) for file in FILES]


def test_the_pack_keeps_the_contract() -> None:
    assert set(NODES) == set(PACK.NODE_DISPLAY_NAME_MAPPINGS) == {"EditJudgeScore", "EditJudgeRank", "EditJudgeMask"}
    for node in NODES.values():
        check_node(node)


def test_the_registry_can_read_what_it_is() -> None:
    content = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    assert re.fullmatch(r"[a-zA-Z](?:[-_.]?[a-zA-Z0-9])*", project["name"])
    assert len(project["name"]) < 100
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    ours = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["version"], project["dependencies"]) == (ours["version"], [ours["name"]])
    assert project["license"].keys() <= {"file", "text"}
    assert {"PublisherId", "DisplayName"} <= content["tool"]["comfy"].keys()


def test_every_item_of_a_batch_is_scored(scores: list[Any]) -> None:
    edited = read(*FILES)
    bpm, probability, decisions, headlines, texts = call_node(
        NODES["EditJudgeScore"], original=[read(COLOR.original)], edited=[edited], instruction=[COLOR.instruction]
    )
    assert bpm == pytest.approx([score.bpm for score in scores], abs=2e-3)
    assert probability == pytest.approx([score.verdict.probability for score in scores], abs=1e-2)
    assert decisions == [score.verdict.decision for score in scores] == ["reject", "unsure", "accept"]
    assert headlines == [score.headline for score in scores]
    assert [json.loads(text)["verdict"]["decision"] for text in texts] == decisions
    pairs = call_node(
        NODES["EditJudgeScore"],
        original=[read(*[COLOR.original] * 3)],
        edited=[edited],
        instruction=[COLOR.instruction],
    )
    assert pairs[0] == pytest.approx(bpm, abs=2e-3)


def test_what_was_not_measured_is_nan_and_no_0() -> None:
    unknown = {"original": [read(COLOR.original)], "instruction": ["make the hippopotamus blue"]}
    bpm, probability, decisions, _, texts = call_node(NODES["EditJudgeScore"], edited=[read(FILES[2])], **unknown)
    assert math.isnan(bpm[0])
    assert math.isnan(probability[0])
    assert decisions == ["not_judged"]
    assert json.loads(texts[0])["bpm"] is None
    ranked = call_node(NODES["EditJudgeRank"], edited=[read(*FILES)], **unknown)
    assert all(map(math.isnan, ranked[3]))
    assert sorted(ranked[2]) == [0, 1, 2]


def test_rank_gives_the_best_and_the_order(scores: list[Any]) -> None:
    edited = read(*FILES)
    best, ranked, order, bpm, headlines = call_node(
        NODES["EditJudgeRank"], original=[read(COLOR.original)], edited=[edited], instruction=[COLOR.instruction]
    )
    assert order == [2, 1, 0]
    torch.testing.assert_close(best[0], edited[2:], atol=0, rtol=0)
    torch.testing.assert_close(ranked[0], edited.flip(0), atol=0, rtol=0)
    assert bpm == pytest.approx([score.bpm for score in reversed(scores)], abs=2e-3)
    assert headlines == [score.headline for score in reversed(scores)]
    with pytest.raises(InputError, match="there are 2 originals; give one"):
        call_node(NODES["EditJudgeRank"], original=[read(*FILES[:2])], edited=[edited], instruction=[COLOR.instruction])


def test_masks_are_as_large_as_the_original(scores: list[Any]) -> None:
    masks, notes = call_node(
        NODES["EditJudgeMask"], original=[read(COLOR.original)], edited=[read(*FILES)], instruction=[COLOR.instruction]
    )
    (mask,) = masks
    height, width = cv2.imread(str(COLOR.original)).shape[:2]
    assert (tuple(mask.shape), mask.dtype) == ((3, height, width), torch.float32)
    expected = find_mask(scores[2]).mask > 0
    assert np.mean((mask[2].numpy() > 0) != expected) < 0.002
    assert set(np.unique(mask.numpy())) == {0.0, 1.0}
    assert not mask[0].any()
    assert notes[0].startswith("there is no region to write: nothing was edited")
    assert notes[2] == ""


def test_what_resizing_leads_beyond_the_range_is_clipped() -> None:
    given = {"original": [read(COLOR.original)], "instruction": [COLOR.instruction]}
    beyond = read(FILES[2]) * 1.1 - 0.05
    assert beyond.min() < 0
    (bpm, *_) = call_node(NODES["EditJudgeScore"], edited=[beyond], **given)
    assert bpm[0] > 1.5


@pytest.mark.parametrize(
    ("convert", "words"),
    [
        (lambda pictures: (pictures * 255).to(torch.uint8), r"of torch\.uint8; give an IMAGE, of floats from 0 to 1"),
        (lambda pictures: pictures * 255, "not from 0 to 1; if they go from 0 to 255"),
        (lambda pictures: pictures * 2 - 1, "not from 0 to 1; if they go from -1 to 1"),
        (lambda pictures: pictures * 1.4 - 0.2, "not from 0 to 1"),
        (lambda pictures: pictures * math.nan, "the floats hold NaN"),
    ],
    ids=["uint8", "255", "signed", "beyond", "nan"],
)
def test_another_range_is_refused_on_both_sides(convert: Any, words: str) -> None:
    good, bad = read(COLOR.original), convert(read(FILES[2]))
    for node in NODES.values():
        for original, edited in ((good, bad), (bad, good)):
            with pytest.raises(ImageError, match=words):
                call_node(node, original=[original], edited=[edited], instruction=[COLOR.instruction])


def test_other_axes_and_numbers_of_pictures_are_refused() -> None:
    given = {"original": [read(COLOR.original)], "instruction": [COLOR.instruction]}
    with pytest.raises(InputError, match=r"a tensor \[32, 48, 3\]; give an IMAGE"):
        call_node(NODES["EditJudgeScore"], edited=[torch.zeros(32, 48, 3)], **given)
    with pytest.raises(InputError, match="there are 2 originals and 3 edited pictures; give one original or as many"):
        call_node(
            NODES["EditJudgeMask"], original=[read(*FILES[:2])], edited=[read(*FILES)], instruction=[COLOR.instruction]
        )


def test_it_runs_again_once_the_bundle_is_another(tmp_path: Path) -> None:
    node = NODES["EditJudgeScore"]
    toy = tmp_path / "toy"
    for file in (Path(__file__).parents[1] / "fixtures" / "toy").rglob("*"):
        if file.is_file():
            (toy / file.relative_to(file.parents[0])).parent.mkdir(parents=True, exist_ok=True)
            (toy / file.name).write_bytes(file.read_bytes())
    before = node.IS_CHANGED(original=None, edited=None, instruction="make it blue", bundle=str(toy), device="cpu")
    assert node.IS_CHANGED(bundle=str(toy)) == before
    manifest = toy / "bundle.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n# built anew\n", encoding="utf-8")
    assert node.IS_CHANGED(bundle=str(toy)) != before
    assert node.VALIDATE_INPUTS(bundle=str(toy)) is True
    assert node.VALIDATE_INPUTS(bundle=None) is True  # which another node gives
    assert "no bundle" in node.VALIDATE_INPUTS(bundle="nowhere")


class LoadImage:
    """As ComfyUI's own: a picture of its input folder, and a mask."""

    folder: ClassVar[Path]
    RETURN_TYPES = ("IMAGE", "MASK")
    CATEGORY = "image"
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {"required": {"image": ("STRING", {})}}

    def load(self, image: str) -> tuple[Any, Any]:
        pictures = read(self.folder / image)
        return pictures, torch.zeros(pictures.shape[:3])


class ImageBatch:
    """As ComfyUI's own."""

    RETURN_TYPES = ("IMAGE",)
    CATEGORY = "image"
    FUNCTION = "batch"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {"required": {"image1": ("IMAGE",), "image2": ("IMAGE",)}}

    def batch(self, image1: Any, image2: Any) -> tuple[Any]:
        return (torch.cat([image1, image2]),)


class MaskToImage:
    """As ComfyUI's own."""

    RETURN_TYPES = ("IMAGE",)
    CATEGORY = "mask"
    FUNCTION = "paint"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {"required": {"mask": ("MASK",)}}

    def paint(self, mask: Any) -> tuple[Any]:
        return (mask[..., None].expand(-1, -1, -1, 3),)


class PreviewImage:
    """As ComfyUI's own, which shows what it is given."""

    RETURN_TYPES = ()
    CATEGORY = "image"
    FUNCTION = "show"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {"required": {"images": ("IMAGE",)}}

    def show(self, images: Any) -> tuple[()]:
        assert images.ndim == 4
        return ()


def test_the_example_workflow_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, file in (("original.png", COLOR.original), ("edited_1.png", FILES[1]), ("edited_2.png", FILES[2])):
        cv2.imwrite(str(tmp_path / name), cv2.imread(str(file)))
    monkeypatch.setattr(LoadImage, "folder", tmp_path, raising=False)
    core = {kind.__name__: kind for kind in (LoadImage, ImageBatch, MaskToImage, PreviewImage)}
    workflow = json.loads((FOLDER / "example_workflows" / "edit_and_rank.json").read_text(encoding="utf-8"))
    outputs = run_workflow(workflow, {**core, **NODES})
    by_type = {entry["type"]: outputs[entry["id"]] for entry in workflow["nodes"]}
    assert by_type["EditJudgeRank"][2] == [1, 0]
    torch.testing.assert_close(by_type["EditJudgeRank"][0][0], read(FILES[2]), atol=1e-6, rtol=0)
    assert by_type["EditJudgeScore"][2] == ["unsure", "accept"]
    assert by_type["EditJudgeMask"][0][0].shape[0] == 1
