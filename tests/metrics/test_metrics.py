"""The metrics beside BPM, by hand on the toy bundle and in the toy world, and what the command line says of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from skimage import data, metrics

from editjudge import BundleError, InputError, InstructionError, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import GRAPHS, METRIC_GRAPHS
from editjudge.cli.main import run
from editjudge.metrics import METRICS
from editjudge.metrics.base import FormulaMetric
from editjudge.metrics.registry import parse_names, select_metrics
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.parser.result import UNKNOWN
from editjudge.types import EditIntent
from support import toy_world
from support.toy_world import COLOR, REMOVE, draw

NAMES = (
    "bpm", "l2", "lpips", "clip_i", "clip_t", "clip_directional", "dino", "dinov2", "ssim", "psnr", "clip_t_plus_i",
    "vifi_clip", "edit_clip",
    "dice_coherent", "dice_clip_i", "dice_clip_t",
    "reward", "reward_following", "reward_preserving", "reward_quality",
)  # fmt: skip
UNREAD = {
    "bpm", "clip_directional", "dice_coherent", "dice_clip_i", "dice_clip_t", "reward", "reward_following",
    "reward_preserving", "reward_quality",
}  # fmt: skip
"""What there is not without the intent."""
IN_TOY = tuple(name for name in NAMES if name != "edit_clip")
RED, BLUE = (np.full((48, 64, 3), colour, np.uint8) for colour in ((255, 0, 51), (0, 0, 255)))
RED_FEATURE, BLUE_FEATURE = np.array([2, -2, -1.2]), np.array([-2, -2, 2])
"""As the toy's CLIP, DINO and DINOv2 see them: (colour / 255 - 0.5) / 0.25."""
SWAP = EditIntent("replace", "cat", "dog")
CAT = data.chelsea()


def measure(
    scorer: Scorer, original: np.ndarray, edited: np.ndarray, instruction: str | EditIntent, names: object = "all"
) -> dict[str, float | None]:
    score = scorer.score(original, edited, instruction, metrics=names)
    return {name: result.value for name, result in score.metrics.items()}


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / math.sqrt((one @ one) * (other @ other)))


@pytest.fixture(scope="module")
def scorer(toy: Bundle) -> Scorer:
    return Scorer.load(toy.folder, "cpu", threads=1)


@pytest.fixture
def plain(toy: Bundle) -> Bundle:
    """The toy bundle without the models of metrics."""

    def without(entries: Mapping[str, Any]) -> dict[str, Any]:
        return {role: entry for role, entry in entries.items() if role not in METRIC_GRAPHS}

    manifest = toy.manifest
    return replace(toy, manifest=replace(manifest, files=without(manifest.files), settings=without(manifest.settings)))


def test_the_names_are_those_that_others_rely_on() -> None:
    specs = {metric.spec.name: metric.spec for metric in METRICS}
    assert tuple(specs) == NAMES
    assert {metric.spec.name for metric in METRICS if isinstance(metric, FormulaMetric)} == set(NAMES) - {
        "bpm",
        "reward",
        "vifi_clip",
        "edit_clip",
    }
    assert {name for name, spec in specs.items() if not spec.higher_is_better} == {"l2", "lpips"}
    assert specs["clip_t_plus_i"].parts == ("clip_t", "clip_i")


def test_all_by_hand(scorer: Scorer) -> None:
    result = measure(scorer, RED, BLUE, SWAP)
    assert tuple(result) == IN_TOY
    # The whole of one colour in another one is another tone to the pixels: no difference that could be asked for. And
    # they are too small for artefacts to be told.
    unmeasured = ["vifi_clip", "dice_coherent", "dice_clip_t", "reward_quality"]
    assert [name for name, value in result.items() if type(value) is not float] == unmeasured
    assert result["dice_coherent"] is result["dice_clip_t"] is result["vifi_clip"] is None
    assert result["bpm"] == scorer.score(RED, BLUE, SWAP).bpm
    assert result["l2"] == pytest.approx(math.sqrt((255**2 + 204**2) / 3) / 255, abs=1e-6)
    assert result["lpips"] == pytest.approx((2 + 0 + 1.6) / 3, abs=1e-4)
    alike = cosine(RED_FEATURE, BLUE_FEATURE)
    for name in ("clip_i", "dino", "dinov2", "dice_clip_i"):
        assert result[name] == pytest.approx(alike, abs=1e-6)
    # The toy counts tokens, cats and dogs: [CLS] dog [EOS].
    assert result["clip_t"] == pytest.approx(cosine(BLUE_FEATURE, np.array([3, 0, 1])), abs=1e-6)
    assert result["clip_t_plus_i"] == pytest.approx(result["clip_t"] + alike, abs=1e-6)
    change = BLUE_FEATURE / np.linalg.norm(BLUE_FEATURE) - RED_FEATURE / np.linalg.norm(RED_FEATURE)
    assert result["clip_directional"] == pytest.approx(cosine(change, np.array([0, -1, 1])), abs=1e-6)
    assert result["psnr"] == pytest.approx(10 * math.log10(255**2 * 3 / (255**2 + 204**2)), abs=1e-6)


def test_clip_t_takes_the_instruction_as_it_is(toy: Bundle, studio: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer.load(toy.folder, "cpu", threads=1)
    assert measure(scorer, RED, BLUE, EditIntent("remove", "cat", None), ["clip_t"]) == {"clip_t": None}
    monkeypatch.setattr(scorer, "_read", lambda instruction: UNKNOWN)
    result = measure(scorer, RED, BLUE, "Cat, dog.", ["clip_t"])  # [CLS] cat [UNK] dog . [EOS]
    assert result == {"clip_t": pytest.approx(cosine(BLUE_FEATURE, np.array([6, 1, 1])), abs=1e-6)}
    with pytest.raises(InstructionError, match="empty"):
        measure(Scorer(ModelSet(studio, "cpu", 1)), RED, BLUE, " ", ["clip_t"])


def test_the_directions_of_the_texts() -> None:
    """Of an add the target's, of a remove the source's reversed, of a move none, of a global edit the target's."""
    scorer = toy_world.scorer()
    clip = scorer.models.model(Clip)
    car, tower = ("red", "car", 60, 60), ("green", "tower", 150, 140)
    original = draw(car, tower)
    before = clip.images([original])[0]

    def directional(edited: np.ndarray, intent: EditIntent, wanted: np.ndarray) -> None:
        after = clip.images([edited])[0]
        change = after / np.linalg.norm(after) - before / np.linalg.norm(before)
        result = measure(scorer, original, edited, intent, ["clip_directional"])["clip_directional"]
        assert result == pytest.approx(cosine(change, wanted) if wanted.any() else 0.0, abs=1e-6)

    red_car, blue_car, tower_text, blue_box = (
        text / np.linalg.norm(text) for text in clip.texts(["red car", "blue car", "tower", "blue box"])
    )
    directional(draw(("blue", "car", 60, 60), tower), COLOR, blue_car - red_car)
    directional(draw(car), REMOVE, -tower_text)
    directional(draw(car, tower, ("blue", "box", 150, 60)), toy_world.ADD, blue_box)
    directional(draw(("red", "car", 150, 60), tower), toy_world.MOVE, np.zeros(6))
    directional(draw(("blue", "car", 60, 60)), EditIntent("style", "all", "blue car"), blue_car)


def test_equal_pictures_are_as_alike_as_can_be(scorer: Scorer) -> None:
    result = measure(scorer, RED, RED.copy(), SWAP)
    assert result["l2"] == result["lpips"] == result["clip_directional"] == 0.0
    assert result["clip_i"] == result["dino"] == result["dinov2"] == pytest.approx(1.0, abs=1e-6)
    assert result["psnr"] == math.inf


def test_pictures_of_other_sizes_are_brought_to_the_originals_frame(scorer: Scorer) -> None:
    large = np.full((700, 1100, 3), (255, 0, 51), np.uint8)
    result = measure(scorer, large, BLUE, SWAP, ["l2", "ssim", "lpips"])
    assert result["l2"] == pytest.approx(math.sqrt((255**2 + 204**2) / 3) / 255, abs=1e-6)
    assert result["lpips"] == pytest.approx(1.2, abs=1e-4)


def test_only_what_is_asked_for_is_opened_and_read(toy: Bundle) -> None:
    fresh = Scorer.load(toy.folder, "cpu", threads=1)
    assert set(measure(fresh, RED, BLUE, SWAP, ["ssim", "l2", "ssim"])) == {"ssim", "l2"}
    assert set(fresh.placements) == set(GRAPHS)
    measure(fresh, RED, BLUE, SWAP, ["dino"])
    assert set(fresh.placements) == {*GRAPHS, "dino"}
    # There is no parser, so nothing that has to read the instruction can be told.
    unread = {metric.spec.name for metric in select_metrics(None, toy, parsed=False)}
    assert unread == set(IN_TOY) - UNREAD
    with pytest.raises(BundleError, match="bpm needs a model of role parser, which bundle toy lacks; give the intent"):
        measure(fresh, RED, BLUE, "make it blue", ["bpm"])


def test_a_bundle_without_the_models(plain: Bundle) -> None:
    assert {metric.spec.name for metric in select_metrics(None, plain, parsed=True)} == set(IN_TOY) - {
        "lpips",
        "dino",
        "dinov2",
    }
    for role in ("lpips", "dino", "dinov2"):
        with pytest.raises(
            BundleError, match=rf"metric {role} needs .* bundle toy lacks; .*photo-lite --metrics {role}"
        ):
            select_metrics(["l2", role], plain, parsed=True)
        with pytest.raises(BundleError, match=f"has no file of role {role}"):
            plain.settings(role)


def test_names_that_are_none() -> None:
    assert parse_names("all") is None
    assert parse_names(" l2, ssim ,l2") == ("l2", "ssim")
    for text in ("", ",", "lips", "l2,all"):
        with pytest.raises(InputError, match=r"choose all or some of bpm, l2, lpips, .*"):
            parse_names(text)


@pytest.mark.parametrize("role", ["lpips", "dino", "dinov2"])
def test_a_model_and_its_settings_belong_together(role: str, toy: Bundle, tmp_path: Path) -> None:
    text = (toy.folder / "bundle.toml").read_text()
    for file in toy.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "bundle.toml").write_text(text.replace(f'role = "{role}"', f'role = "{role}"\nrole2 = ""'))
    with pytest.raises(BundleError, match="keys that are not known: role2"):
        Bundle.load(tmp_path)
    start = text.index(f"[{role}]")
    (tmp_path / "bundle.toml").write_text(text[:start] + text[text.index("\n[", start) + 1 :])
    with pytest.raises(BundleError, match=rf"section \[{role}\] and the file of role {role} belong together"):
        Bundle.load(tmp_path)


def test_a_crop_smaller_than_the_picture_it_is_cut_from(toy: Bundle) -> None:
    for change in ({"shorter": 15}, {"shorter": 20, "fit": "stretch"}):
        with pytest.raises(ValueError, match="shorter must be from size"):
            replace(toy.settings("dino"), **change)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    paths = [str(tmp_path_factory.mktemp("pictures") / name) for name in ("original.png", "edited.png")]
    for path, picture in zip(paths, (CAT, CAT // 2), strict=True):
        PIL.Image.fromarray(picture).save(path)
    return paths


def test_in_the_json_of_a_score(pictures: list[str], studio: Bundle, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["score", *pictures, "Make the picture darker.", "--json", "--metrics", "all"]) == 0
    report = json.loads(capfd.readouterr().out)
    lacking = [] if studio.has("edit_clip") else ["edit_clip"]
    assert report["metrics_left_out"] == ["lpips", "dino", "dinov2", *lacking]
    assert list(report["metrics"]) == [name for name in NAMES if name not in report["metrics_left_out"]]
    assert report["metrics"]["bpm"] == report["bpm"]
    frame = CAT, CAT // 2
    assert report["metrics"]["psnr"] == pytest.approx(metrics.peak_signal_noise_ratio(*frame))


@pytest.mark.parametrize(
    ("names", "status", "word"), [("lips", 2, "choose all or some"), ("lpips", 3, "bundle studio lacks")]
)
def test_what_cannot_be_measured(
    names: str, status: int, word: str, pictures: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", *pictures, "Make the picture darker.", "--metrics", names]) == status
    printed, error = capfd.readouterr()
    assert printed == ""
    assert error.count("\n") == 1
    assert word in error
