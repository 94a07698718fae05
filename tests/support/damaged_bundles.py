"""A hundred damaged bundles: what a bad disk, a broken download or a careless hand makes of the toy bundle.

Each fault is a function that changes a copy of it, by a name that says what it does, with the word that the refusal
must have in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

MODELS = ("clip_vision", "clip_text", "detector", "sam_encoder", "sam_decoder", "lpips", "dino", "dinov2")
FILES = (*(f"{role}.onnx" for role in MODELS), "clip_tokenizer.json", "detector_tokenizer.json", "vocabulary.txt")
MANIFEST = "bundle.toml"
TOY = Path(__file__).parent.parent / "fixtures" / "toy"


@dataclass(frozen=True)
class Fault:
    """What is done to a copy of the bundle, and a word of the refusal, as a regular expression."""

    apply: Callable[[Path], None]
    subject: str


def edit(folder: Path, pattern: str, replacement: str) -> None:
    """Replaces the first that fits a regular expression in the manifest, by a text as it is."""
    manifest = folder / MANIFEST
    text, count = re.subn(pattern, lambda _: replacement, manifest.read_text(encoding="utf-8"), count=1)
    assert count == 1, f"the manifest has no {pattern}"
    manifest.write_text(text, encoding="utf-8")


def put(folder: Path, name: str, content: bytes) -> None:
    """Writes a file of the bundle, and its hash and size into the manifest: the fault is in what it holds."""
    (folder / name).write_bytes(content)
    digest = f'sha256 = "{hashlib.sha256(content).hexdigest()}"\nbytes = {len(content)}\n'
    edit(folder, rf'(?<=path = "{re.escape(name)}"\n)sha256 = .*\nbytes = .*\n', digest)


def _write(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    (folder / name).write_bytes(change((folder / name).read_bytes()))


def _flip(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _remove(folder: Path, name: str) -> None:
    (folder / name).unlink()


def _make_folder(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()


def _swap(folder: Path, one: str, other: str) -> None:
    contents = [(folder / name).read_bytes() for name in (other, one)]
    for name, content in zip((one, other), contents, strict=True):
        (folder / name).write_bytes(content)


def _swap_roles(folder: Path, one: str, other: str) -> None:
    """The entries give each the other's file, with its own hash."""
    edit(folder, f'role = "{one}"', 'role = "-"')
    edit(folder, f'role = "{other}"', f'role = "{one}"')
    edit(folder, 'role = "-"', f'role = "{other}"')


OF_FILES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "with a bit flipped": _flip,
    "a byte too long": lambda content: content + b"\n",
    "all zeros": lambda content: bytes(len(content)),
}
OF_MANIFESTS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "all zeros": lambda content: bytes(len(content)),
    "in Latin-1": lambda content: content.replace(b"Graphs", b"Gr\xe4phs"),
    "in UTF-16": lambda content: content.decode().encode("utf-16"),
    "twice": lambda content: content * 2,
    "a page of a web server": lambda content: b"<!DOCTYPE html><html><body>Not found</body></html>",
    "a pointer of git": lambda content: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
    **{f"cut off after {part} %": lambda content, part=part: content[: len(content) * part // 100]
       for part in (10, 30, 50, 70, 90)},
}  # fmt: skip
OF_ENTRIES: dict[str, tuple[str, str, str]] = {
    "no format": ("format = 2\n", "", "format"),
    "format of old": ("format = 2", "format = 1", "build the bundle again"),
    "format to come": ("format = 2", "format = 3", "upgrade"),
    "format as a text": ("format = 2", 'format = "2"', "format"),
    "no name": ('name = "toy"\n', "", "name"),
    "name as a number": ('name = "toy"', "name = 5", "name"),
    "no clip": (r"\[clip\](?s:.*?)(?=\n\[detector\])", "", "clip"),
    "no detector": (r"\[detector\](?s:.*?)(?=\n\[segmenter\])", "", "detector"),
    "no segmenter": (r"\[segmenter\](?s:.*?)(?=\n\[lpips\])", "", "segmenter"),
    "no norm": (r"\[norm\](?s:.*?)(?=\n\[\[file\]\])", "", "norm"),
    "lpips without its section": (r"\[lpips\](?s:.*?)(?=\n\[dino\])", "", "lpips"),
    "no context": ("context = 6\n", "", "context"),
    "context as a text": ("context = 6", 'context = "6"', "context"),
    "context as a table": ("context = 6", "context = {}", "context"),
    "context of nothing": ("context = 6", "context = 0", "context"),
    "mean of two": (r"mean = \[0.5, 0.5, 0.5\]", "mean = [0.5, 0.5]", "mean"),
    "std of nothing": (r"std = \[0.25, 0.25, 0.25\]", "std = [0.0, 0.25, 0.25]", "std"),
    "fit unknown": ('fit = "stretch"', 'fit = "squash"', "fit"),
    "resample as a list": ('resample = "area"', 'resample = ["area"]', "resample"),
    "norm that falls": (r"modify = \[-0.2, 0.6\]", "modify = [0.6, -0.2]", "modify"),
    "key unknown": ("context = 6", "context = 6\ncontents = 6", "contents"),
    "role unknown": ('role = "detector"', 'role = "classifier"', "classifier"),
    "role missing": ('role = "detector"\n', "", "role"),
    "role twice": ('role = "detector"', 'role = "clip_text"', "clip_text"),
    "hash wrong": (r'(?<=path = "dino.onnx"\nsha256 = )"\w{64}"', f'"{"0" * 64}"', "dino.onnx"),
    "hash too short": (r'(?<=path = "dino.onnx"\nsha256 = )"\w{64}"', '"0"', "sha256"),
    "hash in capitals": (r'(?<=path = "dino.onnx"\nsha256 = )"\w{64}"', f'"{"A" * 64}"', "sha256"),
    "size wrong": (r"(?<=bytes = )157\n", "158\n", "dino.onnx"),
    "size missing": (r"bytes = 157\n", "", "bytes"),
    "size as a fraction": (r"(?<=bytes = )157\n", "157.0\n", "bytes"),
    "document missing": (r"\Z", f'\n[[document]]\npath = "a.md"\nsha256 = "{"0" * 64}"\nbytes = 1\n', "a.md"),
}
"""What is found in the manifest first, what is put there, and a word of the refusal."""


def _faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name in FILES:
        for what, change in OF_FILES.items():
            faults[f"{name} {what}"] = Fault(partial(_write, name=name, change=change), re.escape(name))
    for name in ("detector.onnx", "vocabulary.txt"):
        faults[f"{name} missing"] = Fault(partial(_remove, name=name), re.escape(name))
    for what, change in OF_MANIFESTS.items():
        faults[f"{MANIFEST} {what}"] = Fault(partial(_write, name=MANIFEST, change=change), "toml")
    for what, (pattern, replacement, subject) in OF_ENTRIES.items():
        faults[what] = Fault(partial(edit, pattern=pattern, replacement=replacement), subject)
    return faults


DAMAGED = _faults() | {
    "bundle.toml missing": Fault(partial(_remove, name=MANIFEST), "toml"),
    "detector.onnx a folder": Fault(partial(_make_folder, name="detector.onnx"), "detector.onnx"),
    "two models swapped": Fault(partial(_swap, one="sam_encoder.onnx", other="sam_decoder.onnx"), "sam_"),
    "two models in each other's place": Fault(partial(_swap_roles, one="clip_vision", other="sam_encoder"), "output"),
}
assert len(DAMAGED) >= 100
