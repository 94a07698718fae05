"""Manifests of bundles whose models are as small as they come."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

SECTIONS = {
    "clip": """\
size = 16
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
resample = "area"
fit = "stretch"
context = 6
""",
    "detector": """\
height = 16
width = 24
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
resample = "area"
text_length = 12
box_threshold = 0.30
text_threshold = 0.25
""",
    "segmenter": """\
size = 32
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
resample = "bilinear"
mask_size = 16
threshold = 0.0
""",
    "difference": """\
size = 32
resample = "area"
confidence = [1.0, 1.0, 0.0]
threshold = 0.1
""",
    "lpips": """\
size = 64
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
resample = "bicubic"
fit = "stretch"
""",
    "dino": """\
size = 16
shorter = 20
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
resample = "bicubic"
fit = "center_crop"
""",
    "dinov2": """\
size = 14
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
resample = "area"
fit = "stretch"
""",
    "norm": """\
modify = [-0.2, 0.6]
preserve = [0.5, 1.0]
""",
}
REQUIRED = ("clip", "detector", "segmenter", "norm")
"""The sections that every manifest has."""


def header(name: str, description: str) -> str:
    """What stands above the sections."""
    texts = {"name": name, "version": "1", "description": description}
    return "format = 2\n" + "".join(f"{key} = {json.dumps(text)}\n" for key, text in texts.items())


def section(name: str, changes: Mapping[str, object] | None = None) -> str:
    """One of `SECTIONS`, with other values, or further ones, for some of its keys."""
    body = SECTIONS[name]
    for key, value in (changes or {}).items():
        line = f"{key} = {json.dumps(value)}\n"  # numbers, texts and lists of them are the same in TOML
        body, replaced = re.subn(rf"^{key} = .*\n", line, body, flags=re.MULTILINE)
        body += "" if replaced else line
    return f"\n[{name}]\n{body}"


def file_entry(role: str, path: str, content: bytes) -> str:
    """The entry of a file with this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return f'\n[[file]]\nrole = "{role}"\npath = "{path}"\nsha256 = "{sha256}"\nbytes = {len(content)}\n'
