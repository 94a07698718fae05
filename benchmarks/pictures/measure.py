"""Are picture files read right, as they come from other programs?

Makes the files of `benchmarks.pictures.cases` with programs that are none of ours (`benchmarks.pictures.make` lists
them), and compares what is read of each with what ImageMagick, libvips, libheif, libavif or netpbm read of the same
file, level by level, in sRGB over white: right is a difference of at most two levels in every pixel. Those that are not
read must be refused with a sentence that names what helps. Then one side of unedited pairs gets a profile.

    python -m benchmarks.pictures.measure [FOLDER]     # where the files are left
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from PIL import ImageCms

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.pictures.cases import PictureCase, all_cases
from benchmarks.pictures.make import make, prepare, read_by_others
from editjudge import EditIntent, ImageError, Scorer
from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_picture

SIZE = 240, 160
TOLERANCE = 2
"""Levels by which a pixel may differ from what others read."""
INTENT = EditIntent("color", "car", "blue car")


def try_case(case: PictureCase, folder: Path) -> dict[str, float]:
    """What came of a file: whether it is as it should be; of one that is read, how far it is from the reference."""
    path = make(case, folder)
    try:
        loaded = load_picture(path)
    except ImageError as error:
        return {"right": int(case.refused is not None and case.refused in str(error)), "refused": 1}
    if case.refused is not None:
        return {"right": 0}
    wanted = read_by_others(case, folder)
    if wanted.shape != loaded.pixels.shape:
        return {"right": 0}
    gap = np.abs(wanted.astype(np.int16) - loaded.pixels)
    right = gap.max() <= TOLERANCE and loaded.profile_converted == case.converted
    return {
        "right": int(right),
        "largest difference": int(gap.max()),
        "mean": float(gap.mean()),
        "converted": int(loaded.profile_converted),
    }


def tag(path: Path, profile: bytes, **options: Any) -> bytes:
    """A picture as a file with another profile, its colours the same: littleCMS converts them to it."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    with PIL.Image.open(path) as picture:
        converted = ImageCms.profileToProfile(
            picture.convert("RGB"), ImageCms.createProfile("sRGB"), target, outputMode="RGB"
        )
    content = io.BytesIO()
    converted.save(content, icc_profile=profile, **options)
    return content.getvalue()


def count_unchanged(scorer: Scorer, profile: bytes, **options: Any) -> int:
    """Of how many originals of the demo the same picture with a profile counts as unchanged, and says so."""
    scores = [scorer.score(one.original, tag(one.original, profile, **options), INTENT) for one in load_demo()]
    return sum(
        score.kind == "unchanged" and {"no_op", "profile_converted"} <= set(score.flags)
        and "tone_changed" not in score.flags
        for score in scores
    )  # fmt: skip


def count_same_orders(scorer: Scorer, profile: bytes) -> int:
    """Of how many rankings of the demo the order stays when every candidate has a profile."""
    same = 0
    for one in load_demo():
        prepared = scorer.prepare(one.original, one.instruction)
        plain, tagged = (
            [ranked.index for ranked in prepared.rank(sources)]
            for sources in (
                [candidate.file for candidate in one.candidates],
                [tag(candidate.file, profile, format="PNG") for candidate in one.candidates],
            )
        )
        same += plain == tagged
    return same


def measure_files(folder: Path) -> dict[str, dict[str, float]]:
    """Every case by its name."""
    prepare(folder, *SIZE)
    cases = list(all_cases())
    return {case.name: try_case(case, folder) for case in progress(cases, len(cases), "files")}


def summarise(rows: dict[str, dict[str, float]], sides: Sequence[int], orders: int) -> list[Figure]:
    read = [row for row in rows.values() if "largest difference" in row]
    right = int(sum(row["right"] for row in rows.values()))
    return [
        Figure("files", "picture files", len(rows), 60),
        Figure("right", "of these read right to 2 levels, or refused with the remedy", right, len(rows)),
        Figure("read", "read", len(read)),
        Figure("exact", "of these without any difference", sum(row["largest difference"] == 0 for row in read)),
        Figure("converted", "of these converted from a profile", int(sum(row["converted"] for row in read))),
        Figure("p3_png", "unedited demo pictures, one side in Display P3 (PNG): no_op", sides[0], 6),
        Figure("p3_jpeg", "the same, as JPEG of quality 90", sides[1], 6),
        Figure("adobe_png", "unedited demo pictures, one side in Adobe RGB (PNG): no_op", sides[2], 6),
        Figure("orders", "rankings of the demo unchanged with all candidates in Display P3", orders, 6),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?", help="where to leave the files")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        rows = measure_files(folder)
        p3, adobe = ((folder / name).read_bytes() for name in ("p3.icc", "adobe.icc"))
    scorer = Scorer.load("studio", "cpu")
    sides = [
        count_unchanged(scorer, p3, format="PNG"),
        count_unchanged(scorer, p3, format="JPEG", quality=90),
        count_unchanged(scorer, adobe, format="PNG"),
    ]
    show("pictures as they come", summarise(rows, sides, count_same_orders(scorer, p3)), file=rows)


if __name__ == "__main__":
    main()
