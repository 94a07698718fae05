"""The toy bundle with models that embed edits: tests/fixtures/make_pair_graphs.py."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from editjudge.bundles.bundle import Bundle
from support.damaged_bundles import MANIFEST, TOY
from support.tiny_manifest import file_entry

GRAPHS = TOY.parent / "pair"
SECTIONS = {
    "edit_clip": "context = 8\ncontrary = {contrary}\n",
    "vifi_clip": 'size = 16\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\nresample = "area"\nfit = "stretch"\n'
    "context = 4\n",
}
"""Texts are of six tokens for the toy's CLIP, of eight for edit_clip and of four for vifi_clip."""


def make_pair_bundle(folder: Path, roles: Collection[str] = tuple(SECTIONS), contrary: float = 0.2) -> Bundle:
    """Writes the bundle into a new folder, and opens it; texts are embedded as the toy's CLIP does."""
    shutil.copytree(TOY, folder)
    manifest = (folder / MANIFEST).read_text(encoding="utf-8")
    for role in roles:
        manifest += f"\n[{role}]\n{SECTIONS[role].format(contrary=contrary)}"
        files = {
            role: (f"{role}.onnx", (GRAPHS / f"{role}.onnx").read_bytes()),
            f"{role}_text": (f"{role}_text.onnx", (TOY / "clip_text.onnx").read_bytes()),
            f"{role}_tokenizer": (f"{role}_tokenizer.json", (TOY / "clip_tokenizer.json").read_bytes()),
        }
        for file_role, (name, content) in files.items():
            (folder / name).write_bytes(content)
            manifest += file_entry(file_role, name, content)
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    return Bundle.load(folder)
