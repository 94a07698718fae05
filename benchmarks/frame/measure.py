"""What does a larger frame gain for small objects in a large photograph, and what does it cost?

    python -m benchmarks.frame.measure [--objects 12] [--rounds 5]

Objects of the studio are drawn into photographs of 4,000 x 3,000 pixels. How large they reach the models of photo-edge
is measured on their masks, and how fine a pattern on stripes, put through the runtime's own frame and the models' own
resizing; what pixels alone, and the studio's detector, see of them by running these.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, share, show
from benchmarks.frame.costs import FrameTimes, open_scorer, time_alignment, time_glue
from benchmarks.frame.reach import find_finest, measure_reach, open_feeds
from benchmarks.frame.small_objects import OBJECTS, WIDTH, SmallObject, place_objects
from editjudge.image.boxes import iou
from editjudge.image.transforms import fit_frame
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.task import EditTask
from editjudge.models.grounding_dino import Detector
from editjudge.types import EditIntent

SEED = 31
BEFORE, AFTER = 512, 1024
FRAMES = (BEFORE, AFTER)
SMALL = (20, 40, 80)
LARGER = (160, 320, 640)
"""Pixels of the longest side, of 4,000: the studio's detector takes 160 pixels, and finds none of the small ones."""
RECIPE = "photo-edge"
OVERLAP = 0.5


def measure_small(placed: Sequence[SmallObject], feeds: dict, longest: int) -> dict[str, float]:
    """The mean reach of objects, in pixels."""
    rows = [measure_reach(one, longest, feeds) for one in placed]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def is_seen(placed: SmallObject, longest: int) -> bool:
    """Whether pixels alone tell that a small object got another colour."""
    intent = EditIntent("color", placed.name, placed.name)
    task = EditTask.of(placed.picture, [intent], RULES[None], longest=longest)
    return task.align(placed.recoloured).changes.kind == "edit"


def is_found(detector: Detector, placed: SmallObject, longest: int) -> bool:
    """Whether a detector's best box is the object's."""
    frame = fit_frame(placed.picture, longest)
    ((found,),) = detector.find([frame], [[placed.name]])
    scale = frame.shape[1] / placed.picture.shape[1]
    return len(found) > 0 and iou(found.boxes[0] / np.float32(scale), placed.box) >= OVERLAP


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--objects", type=int, default=len(OBJECTS), help="of each size")
    options.add_argument("--rounds", type=int, default=5, help="of what is timed")
    options.add_argument("--threads", type=int, default=2)
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    feeds, detector = open_feeds(RECIPE), open_scorer(BEFORE, asked.threads).models.model(Detector)
    reach: dict[str, dict[str, float]] = {}
    seen: dict[str, dict[str, float]] = {}
    for size in progress((*SMALL, *LARGER), len(SMALL) + len(LARGER), "objects"):
        placed = list(place_objects(size, OBJECTS[: asked.objects], SEED))
        row = seen[f"{size} px"] = {}
        for longest in FRAMES:
            if size in SMALL:
                reach[f"{size} px, frame {longest}"] = measure_small(placed, feeds, longest)
                row[f"recoloured: seen by pixels, {longest}"] = share([is_seen(one, longest) for one in placed])
            row[f"found by the studio's detector, {longest}"] = share(
                [is_found(detector, one, longest) for one in placed]
            )
    finest = {
        f"frame {longest}": {name: find_finest(longest, feed) for name, feed in feeds.items()} for longest in FRAMES
    }
    times = {
        **time_alignment(FRAMES, AFTER, asked.rounds),
        **time_alignment(FRAMES, WIDTH, asked.rounds),
        **time_glue(FRAMES, AFTER, asked.rounds, asked.threads),
    }
    tables = {"pixels_of_the_longest_side": reach, "finest_stripes_in_px_of_the_photograph": finest,
              "share_of_objects": seen, "milliseconds": times}  # fmt: skip
    show("small objects in large photographs", summarise(reach, finest, seen, times), **tables)


def summarise(reach: FrameTimes, finest: FrameTimes, seen: FrameTimes, times: FrameTimes) -> list[Figure]:
    """The figures: after over before."""
    figures = []
    for size in SMALL:
        before, after = (reach[f"{size} px, frame {longest}"] for longest in FRAMES)
        for name, goal in (("frame", 2.0), ("detector", 2.0), ("segmenter", None), ("crop", None)):
            what = {"frame": "in the frame", "crop": "CLIP's crop of it", **dict.fromkeys(("detector", "segmenter"))}
            where = what[name] or f"at the {name}'s input"
            text = f"{size} px of 4,000, {where}: {before[name]:.1f} px before, {after[name]:.1f} after"
            figures.append(Figure(f"{name}_{size}", text, after[name] / before[name], goal, unit=" x"))
    for name in finest[f"frame {BEFORE}"]:
        before, after = (finest[f"frame {longest}"][name] for longest in FRAMES)
        text = f"finest stripes at the {name}'s input: of {before:.1f} px before, {after:.1f} after"
        figures.append(Figure(f"finest_{name}", text, before / after, 2.0, unit=" x finer"))
    for size in SMALL:
        row = seen[f"{size} px"]
        text = f"{size} px, another colour: seen by pixels, before {row[f'recoloured: seen by pixels, {BEFORE}']:.2f}"
        figures.append(Figure(f"seen_{size}", text, row[f"recoloured: seen by pixels, {AFTER}"]))
    for what, row in times.items():
        before, after = (row[f"frame {longest}"] for longest in FRAMES)
        text = f"{what}: {before:.1f} ms before, {after:.1f} after"
        figures.append(Figure(f"ms_{what}", text, after / before, unit=" x"))
    return figures


if __name__ == "__main__":
    main()
