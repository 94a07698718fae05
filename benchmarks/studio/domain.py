"""What does the domain probe take for a picture that the bundle knows, by itself, before any object was looked for?

    python -m benchmarks.studio.domain [--photos FOLDER] [--pictures FOLDER ...]

Scenes are held out, as are the photographs of packages, and cut-outs laid before what scenes stand before. --photos is
as for `benchmarks.trust.measure`: the originals of its pairs are judged, each once. --pictures are folders of any
pictures, each with a row of its own.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import EditJudgeError, Scorer
from editjudge.image.decode import load_image
from editjudge.image.transforms import fit_frame
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain, Probe
from editjudge.types import Image
from studio.edits.edit import EDIT_RULES
from studio.edits.edit_set import CANVAS
from studio.renderer.backgrounds import photo
from studio.renderer.everyday import everyday_photographs, photographed_objects
from studio.renderer.patterns import PATTERNS, PATTERNS_HELD_OUT
from studio.renderer.photographs import crop_photograph, lay_out
from studio.renderer.scene import SceneRules, random_scene, render

SEED = 8080
CROPS = 4
"""Of each photograph."""
SCENES = {
    "scenes": ("held-out scenes", EDIT_RULES),
    "patterns": ("the same before patterns", replace(EDIT_RULES, backgrounds=tuple(PATTERNS))),
    "unseen": ("the same before backgrounds of a kind never trained on",
               replace(EDIT_RULES, backgrounds=tuple(PATTERNS_HELD_OUT))),
}  # fmt: skip


def known(probe: Probe, clip: Clip, pictures: Iterable[Image]) -> list[bool]:
    """Of each picture, whether the probe takes it for one that the bundle knows."""
    framed = (fit_frame(picture) for picture in pictures)
    return [probe.accepts(clip.images([picture])[0], picture) for picture in framed]


def draw_scenes(rules: SceneRules, seed: int, count: int) -> Iterable[Image]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield render(random_scene(rng, replace(rules, held_out=True)), CANVAS).image


def measure_own(probe: Probe, clip: Clip, seed: int, count: int) -> list[Figure]:
    """On scenes and photographs that no training saw."""
    figures = []
    for key, (what, rules) in SCENES.items():
        accepted = known(probe, clip, progress(draw_scenes(rules, seed, count), count, what))
        goal = 0.05 if key == "scenes" else None
        figures.append(Figure(f"{key}_refused", f"{what}, refused", 1 - share(accepted), goal, at_least=False))
    rng = np.random.default_rng(seed)
    paths, objects = everyday_photographs(held_out=True), photographed_objects(held_out=True)
    whole = [photo(str(path)) for path in paths]
    crops = [crop_photograph(rng, picture) for picture in whole for _ in range(CROPS)]
    laid = [lay_out(rng, paths, objects) for _ in range(count)]
    figures += [
        Figure("photographs_known", "photographs of packages, taken for known", share(known(probe, clip, whole))),
        Figure("crops_known", "parts of them", share(known(probe, clip, crops))),
        Figure("laid_known", "photographed objects, cut out and laid on a background", share(known(probe, clip, laid))),
    ]
    return figures


def measure_pairs(probe: Probe, clip: Clip, folder: Path) -> list[Figure]:
    """On the originals of pairs, all together and by their set."""
    lines = (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    sets = {entry["original"]: entry["set"] for entry in map(json.loads, lines)}
    answers = known(probe, clip, (load_image(folder / name) for name in progress(sets, len(sets), "originals")))
    by_set: dict[str, list[bool]] = defaultdict(list)
    for name, answer in zip(sets.values(), answers, strict=True):
        by_set[name].append(answer)
    what = f"originals of photographed and rendered edits ({len(sets)}), taken for known"
    return [
        Figure("pairs_known", what, share(answers), 0.03, at_least=False),
        *(Figure(f"pairs_{name}", f"of that, {name} ({len(of)})", share(of)) for name, of in sorted(by_set.items())),
    ]


def measure_folder(probe: Probe, clip: Clip, folder: Path) -> Figure:
    """On the pictures of a folder and those in it; what cannot be read is left out."""
    pictures = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            pictures.append(fit_frame(load_image(path)))
        except EditJudgeError:
            continue
    what = f"{folder.name} ({len(pictures)}), taken for known"
    return Figure(f"{folder.name}_known", what, share(known(probe, clip, pictures)))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--scenes", type=int, default=400)
    command_line.add_argument("--seed", type=int, default=SEED)
    command_line.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits")
    command_line.add_argument("--pictures", type=Path, nargs="*", default=(), metavar="FOLDER", help="any pictures")
    options = command_line.parse_args()
    models = Scorer.load(options.bundle).models
    probe, clip = models.model(Domain).probe, models.model(Clip)
    if probe is None:
        raise SystemExit(f"{options.bundle} has no domain probe")
    figures = measure_own(probe, clip, options.seed, options.scenes)
    if options.photos:
        figures += measure_pairs(probe, clip, options.photos)
    figures += [measure_folder(probe, clip, folder) for folder in options.pictures]
    show("what the domain probe takes for known", figures, scenes=options.scenes, seed=options.seed)


if __name__ == "__main__":
    main()
