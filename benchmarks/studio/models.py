"""How good is each model of a bundle by itself? On held-out seeds and backgrounds, through the runtime's own classes.

python -m benchmarks.studio.models --bundle studio
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import EditIntent, Scorer
from editjudge.image.boxes import iou
from editjudge.image.transforms import crop_box
from editjudge.image.vectors import cosine
from editjudge.metrics.looking.framing import Framing
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.sam import Segmenter
from editjudge.types import Image
from studio.edits.damage import inflict, slight
from studio.edits.edit_set import CANVAS, edit_set
from studio.renderer.backgrounds import photo, photo_crop
from studio.renderer.patterns import PATTERNS_HELD_OUT
from studio.renderer.placing import differs, with_item
from studio.renderer.scene import Item, Rendered, Scene, SceneRules, random_scene, render
from studio.renderer.world import COLOURS, NAMES, PHOTOS_HELD_OUT

SEED = 2024
RULES = SceneRules(held_out=True)
HARDER = {
    "unseen": ("before backgrounds of a kind never trained on", replace(RULES, backgrounds=tuple(PATTERNS_HELD_OUT))),
    "large": ("objects of 0.45 to 0.9 of the picture", replace(RULES, count=(1, 2), size=(0.45, 0.9))),
    "small": ("objects of 0.06 to 0.15 of the picture", replace(RULES, size=(0.06, 0.15))),
    "painted": ("all objects painted", replace(RULES, painted=1.0)),
    "cut": ("objects cut by the border", replace(RULES, cut=0.3)),
}
"""Scenes that are harder: in what, and by which rules."""
VISIBLE = 0.5
"""The least share of an object that must be visible for it to be asked for."""
ABSENT, WRONG_COLOURS = 3, 5
CAPTIONS = 8
"""Phrases in one run of the detector."""

PHOTO_EDITS = {
    "astronaut": (("color", "suit", "blue suit"), ("remove", "flag", None), ("replace", "helmet", "basketball")),
    "chelsea": (("replace", "cat", "dog"), ("color", "cat", "black cat"), ("add", None, "hat")),
    "rocket": (("remove", "rocket", None), ("color", "rocket", "red rocket"), ("add", None, "moon")),
    "retina": (("color", "eye", "green eye"), ("style", "all", "black and white"), ("add", None, "star")),
    "moon": (("remove", "crater", None), ("add", None, "rocket"), ("texture", "moon", "golden moon")),
    "cell": (("remove", "cell", None), ("size", "cell", "cell"), ("add", None, "fish")),
    "text": (("remove", "text", None), ("color", "paper", "yellow paper"), ("add", None, "pencil")),
}
"""What people might ask of scikit-image's photographs: (edit type, source, target)."""


def draw_scenes(seed: int, count: int, rules: SceneRules = RULES) -> list[tuple[np.random.Generator, Scene, Rendered]]:
    """Held-out scenes, each with the generator that it was drawn with and its rendering."""
    scenes = []
    for index in range(count):
        rng = np.random.default_rng([seed, index, 2])
        scene = random_scene(rng, rules)
        scenes.append((rng, scene, render(scene, CANVAS)))
    return scenes


def visible_items(scene: Scene, rendered: Rendered) -> list[tuple[Item, int]]:
    """The objects that are visible enough to be asked for, with their indices."""
    return [(item, index) for index, item in enumerate(scene.items) if rendered.visible[index] >= VISIBLE]


def measure_detector(detector: Detector, seed: int, count: int) -> list[Figure]:
    """How often present names are found, and absent ones; then in scenes that are harder."""
    by_name, by_phrase, alarms = ask_detector(detector, draw_scenes(seed, count))
    figures = [
        Figure("detector_recall", "detector: recall at IoU 0.5 of present names", share(by_name), 0.92),
        Figure("detector_recall_attributed", "detector: the same, with the attribute named", share(by_phrase)),
        Figure("detector_false_alarms", "detector: false alarms on absent names", share(alarms), 0.05, at_least=False),
    ]
    for name, (what, rules) in HARDER.items():
        by_name, _, alarms = ask_detector(detector, draw_scenes(seed, count, rules))
        figures.append(Figure(f"detector_recall_{name}", f"detector: recall, {what}", share(by_name)))
        figures.append(Figure(f"detector_alarms_{name}", "  and its false alarms", share(alarms), at_least=False))
    return figures


def ask_detector(
    detector: Detector, scenes: list[tuple[np.random.Generator, Scene, Rendered]]
) -> tuple[list[bool], list[bool], list[bool]]:
    """Whether present objects were found by name, and by name and attribute, and whether absent ones were.

    Every phrase is asked for alone, as the scorer mostly does; the best box over the threshold counts.
    """
    by_name: list[bool] = []
    by_phrase: list[bool] = []
    alarms: list[bool] = []
    for rng, scene, rendered in progress(scenes, len(scenes), "detector"):
        items = visible_items(scene, rendered)
        queries = [(item.name, index, by_name) for item, index in items]
        queries += [(item.phrase, index, by_phrase) for item, index in items if item.phrase != item.name]
        present = {item.name for item in scene.items}
        absent = rng.choice([name for name in NAMES if name not in present], size=ABSENT, replace=False)
        queries += [(str(name), None, alarms) for name in absent]
        for start in range(0, len(queries), CAPTIONS):
            batch = queries[start : start + CAPTIONS]
            found = detector.find([rendered.image] * len(batch), [[phrase] for phrase, *_ in batch])
            for (_, index, outcomes), (detections,) in zip(batch, found, strict=True):
                # What is doubted counts only where pixels confirm it.
                sure = len(detections) > 0 and not detections.is_weak
                if index is None:
                    outcomes.append(sure)
                else:
                    best = detections.boxes[:1] if sure else ()
                    outcomes.append(any(iou(box, rendered.boxes[index]) >= 0.5 for box in best))
    return by_name, by_phrase, alarms


def measure_segmenter(segmenter: Segmenter, seed: int, count: int) -> list[Figure]:
    """The masks that it finds in the true boxes, against the true masks."""
    overlaps: list[float] = []
    for _, scene, rendered in progress(draw_scenes(seed, count), count, "segmenter"):
        rows = [index for _, index in visible_items(scene, rendered)]
        (masks,) = segmenter.segment([rendered.image], [rendered.boxes[rows]])
        for mask, truth in zip(masks, rendered.masks[rows], strict=True):
            overlaps.append(float((mask & truth).sum() / (mask | truth).sum()))
    return [Figure("segmenter_iou", "segmenter: mean mask IoU given true boxes", float(np.mean(overlaps)), 0.90)]


def crop(picture: Image, box: np.ndarray) -> Image:
    """What the scorer would crop of an object."""
    return picture[crop_box(box, Framing.crop_scale, picture.shape)]


def measure_naming(clip: Clip, seed: int, count: int) -> list[Figure]:
    """Whether the text that is nearest to the crop of an object is its name."""
    names = clip.texts(NAMES)
    names = names / np.linalg.norm(names, axis=1, keepdims=True)
    plain: list[bool] = []
    painted: list[bool] = []
    for _, scene, rendered in progress(draw_scenes(seed, count), count, "CLIP, naming"):
        items = visible_items(scene, rendered)
        if not items:
            continue
        crops = [crop(rendered.image, rendered.boxes[index]) for _, index in items]
        nearest = (clip.images(crops) @ names.T).argmax(1)
        for (item, _), answer in zip(items, nearest, strict=True):
            (plain if item.phrase == item.name else painted).append(NAMES[answer] == item.name)
    return [
        Figure("clip_naming", "CLIP: crop named right among all names", share(plain + painted), 0.96),
        Figure("clip_naming_plain", "CLIP: of that, objects in their own colours", share(plain)),
        Figure("clip_naming_painted", "CLIP: of that, painted objects", share(painted)),
    ]


def measure_direction(clip: Clip, seed: int, count: int) -> list[Figure]:
    """Whether a recoloured object's crop moved towards its colour more than towards any of five others."""
    right: list[bool] = []
    for rng, scene, rendered in progress(draw_scenes(seed, count), count, "CLIP, direction"):
        for item, index in visible_items(scene, rendered)[:2]:
            plain = replace(item, colour=None, texture=None)
            colour, *others = (str(name) for name in rng.permutation(list(COLOURS))[: 1 + WRONG_COLOURS])
            painted = replace(plain, colour=colour)
            if not differs(plain, painted):
                continue
            pictures = [render(with_item(scene, index, version), CANVAS).image for version in (plain, painted)]
            before, after = clip.images([crop(picture, rendered.boxes[index]) for picture in pictures])
            texts = clip.texts([item.name, *(f"{name} {item.name}" for name in (colour, *others))])
            wanted, *rest = (cosine(after - before, text - texts[0]) for text in texts[1:])
            right.append(wanted > max(rest))
    return [Figure("clip_direction", "CLIP: recoloured crop moved the way of its colour", share(right), 0.99)]


def measure_domain(scorer: Scorer, seed: int, count: int) -> list[Figure]:
    """How often edits of photographs, whole and cropped, and of scenes carry the flag out_of_domain."""
    rng = np.random.default_rng([seed, 3])
    photographs: list[bool] = []
    scenes: list[bool] = []
    for name in progress(PHOTOS_HELD_OUT, len(PHOTOS_HELD_OUT), "photographs"):
        for original in (photo(name), *(photo_crop(name, rng, CANVAS) for _ in range(8))):
            for edit_type, source, target in PHOTO_EDITS[name]:
                size = "larger" if edit_type == "size" else "unchanged"
                intent = EditIntent(edit_type, source, target, size=size)
                edited = inflict(np.clip(original * 0.9, 0, 255).astype(np.uint8), slight(rng))
                photographs.append("out_of_domain" in scorer.score(original, edited, intent).flags)
    for edit in progress(edit_set(seed, count), count, "scenes"):
        scenes.append("out_of_domain" in scorer.score(edit.original, edit.candidates["well_done"], edit.intent).flags)
    return [
        Figure("photos_flagged", "photographs flagged out_of_domain", share(photographs), 0.90),
        Figure("scenes_flagged", "held-out scenes so flagged", share(scenes), 0.05, at_least=False),
    ]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--scenes", type=int, default=200)
    command_line.add_argument("--seed", type=int, default=SEED)
    options = command_line.parse_args()
    seed, scenes = options.seed, options.scenes
    scorer = Scorer.load(options.bundle)
    clip = scorer.models.model(Clip)
    figures = [
        *measure_detector(scorer.models.model(Detector), seed, scenes),
        *measure_segmenter(scorer.models.model(Segmenter), seed, scenes),
        *measure_naming(clip, seed, scenes),
        *measure_direction(clip, seed, scenes),
        *measure_domain(scorer, seed, scenes),
    ]
    show("the models by themselves", figures, scenes=scenes, seed=seed)


if __name__ == "__main__":
    main()
