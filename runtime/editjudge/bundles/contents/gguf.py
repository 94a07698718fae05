"""The head of a GGUF file, looked through before llama.cpp opens it, which ends the process over some damaged ones."""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from editjudge.bundles.contents.regular_file import open_regular

MOST_ENTRIES = 4096
MOST_TENSORS = 65_536
MOST_ITEMS = 2**21
"""Of a list: a vocabulary has 262,144 tokens."""
LONGEST_NAME = 256
LONGEST_TEXT = 2**20
"""Bytes: a chat template has some thousands."""
LARGEST = 2**24
"""Of any of the numbers that say how large a model is."""
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""The types of values, as `struct` has them."""
TEXT, LIST = 8, 9
WORDS = "tokenizer.ggml.tokens"
AS_LONG = ("tokenizer.ggml.scores", "tokenizer.ggml.token_type")
"""Lists with an item for each token."""
SIZES = ("block_count", "embedding_length", "feed_forward_length", "attention.head_count", "context_length")
"""What a model must say of itself, with its architecture before it."""
ADAPTER = {"general.architecture": TEXT, "adapter.type": TEXT, "adapter.lora.alpha": 6}
"""What an adapter must say, and the type of each."""
PROJECTOR = "clip"
"""The architecture of what gives a language model eyes."""
EYES = ("image_size", "patch_size", "embedding_length", "block_count", "attention.head_count", "projector.scale_factor")
"""Numbers of a projector by which something is divided, or of which something is made."""

GgufKind = Literal["model", "adapter", "projector"]


@dataclass(frozen=True)
class _Entry:
    """A value with its type; of a list the type of its items, and how many there are."""

    kind: int
    value: Any = None
    items: int = 0
    count: int = 0


class _Head:
    """Reads one thing after the other. Raises ValueError where the file ends before."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self.position = 0

    def take(self, layout: str) -> Any:
        size = struct.calcsize(f"<{layout}")
        if size > len(self._content) - self.position:
            raise ValueError("it ends in the middle of its head")
        value = struct.unpack_from(f"<{layout}", self._content, self.position)[0]
        self.position += size
        return value

    def skip(self, size: int) -> None:
        if size > len(self._content) - self.position:
            raise ValueError("it ends in the middle of its head")
        self.position += size

    def take_text(self, longest: int) -> bytes:
        length = self.take("Q")
        if length > longest:
            raise ValueError(f"it has a text of {length:,} bytes; {longest:,} are allowed")
        start = self.position
        self.skip(length)
        return self._content[start : self.position]


def check_gguf(path: Path, kind: GgufKind) -> None:
    """Raises ValueError for what is nothing of the kind that llama.cpp should be handed, and OSError."""
    with open_regular(path) as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        head = _Head(content)
        if content[:4] != b"GGUF":
            raise ValueError("it is not a GGUF file")
        head.skip(4)
        version, tensors, count = head.take("I"), head.take("Q"), head.take("Q")
        if version not in {2, 3}:
            raise ValueError(f"it has version {version} of GGUF; it must be 2 or 3")
        if tensors > MOST_TENSORS or count > MOST_ENTRIES:
            raise ValueError(f"it has {count:,} entries and {tensors:,} tensors, which is more than any model has")
        entries = _read_entries(head, count)
        {"model": _check_model, "adapter": _check_adapter, "projector": _check_projector}[kind](entries)
        for _ in range(tensors):
            _check_tensor(head, len(content))


def _read_entries(head: _Head, count: int) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for _ in range(count):
        key = head.take_text(LONGEST_NAME).decode(errors="replace")
        if key in entries:
            raise ValueError(f"it has the entry {key!r} twice")
        entries[key] = _read_entry(head, key)
    return entries


def _read_entry(head: _Head, key: str) -> _Entry:
    kind = head.take("I")
    if kind in NUMBERS:
        return _Entry(kind, head.take(NUMBERS[kind]))
    if kind == TEXT:
        return _Entry(kind, head.take_text(LONGEST_TEXT))
    if kind != LIST:
        raise ValueError(f"its entry {key!r} has the type {kind}, which there is not")
    items, count = head.take("I"), head.take("Q")
    if count > MOST_ITEMS:
        raise ValueError(f"its entry {key!r} has {count:,} items; {MOST_ITEMS:,} are allowed")
    if items in NUMBERS:
        head.skip(count * struct.calcsize(NUMBERS[items]))
    elif items == TEXT:
        for _ in range(count):
            head.take_text(LONGEST_TEXT)
    else:
        raise ValueError(f"its entry {key!r} is a list of the type {items}, which there is not")
    return _Entry(kind, None, items, count)


def _find_architecture(entries: dict[str, _Entry]) -> str:
    architecture = entries.get("general.architecture", _Entry(-1))
    if architecture.kind != TEXT:
        raise ValueError("it does not say which architecture it has")
    return str(architecture.value.decode(errors="replace"))


def _check_model(entries: dict[str, _Entry]) -> None:
    name = _find_architecture(entries)
    if name == PROJECTOR:
        raise ValueError("it is an mmproj, which gives a language model eyes")
    for size in SIZES:
        entry = entries.get(f"{name}.{size}", _Entry(-1))
        if entry.kind not in NUMBERS or not 1 <= entry.value <= LARGEST:
            raise ValueError(f"its {size} must be a number from 1 to {LARGEST:,}")
    for key, entry in entries.items():
        if key.startswith(f"{name}.") and isinstance(entry.value, int) and not 0 <= entry.value <= LARGEST:
            raise ValueError(f"its {key} is {entry.value:,}; it must be from 0 to {LARGEST:,}")
    words = entries.get(WORDS, _Entry(-1))
    if words.items != TEXT or words.count < 1:
        raise ValueError("it has no tokens")
    for key in AS_LONG:
        if key in entries and (entries[key].items not in {5, 6} or entries[key].count != words.count):
            raise ValueError(f"its {key} is not as long as its {words.count:,} tokens")


def _check_adapter(entries: dict[str, _Entry]) -> None:
    for key, kind in ADAPTER.items():
        if entries.get(key, _Entry(-1)).kind != kind:
            raise ValueError(f"it has no {key}, as an adapter has it")
    if not math.isfinite(entries["adapter.lora.alpha"].value):
        raise ValueError("its adapter.lora.alpha is not finite")


def _check_projector(entries: dict[str, _Entry]) -> None:
    name = _find_architecture(entries)
    if name != PROJECTOR:
        raise ValueError(f"its architecture is {name} and not {PROJECTOR}, which mmproj files have")
    if not entries.get("clip.has_vision_encoder", _Entry(-1)).value:
        raise ValueError("it has no vision encoder")
    for size in EYES:
        entry = entries.get(f"clip.vision.{size}")
        if entry and (entry.kind not in NUMBERS or not 1 <= entry.value <= LARGEST):
            raise ValueError(f"its {size} must be a number from 1 to {LARGEST:,}")


def _check_tensor(head: _Head, size: int) -> None:
    name = head.take_text(LONGEST_NAME).decode(errors="replace")
    dimensions = head.take("I")
    if not 1 <= dimensions <= 4:
        raise ValueError(f"its tensor {name!r} has {dimensions} dimensions")
    elements = math.prod(head.take("Q") for _ in range(dimensions))
    head.take("I")  # the type
    offset = head.take("Q")
    # A number of the smallest of the types takes more than a bit.
    if not 1 <= elements <= 8 * size or offset >= size:
        raise ValueError(f"its tensor {name!r} lies outside the file")
