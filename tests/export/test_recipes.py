"""Recipes: what they may say, those that come with the package, and their settings against the checkpoints'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
import editjudge_models
from editjudge.bundles.roles import METRIC_GRAPHS
from editjudge.bundles.settings import (
    ClipSettings,
    DetectorSettings,
    DifferenceSettings,
    NormRanges,
    ParserSettings,
    PictureSettings,
    SegmenterSettings,
    VifiClipSettings,
)
from editjudge.bundles.toml_schema import read_table
from editjudge.errors import InputError
from editjudge_export.checkpoints.preprocessing import check_preprocessing
from editjudge_export.onnx.precision import PRECISIONS
from editjudge_export.preflight.recipe_check import check_recipe
from editjudge_export.recipe import read_recipe

pytestmark = pytest.mark.export

COMMIT = "0123456789" * 4
RECIPE = f"""
name = "small"
version = "1"
description = "For tests."

[export.clip]
checkpoint = "runs/clip"
precision = "fp16-weights"
source = "a seed"

[export.detector]
hub = "someone/detector"
revision = "{COMMIT}"

[export.segmenter]
hub = "someone/sam"
licence = "Apache-2.0"

[parser]
hub = "someone/parser"
file = "model.gguf"
revision = "{COMMIT}"

[fallback_parser]
path = "large.gguf"

[[copy]]
from = "words.txt"
path = "vocabulary.txt"

[clip]
[detector]
[segmenter]
"""

CLIP = {
    "size": 224, "crop_size": 224, "do_center_crop": True, "do_normalize": True, "resample": 3,
    "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
}  # fmt: skip
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
DETECTOR = {"size": {"longest_edge": 1333, "shortest_edge": 800}, "resample": 2, **IMAGENET}
SEGMENTER = {"size": {"longest_edge": 1024}, "pad_size": {"height": 1024, "width": 1024}, "resample": 2, **IMAGENET}
DINOV2 = {
    "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "resample": 3,
    **IMAGENET,
}  # fmt: skip
PUBLISHED = {"clip": CLIP, "detector": DETECTOR, "segmenter": SEGMENTER, "dinov2": DINOV2}
"""What the published preprocessor_config.json of the models in the recipes say, as far as it bears on the settings."""


def read(folder: Path, text: str) -> object:
    (folder / "recipe.toml").write_text(text)
    return read_recipe(folder / "recipe.toml")


def test_a_recipe(tmp_path: Path) -> None:
    recipe = read(tmp_path, RECIPE)
    assert recipe.head == {"name": "small", "version": "1", "description": "For tests."}
    clip, detector, segmenter = recipe.models.values()
    assert (clip.checkpoint, clip.hub, clip.precision) == (tmp_path / "runs" / "clip", None, "fp16-weights")
    assert (detector.checkpoint, detector.hub, detector.revision) == (None, "someone/detector", COMMIT)
    assert (segmenter.revision, segmenter.precision, segmenter.licence) == ("", "fp32", "Apache-2.0")
    parser, fallback = recipe.parsers["parser"], recipe.parsers["fallback_parser"]
    assert (fallback.path, fallback.hub) == (tmp_path / "large.gguf", None)
    assert (parser.hub, parser.file, parser.path) == ("someone/parser", "model.gguf", None)
    assert [(copy.origin, copy.path) for copy in recipe.copies] == [(tmp_path / "words.txt", "vocabulary.txt")]
    assert recipe.sections == {"clip": {}, "detector": {}, "segmenter": {}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[export.segmenter]", "[export.sam]", r"\[export\] sections must be clip, detector, segmenter"),
        ('precision = "fp16-weights"', 'precision = "int4"', f"must be one of {', '.join(PRECISIONS)}"),
        ('precision = "fp16-weights"', 'storage = "fp16"', r"\[export.clip\] has wrong or missing keys: storage"),
        ('source = "a seed"', "source = 1", r"source of \[export.clip\] must be a text"),
        ('checkpoint = "runs/clip"', 'licence = "mine"', "must have either a checkpoint or a hub"),
        ('checkpoint = "runs/clip"', 'checkpoint = "a"\nhub = "b/c"', "must have either a checkpoint or a hub"),
        (f'revision = "{COMMIT}"', 'revision = "main"', "must be the 40 hexadecimal digits of a commit"),
        (f'revision = "{COMMIT}"', f'revision = "{COMMIT[:12]}"', "must be the 40 hexadecimal digits of a commit"),
        ('"someone/detector"', '"detector"', "must be the name of a repository such as org/name"),
        ('"someone/detector"', '"../.."', "must be the name of a repository such as org/name"),
        ('file = "model.gguf"\n', "", "must have either a path, or a hub and a file"),
        ('file = "model.gguf"', 'file = "../model.gguf"', "leads outside"),
        ('file = "model.gguf"', 'file = "model.gguf"\nsha256 = "0"', "not 64 lower-case hexadecimal digits"),
        ("[parser]", '[[file]]\nrole = "parser"\n[parser]', r"both a \[parser\] and a \[\[file\]\]"),
        ("[[copy]]", "[copy]", r"every copy must be given as \[\[copy\]\]"),
        ('path = "vocabulary.txt"', "", r"a \[\[copy\]\] has wrong or missing keys: path"),
        ("[export.clip]", "[export]\nclip = 1\n[nothing]", r"\[export"),
        ("[clip]", "[klip]", "the settings of clip are missing"),
        ("name =", "name", "is not TOML"),
        (
            "[export.clip]",
            '[export.lpips]\nhub = "a/b"\n[export.clip]',
            r"\[export.lpips\] must have a checkpoint or a url",
        ),
        (
            "[export.clip]",
            '[export.dino]\nurl = "a"\nsha256 = "0"\n[export.clip]',
            "not 64 lower-case hexadecimal digits",
        ),
        ("[export.clip]", f'[export.dino]\nurl = "a"\nsha256 = "{"0" * 64}"\n[export.clip]', "a checkpoint or a hub"),
        ("[export.clip]", '[export.lpips]\nurl = "a"\n[export.clip]', "must have a sha256 with its url"),
        ("[export.clip]", '[export.dino]\ncheckpoint = "a"\n[export.clip]', "the settings of dino are missing"),
    ],
)
def test_a_wrong_recipe(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in RECIPE
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, RECIPE.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")


@pytest.mark.parametrize("name", editjudge_models.recipe_names())
def test_the_recipes_of_the_package(name: str, tmp_path: Path) -> None:
    """Whole, pinned, and of the pre-processing that their checkpoints ask for."""
    recipe = read_recipe(editjudge_models.recipe_path(name))
    check_recipe(recipe, editjudge_models.recipe_path(name))
    assert recipe.head["name"] == name
    assert recipe.head["frame"] == 1024
    assert "not calibrated" in recipe.head["description"]
    kinds = {"clip": ClipSettings, "detector": DetectorSettings, "segmenter": SegmenterSettings, "norm": NormRanges}
    kinds |= dict.fromkeys(set(METRIC_GRAPHS) - {"vifi_clip"}, PictureSettings) | {"difference": DifferenceSettings}
    assert set(recipe.sections) - {"parse"} == set(kinds)
    read_table(ParserSettings, recipe.sections.get("parse", {}), "parse")
    for section, kind in kinds.items():
        read_table(kind, recipe.sections[section], section)
    lpips = recipe.models["lpips"]
    assert (lpips.sha256[:8], lpips.url.rsplit("/", 1)[1]) == ("7be5be79", "alexnet-owt-7be5be79.pth")
    for source in (*recipe.models.values(), *recipe.parsers.values()):
        assert source is lpips or (source.hub and len(source.revision) == 40)
        assert source.licence
    for section, config in PUBLISHED.items():
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
        check_preprocessing(section, tmp_path, recipe.sections[section])


@pytest.mark.parametrize("name", editjudge_models.recipe_names())
def test_what_the_recipes_say_of_vifi_clip_can_be_added(name: str, tmp_path: Path) -> None:
    """Its lines are comments, as no build could fetch its weights."""
    text = editjudge_models.recipe_path(name).read_text(encoding="utf-8")
    head, tail = text.split("# [export.vifi_clip]\n", 1)
    lines, rest = tail.split("\n\n", 1)
    added = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines.splitlines())
    path = tmp_path / "recipe.toml"
    path.write_text(f"{head}[export.vifi_clip]\n{added}\n\n{rest}", encoding="utf-8")
    recipe = read_recipe(path)
    check_recipe(recipe, path)
    assert recipe.models["vifi_clip"].checkpoint == tmp_path / "vifi_clip"
    settings = read_table(VifiClipSettings, recipe.sections["vifi_clip"], "vifi_clip")
    assert (settings.size, settings.shorter, settings.context, settings.frames) == (224, 256, 77, 2)
    (tmp_path / "ckpt_epoch_10.pth").touch()
    check_preprocessing("vifi_clip", tmp_path, recipe.sections["vifi_clip"])
    path.write_text(path.read_text(encoding="utf-8").replace("frames = 2", "frames = 8"), encoding="utf-8")
    with pytest.raises(InputError, match=r"frames in \[vifi_clip\] is 8; it must be 2"):
        check_recipe(read_recipe(path), path)


def test_the_recipe_of_the_embedded_bundle() -> None:
    path = Path(__file__).parents[2] / "models" / "studio" / "bundle-recipe.toml"
    check_recipe(read_recipe(path), path)


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        ("clip", {"image_mean": [0.5, 0.5, 0.5]}, r"for mean in \[clip\]; .* says \[0.5, 0.5, 0.5\]"),
        ("clip", {"image_std": [0.5, 0.5, 0.5]}, "for std"),
        ("clip", {"do_normalize": False}, r"for mean in \[clip\]; .* says \[0.0, 0.0, 0.0\]"),
        ("clip", {"resample": 2}, "says bicubic for resample .* says bilinear"),
        ("clip", {"crop_size": {"height": 336, "width": 336}}, "says 224 for size .* says 336"),
        ("clip", {"do_center_crop": False}, "says center_crop for fit .* says stretch"),
        ("clip", {"rescale_factor": 1.0}, "does not scale pixels"),
        ("clip", {"do_rescale": False}, "does not scale pixels"),
        ("detector", {"resample": 3}, "says bilinear for resample .* says bicubic"),
        ("segmenter", {"resample": 9}, "cannot be understood"),
        ("dinov2", {"size": {"shortest_edge": 224}}, "says 256 for shorter .* says 224"),
        ("dinov2", {"crop_size": {"height": 196, "width": 196}}, "says 224 for size .* says 196"),
        ("dinov2", {"image_mean": [0.5, 0.5, 0.5]}, "for mean"),
    ],
)
def test_a_checkpoint_that_contradicts(section: str, changes: dict[str, object], message: str, tmp_path: Path) -> None:
    settings = read_recipe(editjudge_models.recipe_path("paper")).sections[section]
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PUBLISHED[section] | changes))
    with pytest.raises(InputError, match=message):
        check_preprocessing(section, tmp_path, settings)


def test_the_size_of_sam_is_the_recipes_to_choose(tmp_path: Path) -> None:
    """Positions are interpolated for another one; which go together is for its config.json to say."""
    settings = read_recipe(editjudge_models.recipe_path("paper")).sections["segmenter"]
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SEGMENTER))
    check_preprocessing("segmenter", tmp_path, settings | {"size": 512, "mask_size": 128})


def test_a_checkpoint_that_says_nothing(tmp_path: Path) -> None:
    check_preprocessing("clip", tmp_path, {"mean": [1.0]})
    (tmp_path / "preprocessor_config.json").write_text("{}")
    check_preprocessing("clip", tmp_path, {"mean": [1.0]})
    (tmp_path / "preprocessor_config.json").write_text("[")
    with pytest.raises(InputError, match="cannot be understood"):
        check_preprocessing("clip", tmp_path, {"mean": [1.0]})
