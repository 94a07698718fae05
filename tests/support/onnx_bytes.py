"""ONNX files written byte by byte, without the onnx package: also those that no exporter would write."""

from __future__ import annotations

import struct
from collections.abc import Sequence

FLOAT, INT64 = 1, 7


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """A field of a message: a number, a text, or the bytes of another message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(operator: str, inputs: str, outputs: str, *attributes: bytes, domain: str = "") -> bytes:
    """A node; names are given with spaces between."""
    names = b"".join(field(1, name) for name in inputs.split()) + b"".join(field(2, name) for name in outputs.split())
    return names + field(4, operator) + b"".join(field(5, one) for one in attributes) + field(7, domain)


def attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + b"".join(field(8, number) for number in value) + field(20, 7)


def graph_attribute(name: str, graph: bytes) -> bytes:
    return field(1, name) + field(6, graph) + field(20, 5)


def tensor_attribute(name: str, content: bytes) -> bytes:
    return field(1, name) + field(5, content) + field(20, 4)


def integers(name: str, values: Sequence[int]) -> bytes:
    """A tensor int64[N]."""
    return tensor(name, [len(values)], INT64, struct.pack(f"<{len(values)}q", *values))


def floats(name: str, values: Sequence[float]) -> bytes:
    """A tensor float32[N]."""
    return tensor(name, [len(values)], FLOAT, struct.pack(f"<{len(values)}f", *values))


def tensor(name: str, shape: Sequence[int], kind: int, content: bytes) -> bytes:
    return b"".join(field(1, length) for length in shape) + field(2, kind) + field(8, name) + field(9, content)


def external(name: str, shape: Sequence[int], location: str, **more: str) -> bytes:
    """A tensor float32 whose values are in another file."""
    entries = {"location": location, **more}
    keys = b"".join(field(13, field(1, key) + field(2, value)) for key, value in entries.items())
    return b"".join(field(1, length) for length in shape) + field(2, FLOAT) + field(8, name) + keys + field(14, 1)


def value_info(name: str, shape: Sequence[int | str], kind: int = FLOAT) -> bytes:
    """An input or output."""
    sizes = b"".join(field(1, field(1, size) if isinstance(size, int) else field(2, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, sizes)))


def graph(nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], *tensors: bytes) -> bytes:
    parts = [(1, nodes), (5, tensors), (11, inputs), (12, outputs)]
    return field(2, "graph") + b"".join(field(number, one) for number, many in parts for one in many)


def model(content: bytes, *more: bytes) -> bytes:
    """A file with a graph; `more` are further fields."""
    opsets = field(8, field(1, "") + field(2, 17)) + field(8, field(1, "com.microsoft") + field(2, 1))
    return field(1, 8) + field(7, content) + opsets + b"".join(more)


def engine_wrapper(engine: str) -> bytes:
    """A file that points to an engine."""
    context = node(
        "EPContext", "pixel_values", "logits", attribute("embed_mode", 0), attribute("ep_cache_context", engine),
        domain="com.microsoft",
    )  # fmt: skip
    return model(graph([context], [value_info("pixel_values", ["B"])], [value_info("logits", ["B"])]))
