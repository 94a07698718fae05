"""The metrics beside BPM: by hand on the toy bundle, and against scikit-image where it has them."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import flatland
import numpy as np
import PIL.Image
import pytest
from flatland import COLOR, REMOVE, draw
from rich.console import Console
from skimage import data, metrics

from editjudge import BundleError, InputError, InstructionError, Scorer
from editjudge.bundle import Bundle
from editjudge.cli import run
from editjudge.metrics import METRICS, pixels
from editjudge.metrics.baselines import FORMULAS
from editjudge.metrics.models import Models
from editjudge.metrics.registry import chosen, named
from editjudge.metrics.shown import table
from editjudge.types import EditIntent

NAMES = (
    "bpm", "l2", "lpips", "clip_i", "clip_t", "clip_directional", "dino", "dinov2", "ssim", "psnr", "clip_t_plus_i",
)  # fmt: skip
RED, BLUE = (np.full((48, 64, 3), colour, np.uint8) for colour in ((255, 0, 51), (0, 0, 255)))
RED_FEATURE, BLUE_FEATURE = np.array([2, -2, -1.2]), np.array([-2, -2, 2])
"""As the toy's CLIP, DINO and DINOv2 see them: (colour / 255 - 0.5) / 0.25."""
SWAP = EditIntent("replace", "cat", "dog")
CAT = data.chelsea()


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / math.sqrt((one @ one) * (other @ other)))


@pytest.fixture(scope="module")
def judge(toy: Bundle) -> Scorer:
    return Scorer.load(toy.folder, "cpu", threads=1)


@pytest.fixture
def plain(toy: Bundle) -> Bundle:
    """The toy bundle without the models of metrics."""
    files = {role: entry for role, entry in toy.manifest.files.items() if role not in ("lpips", "dino", "dinov2")}
    return replace(toy, manifest=replace(toy.manifest, files=files, lpips=None, dino=None, dinov2=None))


def test_the_names_are_those_that_others_rely_on() -> None:
    assert tuple(METRICS) == NAMES
    assert set(FORMULAS) == set(NAMES) - {"bpm"}
    assert {name for name, metric in METRICS.items() if not metric.higher_is_better} == {"l2", "lpips"}
    assert METRICS["clip_t_plus_i"].parts == ("clip_t", "clip_i")


@pytest.mark.parametrize("shape", [(300, 451), (11, 11), (12, 200), (64, 64)])
def test_ssim_and_psnr_are_scikit_images(shape: tuple[int, int]) -> None:
    one = np.ascontiguousarray(CAT[: shape[0], : shape[1]])
    noise = np.random.default_rng(0).normal(0, 20, one.shape)
    for other in (np.clip(one + noise, 0, 255).astype(np.uint8), one[::-1].copy(), one // 2):
        wang = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        wanted = metrics.structural_similarity(one, other, channel_axis=2, data_range=255, **wang)
        assert pixels.ssim(one, other) == pytest.approx(wanted, abs=1e-12)
        assert pixels.psnr(one, other) == pytest.approx(metrics.peak_signal_noise_ratio(one, other), abs=1e-9)


def test_equal_and_tiny_pictures() -> None:
    assert pixels.psnr(CAT, CAT) == math.inf
    assert pixels.ssim(CAT, CAT) == pytest.approx(1.0, abs=1e-12)
    assert pixels.l2(CAT, CAT) == 0.0
    assert math.isnan(pixels.ssim(CAT[:10, :50], CAT[:10, :50]))


def test_l2_by_hand() -> None:
    """Half of the picture differs by 30, 40 and 0 of 255 in its channels."""
    one = np.full((10, 10, 3), 100, np.uint8)
    other = one.copy()
    other[:5] += np.array([30, 40, 0], np.uint8)
    assert pixels.l2(one, other) == pytest.approx(0.5 * math.sqrt((30**2 + 40**2) / 3) / 255, abs=1e-7)


def test_all_by_hand(judge: Scorer) -> None:
    found = judge.metrics(RED, BLUE, SWAP)
    assert tuple(found) == NAMES
    assert all(type(value) is float for value in found.values())
    assert found["bpm"] == judge.score(RED, BLUE, SWAP).bpm
    assert found["l2"] == pytest.approx(math.sqrt((255**2 + 204**2) / 3) / 255, abs=1e-6)
    assert found["lpips"] == pytest.approx((2 + 0 + 1.6) / 3, abs=1e-4)
    alike = cosine(RED_FEATURE, BLUE_FEATURE)
    for name in ("clip_i", "dino", "dinov2"):
        assert found[name] == pytest.approx(alike, abs=1e-6)
    # The toy counts tokens, cats and dogs: [CLS] dog [EOS].
    assert found["clip_t"] == pytest.approx(cosine(BLUE_FEATURE, np.array([3, 0, 1])), abs=1e-6)
    assert found["clip_t_plus_i"] == pytest.approx(found["clip_t"] + alike, abs=1e-6)
    change = BLUE_FEATURE / np.linalg.norm(BLUE_FEATURE) - RED_FEATURE / np.linalg.norm(RED_FEATURE)
    assert found["clip_directional"] == pytest.approx(cosine(change, np.array([0, -1, 1])), abs=1e-6)
    assert found["psnr"] == pytest.approx(10 * math.log10(255**2 * 3 / (255**2 + 204**2)), abs=1e-6)


def test_clip_t_takes_the_instruction_as_it_is(judge: Scorer) -> None:
    found = judge.metrics(RED, BLUE, "Cat, dog.", ["clip_t"])  # [CLS] cat [UNK] dog . [EOS]
    assert found == {"clip_t": pytest.approx(cosine(BLUE_FEATURE, np.array([6, 1, 1])), abs=1e-6)}
    with pytest.raises(InstructionError, match="empty"):
        judge.metrics(RED, BLUE, " ", ["clip_t"])
    assert math.isnan(judge.metrics(RED, BLUE, EditIntent("remove", "cat", None), ["clip_t"])["clip_t"])


def test_the_directions_of_the_texts() -> None:
    """Of an add the target's, of a remove the source's reversed, of a move none, of a global edit the target's."""
    judge = flatland.scorer()
    judge.bundle.has = lambda role: True
    car, tower = ("red", "car", 60, 60), ("green", "tower", 150, 140)
    original = draw(car, tower)
    before = judge.stages.embedder.images([original])[0]

    def directional(edited: np.ndarray, intent: EditIntent, wanted: np.ndarray) -> None:
        after = judge.stages.embedder.images([edited])[0]
        change = after / np.linalg.norm(after) - before / np.linalg.norm(before)
        found = judge.metrics(original, edited, intent, ["clip_directional"])["clip_directional"]
        assert found == pytest.approx(cosine(change, wanted) if wanted.any() else 0.0, abs=1e-6)

    red_car, blue_car, tower_text, blue_box = (
        text / np.linalg.norm(text)
        for text in judge.stages.embedder.texts(["red car", "blue car", "tower", "blue box"])
    )
    directional(draw(("blue", "car", 60, 60), tower), COLOR, blue_car - red_car)
    directional(draw(car), REMOVE, -tower_text)
    directional(draw(car, tower, ("blue", "box", 150, 60)), flatland.ADD, blue_box)
    directional(draw(("red", "car", 150, 60), tower), flatland.MOVE, np.zeros(6))
    directional(draw(("blue", "car", 60, 60)), EditIntent("style", "all", "blue car"), blue_car)


def test_equal_pictures_are_as_alike_as_can_be(judge: Scorer) -> None:
    found = judge.metrics(RED, RED.copy(), SWAP)
    assert found["l2"] == found["lpips"] == found["clip_directional"] == 0.0
    assert found["clip_i"] == found["dino"] == found["dinov2"] == pytest.approx(1.0, abs=1e-6)
    assert found["psnr"] == math.inf


def test_pictures_of_other_sizes_are_brought_to_the_originals_frame(judge: Scorer) -> None:
    large = np.full((700, 1100, 3), (255, 0, 51), np.uint8)
    found = judge.metrics(large, BLUE, SWAP, ["l2", "ssim", "lpips"])
    assert found["l2"] == pytest.approx(math.sqrt((255**2 + 204**2) / 3) / 255, abs=1e-6)
    assert found["lpips"] == pytest.approx(1.2, abs=1e-4)


def test_a_picture_is_stretched_or_cut_as_the_bundle_says(toy: Bundle) -> None:
    stripes = np.zeros((20, 60, 3), np.uint8)
    stripes[:, 20:40] = 255
    models = Models(toy, "cpu", 1)
    np.testing.assert_allclose(models.features("dino", [stripes])[0], 2, atol=1e-4)  # the middle 16 of 20 x 60
    averaged = models.features("dinov2", [stripes, 255 - stripes])
    assert averaged.shape == (2, 3)
    np.testing.assert_allclose(averaged, 2, atol=1e-4)  # the largest value of what was stretched


def test_only_what_is_asked_for_is_opened_and_read(judge: Scorer, toy: Bundle) -> None:
    fresh = Scorer.load(toy.folder, "cpu", threads=1)
    assert set(fresh.metrics(RED, BLUE, "make it blue", ["ssim", "l2", "ssim"])) == {"ssim", "l2"}
    assert not fresh._metric_models._sessions
    fresh.metrics(RED, BLUE, "make it blue", ["dino"])
    assert set(fresh._metric_models._sessions) == {"dino"}
    # There is no parser, so nothing that has to read the instruction can be told.
    assert set(fresh.metrics(RED, BLUE, "make it blue")) == set(NAMES) - {"bpm", "clip_directional"}
    with pytest.raises(BundleError, match="bpm needs a model of role parser, which bundle toy lacks; give the intent"):
        fresh.metrics(RED, BLUE, "make it blue", ["bpm"])


def test_a_bundle_without_the_models(plain: Bundle) -> None:
    assert set(chosen(None, plain, parsed=True)) == set(NAMES) - {"lpips", "dino", "dinov2"}
    for role in ("lpips", "dino", "dinov2"):
        with pytest.raises(
            BundleError, match=rf"metric {role} needs .* bundle toy lacks; .*photo-edge --metrics {role}"
        ):
            chosen(["l2", role], plain, parsed=True)
        with pytest.raises(BundleError, match=f"has no file of role {role}"):
            plain.pictures(role)


def test_names_that_are_none() -> None:
    assert named("all") is None
    assert named(" l2, ssim ,l2") == ("l2", "ssim")
    for text in ("", ",", "lips", "l2,all"):
        with pytest.raises(InputError, match=r"choose all or some of bpm, l2, lpips, .*"):
            named(text)


@pytest.mark.parametrize("role", ["lpips", "dino", "dinov2"])
def test_a_model_and_its_settings_belong_together(role: str, toy: Bundle, tmp_path) -> None:
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
        with pytest.raises(ValueError, match="shorter must be at least size"):
            replace(toy.pictures("dino"), **change)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    paths = [str(tmp_path_factory.mktemp("pictures") / name) for name in ("original.png", "edited.png")]
    for path, picture in zip(paths, (CAT, CAT // 2), strict=True):
        PIL.Image.fromarray(picture).save(path)
    return paths


def test_in_the_json_of_a_score(pictures: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["score", *pictures, "Make the picture darker.", "--json", "--metrics", "all"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["metrics_left_out"] == ["lpips", "dino", "dinov2"]
    assert list(shown["metrics"]) == [name for name in NAMES if name not in shown["metrics_left_out"]]
    assert shown["metrics"]["bpm"] == shown["bpm"]
    frame = CAT, CAT // 2
    assert shown["metrics"]["psnr"] == pytest.approx(metrics.peak_signal_noise_ratio(*frame))


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


@pytest.mark.parametrize("columns", [40, 120])
def test_in_a_terminal(columns: int) -> None:
    console = Console(width=columns, file=io.StringIO())
    values = dict.fromkeys(NAMES, 0.25) | {"psnr": math.inf, "clip_t": math.nan}
    del values["dino"]
    console.print(table(console, values, None))
    console.print(table(console, {"l2": 0.5}, ("l2",)))
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= columns
    assert all(METRICS[name].title.split()[0] in printed for name in values)
    assert " inf " in printed
    assert " n/a " in printed
    assert printed.count("left out, as the bundle has no model for") == 1
    assert "dino\n" in printed.replace(" ", "")
    assert (METRICS["l2"].meaning in printed) == (columns == 120)
