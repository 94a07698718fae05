"""How good is each model of a bundle by itself? On held-out seeds and backgrounds, through the runtime's own classes.

python benchmarks/studio_models.py --bundle studio
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from editjudge import EditIntent, Scorer, image, judges
from editjudge.detect import Detector
from editjudge.embed import Embedder
from editjudge.geometry import iou
from editjudge.segment import Segmenter
from reporting import Figure, progress, share, show
from studio.backgrounds import photo, photo_crop
from studio.damage import inflict, slight
from studio.edit_set import CANVAS, edit_set
from studio.placing import differs
from studio.scene import Item, Rendered, Scene, SceneRules, random_scene, render
from studio.world import COLOURS, NAMES, PHOTOS_HELD_OUT

SEED = 2024
RULES = SceneRules(held_out=True)
SEEN = 0.5  # objects of which less than this share is visible are not asked for
ABSENT, WRONG_COLOURS = 3, 5
CAPTIONS = 8  # phrases in one run of the detector

# What people might ask of scikit-image's photographs: (edit type, source, target).
PHOTO_EDITS = {
    "astronaut": (("color", "suit", "blue suit"), ("remove", "flag", None), ("replace", "helmet", "basketball")),
    "chelsea": (("replace", "cat", "dog"), ("color", "cat", "black cat"), ("add", None, "hat")),
    "rocket": (("remove", "rocket", None), ("color", "rocket", "red rocket"), ("add", None, "moon")),
    "retina": (("color", "eye", "green eye"), ("style", "all", "black and white"), ("add", None, "star")),
    "moon": (("remove", "crater", None), ("add", None, "rocket"), ("texture", "moon", "golden moon")),
    "cell": (("remove", "cell", None), ("size", "cell", "cell"), ("add", None, "fish")),
    "text": (("remove", "text", None), ("color", "paper", "yellow paper"), ("add", None, "pencil")),
}


def scenes(seed: int, count: int) -> list[tuple[np.random.Generator, Scene, Rendered]]:
    made = []
    for index in range(count):
        rng = np.random.default_rng([seed, index, 2])
        scene = random_scene(rng, RULES)
        made.append((rng, scene, render(scene, CANVAS)))
    return made


def seen(scene: Scene, rendered: Rendered) -> list[tuple[Item, int]]:
    return [(item, index) for index, item in enumerate(scene.items) if rendered.visible[index] >= SEEN]


def measure_detector(detector: Detector, seed: int, count: int) -> list[Figure]:
    """Every phrase is asked for by itself, as the scorer mostly does; the best box over the threshold counts."""
    named: list[bool] = []
    attributed: list[bool] = []
    alarms: list[bool] = []
    for rng, scene, rendered in progress(scenes(seed, count), count, "detector"):
        asked = [(item.name, index, named) for item, index in seen(scene, rendered)]
        asked += [(item.phrase, index, attributed) for item, index in seen(scene, rendered) if item.phrase != item.name]
        present = {item.name for item in scene.items}
        absent = rng.choice([name for name in NAMES if name not in present], size=ABSENT, replace=False)
        asked += [(str(name), None, alarms) for name in absent]
        for start in range(0, len(asked), CAPTIONS):
            part = asked[start : start + CAPTIONS]
            found = detector.find([rendered.image] * len(part), [[phrase] for phrase, *_ in part])
            for (_, index, record), (detections,) in zip(part, found, strict=True):
                if index is None:
                    record.append(len(detections) > 0)
                else:
                    boxes = detections.boxes[:1]
                    record.append(any(iou(box, rendered.boxes[index]) >= 0.5 for box in boxes))
    return [
        Figure("detector_recall", "detector: recall at IoU 0.5 of present names", share(named), 0.90),
        Figure("detector_recall_attributed", "detector: the same, with the attribute named", share(attributed)),
        Figure("detector_false_alarms", "detector: false alarms on absent names", share(alarms), 0.05, at_least=False),
    ]


def measure_segmenter(segmenter: Segmenter, seed: int, count: int) -> list[Figure]:
    overlaps: list[float] = []
    for _, scene, rendered in progress(scenes(seed, count), count, "segmenter"):
        rows = [index for _, index in seen(scene, rendered)]
        (masks,) = segmenter.segment([rendered.image], [rendered.boxes[rows]])
        for mask, truth in zip(masks, rendered.masks[rows], strict=True):
            overlaps.append(float((mask & truth).sum() / (mask | truth).sum()))
    return [Figure("segmenter_iou", "segmenter: mean mask IoU given true boxes", float(np.mean(overlaps)), 0.88)]


def crop(picture: image.Image, box: np.ndarray) -> image.Image:
    return picture[image.crop_box(box, judges.CROP_SCALE, picture.shape)]


def measure_naming(embedder: Embedder, seed: int, count: int) -> list[Figure]:
    names = embedder.texts(NAMES)
    names = names / np.linalg.norm(names, axis=1, keepdims=True)
    plain: list[bool] = []
    painted: list[bool] = []
    for _, scene, rendered in progress(scenes(seed, count), count, "CLIP, naming"):
        shown = seen(scene, rendered)
        if not shown:
            continue
        nearest = (
            embedder.images([crop(rendered.image, rendered.boxes[index]) for _, index in shown]) @ names.T
        ).argmax(1)
        for (item, _), answer in zip(shown, nearest, strict=True):
            (plain if item.phrase == item.name else painted).append(NAMES[answer] == item.name)
    return [
        Figure("clip_naming", "CLIP: crop named right among all names", share(plain + painted), 0.92),
        Figure("clip_naming_plain", "CLIP: of that, objects in their own colours", share(plain)),
        Figure("clip_naming_painted", "CLIP: of that, painted objects", share(painted)),
    ]


def measure_direction(embedder: Embedder, seed: int, count: int) -> list[Figure]:
    """A recoloured object's crop must have moved the way of its colour more than the way of any of five others."""
    right: list[bool] = []
    for rng, scene, rendered in progress(scenes(seed, count), count, "CLIP, direction"):
        for item, index in seen(scene, rendered)[:2]:
            plain = replace(item, colour=None, texture=None)
            colour, *others = (str(name) for name in rng.permutation(list(COLOURS))[: 1 + WRONG_COLOURS])
            painted = replace(plain, colour=colour)
            if not differs(plain, painted):
                continue
            pictures = [
                render(replace(scene, items=(*scene.items[:index], one, *scene.items[index + 1 :])), CANVAS).image
                for one in (plain, painted)
            ]
            before, after = embedder.images([crop(picture, rendered.boxes[index]) for picture in pictures])
            texts = embedder.texts([item.name, *(f"{name} {item.name}" for name in (colour, *others))])
            wanted, *rest = (judges.cosine(after - before, text - texts[0]) for text in texts[1:])
            right.append(wanted > max(rest))
    return [Figure("clip_direction", "CLIP: recoloured crop moved the way of its colour", share(right), 0.85)]


def measure_domain(scorer: Scorer, seed: int, count: int) -> list[Figure]:
    """Whether the score of an edit carries the flag out_of_domain: of photographs, whole and cropped, and of scenes."""
    rng = np.random.default_rng([seed, 3])
    strange: list[bool] = []
    known: list[bool] = []
    for name in progress(PHOTOS_HELD_OUT, len(PHOTOS_HELD_OUT), "photographs"):
        for original in (photo(name), *(photo_crop(name, rng, CANVAS) for _ in range(8))):
            for edit_type, source, target in PHOTO_EDITS[name]:
                size = "larger" if edit_type == "size" else "unchanged"
                intent = EditIntent(edit_type, source, target, size=size)
                edited = inflict(np.clip(original * 0.9, 0, 255).astype(np.uint8), slight(rng))
                strange.append("out_of_domain" in scorer.score(original, edited, intent).flags)
    for edit in progress(edit_set(seed, count), count, "scenes"):
        known.append("out_of_domain" in scorer.score(edit.original, edit.candidates["well_done"], edit.intent).flags)
    return [
        Figure("photos_flagged", "photographs flagged out_of_domain", share(strange), 0.90),
        Figure("scenes_flagged", "held-out scenes so flagged", share(known), 0.05, at_least=False),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--scenes", type=int, default=200)
    options.add_argument("--seed", type=int, default=SEED)
    asked = options.parse_args()
    scorer = Scorer.load(asked.bundle)
    figures = [
        *measure_detector(scorer.stages.detector, asked.seed, asked.scenes),
        *measure_segmenter(scorer.stages.segmenter, asked.seed, asked.scenes),
        *measure_naming(scorer.stages.embedder, asked.seed, asked.scenes),
        *measure_direction(scorer.stages.embedder, asked.seed, asked.scenes),
        *measure_domain(scorer, asked.seed, asked.scenes),
    ]
    show("the models by themselves", figures, scenes=asked.scenes, seed=asked.seed)


if __name__ == "__main__":
    main()
