"""Finds the box threshold of a bundle's detector, and prints it for the recipe.

    PYTHONPATH=models python -m studio.calibration.box_threshold BUNDLE

It is the lowest at which few enough absent names are found, over scenes of training seeds and backgrounds.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from editjudge.bundles.bundle import Bundle
from editjudge.image.boxes import iou
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from studio.edits.edit_set import CANVAS
from studio.renderer.backgrounds import CALIBRATED_KINDS
from studio.renderer.scene import SceneRules, random_scene, render
from studio.renderer.world import NAMES

SEED = 3
ALARMS = 0.04
"""The share of absent names that may be found: a little under the goal, which is to be met on other scenes."""
VISIBLE = 0.5
"""The least share of an object that must be visible for it to count."""
ABSENT = 3


def best_scores(detector: Detector, count: int) -> tuple[list[float], list[float]]:
    """The best scores of present names, 0 where the box is elsewhere, and those of absent names."""
    present: list[float] = []
    absent: list[float] = []
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        scene = random_scene(rng, SceneRules(backgrounds=CALIBRATED_KINDS))
        rendered = render(scene, CANVAS)
        in_scene = {item.name for item in scene.items}
        others = rng.choice([name for name in NAMES if name not in in_scene], size=ABSENT, replace=False)
        names = [item.name for item in scene.items] + [str(name) for name in others]
        found = detector.find([rendered.image] * len(names), [[name] for name in names])
        for row, (detections,) in enumerate(found):
            best = float(detections.scores[0]) if len(detections) else 0.0
            if row >= len(scene.items):
                absent.append(best)
            elif rendered.visible[row] >= VISIBLE:
                right = len(detections) > 0 and iou(detections.boxes[0], rendered.boxes[row]) >= 0.5
                present.append(best if right else 0.0)
    return present, absent


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("bundle", help="name or folder of the bundle")
    command_line.add_argument("--scenes", type=int, default=250)
    options = command_line.parse_args()
    bundle = Bundle.load(options.bundle)
    settings = replace(bundle.detector, box_threshold=0.05, text_threshold=0.05, weak_threshold=None)
    lenient = replace(bundle, manifest=replace(bundle.manifest, detector=settings))
    present, absent = best_scores(ModelSet(lenient, "cpu").model(Detector), options.scenes)
    threshold = float(np.quantile(absent, 1 - ALARMS))
    print(f"# recall {np.mean(np.array(present) > threshold):.3f}, false alarms {ALARMS}")
    print(f"box_threshold = {threshold:.2f}")


if __name__ == "__main__":
    main()
