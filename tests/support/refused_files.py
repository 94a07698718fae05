"""The files that the calls of `support.refusals` name: pictures, texts, tables, and bundles with a fault each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from support.tiny_manifest import REQUIRED, file_entry, header, section

WORDLESS = "+++"
"""An instruction that is taken for the whole picture without any model being loaded to read it."""

ROLES = (
    "clip_vision", "clip_text", "clip_tokenizer", "detector", "detector_tokenizer", "sam_encoder", "sam_decoder",
)  # fmt: skip
"""What a bundle must have. Here each file holds the name of its role."""

FAULTS: dict[str, tuple[str, str]] = {
    "whole": ("", ""),
    "studio": ('name = "plain"', 'name = "studio"'),
    "not-toml": ("format = 2", "format = "),
    "no-format": ("format = 2\n", ""),
    "format-0": ("format = 2", "format = 0"),
    "format-3": ("format = 2", "format = 3"),
    "unknown-role": ('role = "detector"', 'role = "classifier"'),
    "role-twice": ('role = "detector"', 'role = "clip_text"'),
    "missing-role": (r'\[\[file\]\]\nrole = "detector"\n[^[]*', ""),
    "missing-section": (r"\[norm\]\n[^]]*\]\n[^]]*\]\n", ""),
    "unknown-section": (r"\[norm\]", "[extra]\nkey = 1\n\n[norm]"),
    "section-without-its-file": (r"\[norm\]", "[domain]\nthreshold = 0.5\n\n[norm]"),
    "missing-key": ("context = 6\n", ""),
    "unknown-key": ("context = 6", "context = 6\ncontent = 6"),
    "wrong-type": ("context = 6", "context = 6.5"),
    "wrong-choice": ('fit = "stretch"', 'fit = "squash"'),
    "not-positive": ("context = 6", "context = 0"),
    "falling-norm": (r"modify = \[-0.2, 0.6\]", "modify = [0.6, -0.2]"),
    "leads-outside": ('path = "detector"', 'path = "../detector"'),
    "missing-file": ('path = "detector"', 'path = "nowhere"'),
    "wrong-size": ("bytes = 11", "bytes = 12"),
    "wrong-hash": ('sha256 = "[0-9a-f]{64}', f'sha256 = "{"0" * 64}'),
    "no-digits": ('sha256 = "[0-9a-f]{4}', 'sha256 = "'),
    "unknown-package": (
        r"\Z", f'\n[[file]]\nrole = "parser"\npackage = "antigravity"\nsha256 = "{"0" * 64}"\nlicence = "none"\n',
    ),
}  # fmt: skip
"""Bundles by name: what is found in the manifest first, as a regular expression, and what is put in its place."""


def fill(folder: Path) -> None:
    """Writes all of them into an empty folder."""
    (folder / "folder").mkdir()
    _pictures(folder)
    _texts(folder)
    _tables(folder)
    for name, (pattern, replacement) in FAULTS.items():
        _bundle(folder / "bundles" / name, pattern, replacement)


def _pictures(folder: Path) -> None:
    for name, shade in {"original": 90, "edited": 160}.items():
        PIL.Image.new("RGB", (48, 32), (shade, shade, shade)).save(folder / f"{name}.png")
    PIL.Image.new("RGB", (4, 32)).save(folder / "small.png")
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("this is no picture", encoding="utf-8")
    (folder / "page.jpg").write_text("<!DOCTYPE html><html><body>Log in</body></html>", encoding="utf-8")
    (folder / "picture.jxl").write_bytes(b"\xff\x0a" + bytes(30))
    noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    content = io.BytesIO()
    PIL.Image.fromarray(noise).save(content, "PNG")
    (folder / "truncated.png").write_bytes(content.getvalue()[:1000])


def _texts(folder: Path) -> None:
    (folder / "asked.jsonl").write_text('{"instruction": "make it red"}\n{"text": "make it red"}\n', encoding="utf-8")
    (folder / "words.txt").write_text("make it red\n", encoding="utf-8")
    edit = {"original": "original.png", "edited": "nowhere.png", "instruction": "Make it blue."}
    (folder / "missing.jsonl").write_text(json.dumps(edit), encoding="utf-8")
    (folder / "number.json").write_text("5", encoding="utf-8")
    (folder / "begun.jsonl.part").write_text('{"data set": "another one"}\n', encoding="utf-8")
    (folder / "torn.jsonl.part").write_text("[]\n", encoding="utf-8")


def _tables(folder: Path) -> None:
    edit = ("original", "edited", "instruction")
    _csv(folder / "edits.csv", [edit, ("original.png", "edited.png", WORDLESS)])
    _csv(folder / "missing.csv", [edit, ("original.png", "nowhere.png", WORDLESS)])
    _csv(folder / "no-rows.csv", [edit])
    _csv(folder / "ragged.csv", [("group", "human"), ("1", "2", "3")])
    _csv(folder / "bare.csv", [("id", "bpm"), ("a", 1.0), ("b", 0.5)])
    heads, *rows = _scores()
    _csv(folder / "scores.csv", [heads, *rows])
    place = heads.index("human")
    _csv(folder / "words.csv", [heads, *((*row[:place], "good", *row[place + 1 :]) for row in rows)])


def _scores() -> Iterator[tuple[object, ...]]:
    """A table of scores: three candidates of each of four inputs, rated as a whole and not by parts."""
    yield (
        "id", "group", "model", "kind", "human", "bpm", "semantic.score", "semantic.modify", "semantic.modify_raw",
        "semantic.preserve", "semantic.preserve_raw", "region.score", "intent.edit_type", "flags", "metrics.l2",
        "error",
    )  # fmt: skip
    for group in range(4):
        for rating, kind in enumerate(("regenerated", "noise", "well_done"), 1):
            part = (rating + group / 8) / 4
            scores = (2 * part, 2 * part, part, part, part, part, 2 * part)
            yield (f"{group}-{kind}", group, kind, kind, rating, *scores, "color", "[]", 1 - part, "")


def _csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _bundle(folder: Path, pattern: str, replacement: str) -> None:
    """A bundle of small files, with something in its manifest replaced."""
    folder.mkdir(parents=True)
    sections = map(section, REQUIRED)
    entries = (file_entry(role, role, role.encode()) for role in ROLES)
    manifest = "".join([header("plain", "Files that are no models."), *sections, *entries])
    (folder / "bundle.toml").write_text(re.sub(pattern, replacement, manifest, count=1), encoding="utf-8")
    for role in ROLES:
        (folder / role).write_text(role, encoding="utf-8")
