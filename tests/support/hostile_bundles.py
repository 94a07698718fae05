"""A hundred hostile bundles: made to crash, hang, fill up or mislead whoever opens them; hashes and sizes all fit.

As in `support.damaged_bundles`, each is a function that changes a copy of the toy bundle.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from support.damaged_bundles import MANIFEST, Fault, edit, put
from support.hostile_files import GGUFS, GRAPHS, NPZS, TOKENIZERS, WRAPPERS

HUGE = 99_999_999_999
NUMBERS: dict[str, tuple[str, str]] = {
    "clip size": (r"(?<=\[clip\]\n)size = 16", "size"),
    "clip context": (r"context = 6", "context"),
    "detector height": (r"height = 16", "height"),
    "detector width": (r"width = 24", "width"),
    "detector text length": (r"text_length = 12", "text_length"),
    "segmenter size": (r"size = 32", "size"),
    "segmenter mask size": (r"mask_size = 16", "mask_size"),
    "lpips size": (r"size = 64", "size"),
    "dino shorter": (r"shorter = 20", "shorter"),
    "dinov2 size": (r"size = 14", "size"),
    "bytes": (r"bytes = 157", "bytes"),
}
"""Whole numbers of the manifest, as it has them, and their keys."""
VALUES = {"huge": HUGE, "just too large": 2**17, "negative": -1}
FRACTIONS: dict[str, tuple[str, str, str]] = {
    "threshold infinite": ("box_threshold = 0.30", "box_threshold = inf", "box_threshold"),
    "threshold no number": ("box_threshold = 0.30", "box_threshold = nan", "box_threshold"),
    "norm of 1e300": (r"modify = \[-0.2, 0.6\]", "modify = [-1e300, 1e300]", "modify"),
    "std of 1e-300": (r"std = \[0.25,", "std = [1e-300,", "std"),
    "frame of a million": ("format = 2", "format = 2\nframe = 1000000", "frame"),
    "number of 5,000 digits": ("context = 6", f"context = 1{'0' * 5000}", "bundle.toml"),
    "number of 4,000 digits": ("context = 6", f"context = 1{'0' * 4000}", "context"),
}
PATHS = {
    "up": "../detector.onnx",
    "up from below": "a/../../detector.onnx",
    "of the root": "/etc/passwd",
    "of a drive": "C:detector.onnx",
    "of a share": r"\\\\host\\share\\detector.onnx",
    "of the manifest": "bundle.toml",
    "of the manifest, roundabout": "./bundle.toml",
    "of another file": "./clip_text.onnx",
    "endless": "a/" * 5000 + "detector.onnx",
    "of a long name": "a" * 190 + "/" + "b" * 300,
    "with escapes": r"\u001b]0;owned\u0007detector.onnx",
    "with turned text": r"\u202exnno.detector",
    "on two lines": r"detector\n.onnx",
}
TEXTS: dict[str, tuple[str, str, str]] = {
    "name with escapes": ('name = "toy"', r'name = "\u001b[2Jtoy"', "name"),
    "version that turns text": ('version = "1"', r'version = "\u202e1"', "version"),
    "description on many lines": ('description = "Graphs', r'description = "\n\neditjudge: all is well', "description"),
    "description of 100,000 letters": ('description = "Graphs', f'description = "{"a" * 100_000}', "description"),
    "role with escapes": ('role = "dino"', r'role = "\u001b[31mdino"', "dino"),
    "key with escapes": ("context = 6", "context = 6\n" + r'"\u001b[31m" = 6', "keys"),
    "key of 100,000 letters": ("context = 6", f"context = 6\n{'a' * 100_000} = 6", "keys"),
    "fit of 100,000 letters": ('fit = "stretch"', f'fit = "{"a" * 100_000}"', "fit"),
    "nested lists": ("format = 2", f"format = 2\nx = {'[' * 5000}{']' * 5000}", "bundle.toml"),
    "nested tables": ("format = 2", f"format = 2\nx = {'{a=' * 5000}1{'}' * 5000}", "bundle.toml"),
    "dotted keys": ("format = 2", f"format = 2\n{'a.' * 5000}a = 1", "keys"),
    "dotted sections": (r"\[clip\]", f"[{'a.' * 5000}a]\n[clip]", "keys"),
    "nested value": ("context = 6", f"context = {'[' * 200}{']' * 200}", "context"),
    "50,000 keys": ("context = 6", "context = 6\n" + "".join(f"k{n}=1\n" for n in range(25_000)), "toml|keys"),
    "5,000 files": (r"\Z", '\n[[file]]\nrole = "dino"\n' * 5000, "256"),
    "3,000 documents": (r"\Z", "\n[[document]]\npath=1" * 3000, "256"),
    "package of the system": (
        r"\Z", f'\n[[file]]\nrole = "parser"\npackage = "os"\nsha256 = "{"0" * 64}"\n', "package os",
    ),
    "package up": (
        r"\Z", f'\n[[file]]\nrole = "parser"\npackage = "../x"\nsha256 = "{"0" * 64}"\n', "package",
    ),
}  # fmt: skip


def _large_manifest(folder: Path) -> None:
    """Three gigabytes of zeros, which take no room on the disk."""
    os.truncate(folder / MANIFEST, 3 * 10**9)


def _large_file(folder: Path) -> None:
    os.truncate(folder / "detector.onnx", 10**12)


def _pipe(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)


def _socket(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may have a hundred characters
        try:
            bound.bind(name)
        finally:
            os.chdir(here)


def _link(folder: Path, name: str, target: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(target)


def _put(folder: Path, name: str, content: Callable[[], bytes]) -> None:
    put(folder, name, content())


def _add(folder: Path, role: str, name: str, content: Callable[[], bytes], section: str = "") -> None:
    """Adds a file of a role."""
    manifest = folder / MANIFEST
    entry = f'\n[[file]]\nrole = "{role}"\npath = "{name}"\nsha256 = ""\nbytes = 0\n'
    head, files = manifest.read_text(encoding="utf-8").split("\n[[file]]", 1)
    manifest.write_text(f"{head}{section}\n[[file]]{files}{entry}", encoding="utf-8")
    put(folder, name, content())


def _add_engine(folder: Path, content: Callable[[], bytes]) -> None:
    (folder / "detector.engine").write_bytes(b"engine")
    digest = hashlib.sha256(b"engine").hexdigest()
    entry = f"""
[[engine]]
role = "detector"
device = "rtx"
targets = ["sm89"]
version = "1"
precision = "fp16"
weights = "included"
path = "detector.rtx.onnx"
sha256 = ""
bytes = 0
data = "detector.engine"
data_sha256 = "{digest}"
data_bytes = 6
"""
    with (folder / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(entry)
    put(folder, "detector.rtx.onnx", content())


def _faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name, (pattern, key) in NUMBERS.items():
        for what, value in VALUES.items():
            if (name, what) != ("bytes", "just too large"):
                replacement = f"{key} = {value * 10**6 if name == 'bytes' else value}"
                faults[f"{name} {what}"] = Fault(partial(edit, pattern=pattern, replacement=replacement), key)
    for name, (pattern, replacement, subject) in (FRACTIONS | TEXTS).items():
        faults[name] = Fault(partial(edit, pattern=pattern, replacement=replacement), subject)
    for name, path in PATHS.items():
        replacement = f'path = "{path}"'
        faults[f"path {name}"] = Fault(
            partial(edit, pattern='path = "detector.onnx"', replacement=replacement), "path|file"
        )
    for name in (MANIFEST, "vocabulary.txt", "clip_tokenizer.json", "detector.onnx"):
        faults[f"{name} a pipe"] = Fault(partial(_pipe, name=name), name)
        faults[f"{name} a socket"] = Fault(partial(_socket, name=name), name)
        faults[f"{name} endless"] = Fault(partial(_link, name=name, target="/dev/zero"), name)
        faults[f"{name} a link to itself"] = Fault(partial(_link, name=name, target=name), name)
    faults["detector.onnx a link outside"] = Fault(
        partial(_link, name="detector.onnx", target="/etc/passwd"), "outside"
    )
    for name, content in TOKENIZERS.items():
        file = "detector_tokenizer.json" if "detector" in name else "clip_tokenizer.json"
        faults[f"tokenizer {name}"] = Fault(partial(_put, name=file, content=content), file)
    for name, (role, content) in GRAPHS.items():
        faults[f"graph {name}"] = Fault(partial(_put, name=f"{role}.onnx", content=content), f"{role}|model")
    for name, content in WRAPPERS.items():
        faults[f"engine {name}"] = Fault(partial(_add_engine, content=content), "detector.rtx.onnx")
    for name, content in NPZS.items():
        add = partial(_add, role="domain", name="domain.npz", content=content, section="\n[domain]\nthreshold = 0.0\n")
        faults[f"probe {name}"] = Fault(add, "domain")
    for name, (role, content) in GGUFS.items():
        faults[f"{role} {name}"] = Fault(partial(_add, role=role, name="x.gguf", content=content), "x.gguf")
    words: dict[str, Callable[[], bytes]] = {"of 2 MB": lambda: b"ab\n" * 700_000, "no text": lambda: b"\xff\xfe" * 9}
    for name, content in words.items():
        faults[f"words {name}"] = Fault(partial(_put, name="vocabulary.txt", content=content), "vocabulary.txt")
    faults["manifest of 3 GB"] = Fault(_large_manifest, MANIFEST)
    faults["detector of 1 TB"] = Fault(_large_file, "detector.onnx")
    return faults


HOSTILE = _faults()
assert len(HOSTILE) >= 100
