"""Draws the pictures of reports and pages in the documentation as they are, of the package's own edits, by Chromium.

    PYTHONPATH=tests python tools/gallery.py docs

writes gallery.webp, report.webp and report-photographs.webp. Needs the environment of `make test`, and Debian's
Chromium. What each picture of the gallery shows is told in docs/gallery.md.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from editjudge.cli.main import run
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import DemoInput, load_demo, load_photographs
from editjudge.study.web.app import build_study
from editjudge.study.web.pictures import StudyPictures
from support.served_page import serve_app
from support.studies import RatedSet, begin

WIDTH, HEIGHT, GAP = 1100, 820, 24
"""Pixels of each picture of the gallery, which is cut off below, and between two."""
WHOLE = 4000
"""Pixels that no report is higher than."""
PART = 1500
"""Pixels of the report of photographs that are shown."""
SHRUNK = 0.62
QUALITY = 72


def write_reports(folder: Path) -> Iterator[str]:
    """Makes the reports of the gallery; the address of each."""
    demo, photographs = read_edits()
    yield write_score(demo["color"], "well done", folder / "good.html")
    yield write_score(demo["color"], "wrong object or colour", folder / "failed.html")
    yield write_ranking(demo["add"], folder / "ranking.html")
    changed = photographs["remove"]
    command = ["differences", *_name(changed, "well done, but the tower on the left is smeared"), changed.instruction]
    yield _report([*command, "--report", str(folder / "differences.html")])


def read_edits() -> tuple[dict[str, DemoInput], dict[str, DemoInput]]:
    """The rendered edits and those of photographs, by their names."""
    demo, photographs = ({one.id: one for one in each} for each in (load_demo(), load_photographs()))
    return demo, photographs


def write_score(each: DemoInput, label: str, path: Path) -> str:
    return _report(["score", *_name(each, label), each.instruction, "--report", str(path)])


def write_ranking(each: DemoInput, path: Path) -> str:
    files = [str(candidate.file) for candidate in each.candidates]
    return _report(["rank", str(each.original), each.instruction, *files, "--report", str(path)])


def _name(each: DemoInput, label: str) -> list[str]:
    """The original and the candidate of a label."""
    return [str(each.original), next(str(one.file) for one in each.candidates if one.label == label)]


def _report(command: list[str]) -> str:
    if run(command):
        raise SystemExit(f"editjudge {' '.join(command)} fails")
    return Path(command[-1]).as_uri()


def write_study(folder: Path) -> RatedSet:
    """The edits of one input, as those of three editors."""
    each = load_demo()[0]
    rows = [
        {"id": str(number), "group": each.id, "model": f"editor {number}", "original": str(each.original),
         "edited": str(one.file), "instruction": each.instruction}
        for number, one in enumerate(each.candidates[:3])
    ]  # fmt: skip
    path = folder / "edits.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return RatedSet(open_dataset(path), {})


def draw(browser: Browser, address: str, code: str | None = None, height: int = HEIGHT) -> Image.Image:
    """What a page shows first; code: a rater's, who enters and goes past the instructions. height: pixels."""
    page = browser.new_page(viewport={"width": WIDTH, "height": height})
    page.goto(address)
    if code is not None:
        for keys, place in ((code, "**/instructions"), ("", "**/pages/*")):
            page.keyboard.type(keys)
            page.keyboard.press("Enter")
            page.wait_for_url(place)
        page.wait_for_load_state("networkidle")
    end = page.evaluate("Math.ceil(document.body.getBoundingClientRect().bottom)")
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height if height == HEIGHT else min(end, height)}
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")


def arrange(pictures: list[Image.Image]) -> Image.Image:
    """Two beside each other, row by row."""
    size = round(WIDTH * SHRUNK), round(HEIGHT * SHRUNK)
    rows = -(-len(pictures) // 2)
    sheet = Image.new("RGB", (2 * size[0] + 3 * GAP, rows * (size[1] + GAP) + GAP), (214, 208, 198))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, 2)
        place = GAP + column * (size[0] + GAP), GAP + row * (size[1] + GAP)
        sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), place)
    return sheet


def save(picture: Image.Image, path: Path) -> None:
    picture.save(path, "webp", quality=QUALITY, method=6)
    print(f"{path}: {path.stat().st_size:,} bytes")


def main(docs: Path) -> None:
    demo, photographs = read_edits()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        pictures = [draw(browser, address) for address in write_reports(folder)]
        rated = write_study(folder)
        for kind in ("rate", "prefer"):
            with begin(rated, folder / f"{kind}.sqlite", kind) as study:
                app = build_study(study, StudyPictures(study, rated.dataset))
                with serve_app(app) as address:
                    pictures.append(draw(browser, address, "rater"))
        save(arrange(pictures), docs / "gallery.webp")
        address = write_score(demo["color"], "well done, with damage elsewhere", folder / "report.html")
        save(draw(browser, address, height=WHOLE), docs / "report.webp")
        address = write_ranking(photographs["remove"], folder / "photographs.html")
        save(draw(browser, address, height=PART), docs / "report-photographs.webp")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
