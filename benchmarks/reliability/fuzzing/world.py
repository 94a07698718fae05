"""The folder that the calls are made in: pictures, tables, texts, and a bundle of tiny graphs that has a parser."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet

import editjudge_models
from benchmarks.common.paths import ROOT
from editjudge import EditIntent, EditScore, Scorer
from editjudge.batch.executors import local
from editjudge.batch.score_columns import score_values
from editjudge.bundles.cache import cache_folder

TOY = ROOT / "tests" / "fixtures" / "toy"
PICTURES = sorted(path for path in (ROOT / "tests" / "fixtures" / "pictures").iterdir() if path.suffix != ".md")
WORDLESS = "+++"
"""An instruction that no model is loaded to read."""


class World:
    """Files in a folder, which is the working directory from then on; and a scorer, opened when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        models = cache_folder() / "models"
        os.chdir(folder)
        os.environ["EDITJUDGE_HOME"] = str(folder / "home")
        (folder / "home").mkdir()
        if models.is_dir():
            (folder / "home" / "models").symlink_to(models)  # or the parser is put together anew, which takes seconds
        _write_pictures(folder)
        _write_bundle(folder / "toy")
        self.intent = EditIntent("color", "car", "blue car")
        with Scorer.load(folder / "toy", "cpu", 1) as reader:  # what the answers are kept for
            for instruction in ("make the car blue", "remove the car"):
                reader.parse(instruction)
        self.scorer = Scorer.load(folder / "toy", "cpu", 1, keep_answers=False)
        self.prepared = self.scorer.prepare("original.png", self.intent)
        self.scored: EditScore = self.scorer.score("original.png", "edited.png", self.intent, metrics="all")
        _write_tables(folder, self.scored)
        self.tables = {path.name: path.read_bytes() for path in sorted(folder.glob("edits.*"))}
        self.scores = {path.name: path.read_bytes() for path in sorted(folder.glob("scores.*"))}
        self.manifest = (folder / "toy" / "bundle.toml").read_bytes()
        setattr(local, "ProcessPoolExecutor", Here)  # noqa: B010 (which is not for others to set)
        self._kept = {entry.name for entry in os.scandir(folder)}

    def clean(self) -> None:
        """Takes away what a call has written."""
        for entry in list(os.scandir(self.folder)):
            if entry.name not in self._kept:
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
        for name in ("original.png", "edited.png"):
            if not (self.folder / name).is_file():
                raise RuntimeError(f"a call has taken {name} away")


class Here(Executor):
    """Worker processes that are this process: one each would take seconds."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def _write_pictures(folder: Path) -> None:
    picture = np.full((32, 48, 3), 90, np.uint8)
    picture[8:24, 10:30] = (200, 40, 40)
    PIL.Image.fromarray(picture).save(folder / "original.png")
    picture[8:24, 10:30] = (40, 40, 200)
    PIL.Image.fromarray(picture).save(folder / "edited.png")
    (folder / "empty.png").touch()
    (folder / "words.txt").write_text("make the car blue\nremove the car\n", encoding="utf-8")
    (folder / "words.jsonl").write_text('{"instruction": "make the car blue"}\n', encoding="utf-8")
    (folder / "folder").mkdir(exist_ok=True)


def _write_bundle(target: Path) -> None:
    """The bundle of tests/, with the parser of the embedded one."""
    shutil.copytree(TOY, target)
    studio = editjudge_models.bundle_folder("studio")
    manifest = (studio / "bundle.toml").read_text(encoding="utf-8")
    blocks = re.findall(r"^\[\[?[^\]]+\]\]?\n(?:(?!\[\[?\w+\]\]?\n).*\n?)*", manifest, re.MULTILINE)
    parsers = re.compile(r'\[parse\]|\[\[file\]\]\n(?:.*\n)*?role = "parser(?:_adapter)?"')
    wanted = [block for block in blocks if parsers.match(block)]
    with (target / "bundle.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(wanted))
    for name in re.findall(r'^path = "(.*)"', "\n".join(wanted), re.MULTILINE):
        shutil.copy(studio / name, target / name)


def _write_tables(folder: Path, score: EditScore) -> None:
    rows = [
        {"original": "original.png", "edited": edited, "instruction": WORDLESS, "group": "1", "human": human}
        for edited, human in (("edited.png", 4.0), ("original.png", 1.0))
    ]
    _write_rows(folder / "edits", rows)
    (folder / "edits.json").write_text(json.dumps(rows), encoding="utf-8")
    pictures = [
        row | {key: {"bytes": Path(str(row[key])).read_bytes(), "path": row[key]} for key in ("original", "edited")}
        for row in rows
    ]
    pa.parquet.write_table(pa.Table.from_pylist(pictures), folder / "edits.parquet")
    values = score_values(score)
    kinds = ("edited", "preserved", "modified")
    scored = [
        {"id": str(index), "group": str(index // 3), "model": f"m{index % 3}", "human": float(index * 7 % 5),
         "kind": kinds[index % 3], "human.modify": index % 5, **values, "bpm": 0.1 * (index % 7)}
        for index in range(12)
    ]  # fmt: skip
    _write_rows(folder / "scores", scored)
    pa.parquet.write_table(pa.Table.from_pylist(scored), folder / "scores.parquet")


def _write_rows(stem: Path, rows: Sequence[dict[str, Any]]) -> None:
    with stem.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    stem.with_suffix(".jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
