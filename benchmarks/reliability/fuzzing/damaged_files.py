"""Pictures, manifests, tables and caches with changed bytes, and the calls that read them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.reliability.fuzzing.draw import Draw
from benchmarks.reliability.fuzzing.world import PICTURES, World
from editjudge import BundleError, Scorer
from editjudge.batch import score_dataset
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import FORMATS, open_dataset
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, read_scores, select_columns
from editjudge.image.decode import load_picture
from editjudge.parser.cache import ParseCache
from editjudge.parser.calibration import UNSURE
from editjudge.parser.language_model import ModelAnswer

VALUES = (
    "0", "-1", "1e300", "nan", "inf", "-inf", "99999999999", "9" * 5000, '""', '"x"', '"../x"', '"/etc/passwd"', "[]",
    "{}", "true", "[" * 3000,
    '"\\u0000"', '"\\ud800"', "1979-05-27", "0.5", "1", '"auto"', '"' + "n" * 5000 + '"', "0x7f",
)  # fmt: skip
"""What stands behind an equals sign of a manifest, or in a cell."""
CELLS = (
    "",
    "nan",
    "inf",
    "-1",
    "9" * 400,
    "a\0b",
    "é",
    '"',
    "null",
    "[]",
    "{}",
    "n" * 3000,
    "nowhere.png",
    "data:,",
    "true",
)

Drawn = tuple[str, Callable[[], Any]]
"""How a report names a call, and the call."""


def draw_picture(draw: Draw, world: World) -> Drawn:
    source = draw.choose(PICTURES)
    content = draw.mutate(source.read_bytes())
    Path("damaged.png").write_bytes(content)
    whole = draw.number(8) == 7

    def call() -> None:
        picture = load_picture("damaged.png" if whole else content)
        if whole or max(picture.pixels.shape) < 200:
            world.prepared.score(picture)

    return f"a damaged {source.name}", call


def draw_manifest(draw: Draw, world: World) -> Drawn:
    text = world.manifest.decode()
    lines = text.split("\n")
    for _ in range(1 + draw.number(3)):
        place, kind = draw.number(len(lines)), draw.number(6)
        if kind <= 2 and "=" in lines[place]:
            lines[place] = f"{lines[place].partition('=')[0]}= {draw.choose(VALUES)}"
        elif kind == 3:
            del lines[place]
        elif kind == 4:
            lines[place:place] = lines[draw.number(len(lines)) :][: 1 + draw.number(6)]
        else:
            lines[place : place + 1] = [draw.mutate_text(lines[place])]
    shutil.copytree("toy", "damaged", copy_function=os.link, dirs_exist_ok=True)
    Path("damaged/bundle.toml").unlink()
    Path("damaged/bundle.toml").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))

    def call() -> None:
        Bundle.load("./damaged").verify()
        Scorer.load("./damaged", "cpu", 1, keep_answers=False).score("original.png", "edited.png", world.intent)

    return "a damaged manifest", call


def draw_table(draw: Draw, world: World) -> Drawn:
    is_scored = draw.chance(2)
    tables = world.scores if is_scored else world.tables
    name = draw.choose(sorted(tables))
    damaged = Path(f"damaged{Path(name).suffix}")
    content = tables[name]
    if not name.endswith(".parquet") and draw.chance(2):
        cells = re.split(rb'([,:"\n]+)', content)
        for _ in range(1 + draw.number(3)):
            cells[draw.number(len(cells))] = draw.choose(CELLS).encode()
        content = b"".join(cells)
    else:
        content = draw.mutate(content)
    damaged.write_bytes(content)
    form = draw.choose([None, None, *FORMATS])
    experiment = draw.choose(sorted(EXPERIMENTS))

    def call() -> None:
        if is_scored:
            table = read_scores(damaged)
            options = EvaluationOptions(resamples=3, norm="data" if form else "bundle")
            EXPERIMENTS[experiment](table, select_columns(table), options)
            return
        score_dataset(open_dataset(damaged, form), Path("out.jsonl"), bundle="./toy", device="cpu", workers=1)
        written = Path("out.jsonl").read_text(encoding="utf-8")
        if "this is a bug" in written:
            raise AssertionError(written)

    return f"a damaged {name}, {form or 'any form'}, {experiment}", call


def draw_cache(draw: Draw, world: World) -> Drawn:
    if draw.chance(3):
        return _draw_checkpoint(draw)
    folder = Path("answers")
    cache = ParseCache(folder, "model")
    answer = ModelAnswer("color car -> blue car", (UNSURE,), 7)
    for number in range(3):
        cache.put(f"make it {number}", answer)
    getattr(cache, "close", lambda: None)()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for _ in range(1 + draw.number(2)):
        if files:
            path = draw.choose(files)
            path.write_bytes(draw.mutate(path.read_bytes()))

    def call() -> None:
        opened = ParseCache(folder, "model")
        for number in range(4):
            opened.get(f"make it {number}")
            opened.put(f"make it {number}", answer)
        getattr(opened, "close", lambda: None)()

    return "a damaged cache of answers", call


def _draw_checkpoint(draw: Draw) -> Drawn:
    dataset = open_dataset("edits.csv")
    part = Path("out.csv.part")
    arguments: dict[str, Any] = {"bundle": "./toy", "device": "cpu", "workers": 1}

    def stop(progress: Any) -> None:
        if progress.done:
            raise BundleError("stopped")

    try:
        score_dataset(dataset, Path("out.csv"), watch=stop, **arguments)
    except BundleError:
        part.write_bytes(draw.mutate(part.read_bytes(), 3))
    return "a damaged part file", lambda: score_dataset(dataset, Path("out.csv"), resume=True, **arguments)
