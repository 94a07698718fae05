"""Finds a detector's box threshold: `python -m studio.threshold BUNDLE`, and prints it for the bundle's recipe.

It is the lowest at which few enough absent names are found, over scenes of training seeds and backgrounds.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from editjudge.bundle import Bundle
from editjudge.detect import Detector
from editjudge.geometry import iou
from studio.edit_set import CANVAS
from studio.scene import SceneRules, random_scene, render
from studio.world import NAMES

SEED = 3
ALARMS = 0.04
"""The share of absent names that may be found: a little under the goal, for it is met on other scenes."""
VISIBLE = 0.5
ABSENT = 3


def best_scores(detector: Detector, count: int) -> tuple[list[float], list[float]]:
    """The best score of every present name, 0 where its box is elsewhere, and of absent names."""
    present: list[float] = []
    absent: list[float] = []
    for index in range(count):
        rng = np.random.default_rng([SEED, index])
        scene = random_scene(rng, SceneRules())
        rendered = render(scene, CANVAS)
        shown = {item.name for item in scene.items}
        others = rng.choice([name for name in NAMES if name not in shown], size=ABSENT, replace=False)
        asked = [item.name for item in scene.items] + [str(name) for name in others]
        found = detector.find([rendered.image] * len(asked), [[name] for name in asked])
        for row, (detections,) in enumerate(found):
            best = float(detections.scores[0]) if len(detections) else 0.0
            if row >= len(scene.items):
                absent.append(best)
            elif rendered.visible[row] >= VISIBLE:
                right = len(detections) > 0 and iou(detections.boxes[0], rendered.boxes[row]) >= 0.5
                present.append(best if right else 0.0)
    return present, absent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("bundle", help="name or folder of the bundle")
    options.add_argument("--scenes", type=int, default=250)
    asked = options.parse_args()
    bundle = Bundle.load(asked.bundle)
    settings = replace(bundle.detector, box_threshold=0.05, text_threshold=0.05)
    lenient = replace(bundle, manifest=replace(bundle.manifest, detector=settings))
    present, absent = best_scores(Detector(lenient, "cpu"), asked.scenes)
    threshold = float(np.quantile(absent, 1 - ALARMS))
    print(f"# recall {np.mean(np.array(present) > threshold):.3f}, false alarms {ALARMS}")
    print(f"box_threshold = {threshold:.2f}")


if __name__ == "__main__":
    main()
