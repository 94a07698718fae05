"""Bodies that no honest client sends: damaged, overlarge, of other kinds, and such as ask for files of the server."""

from __future__ import annotations

import base64
import io
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUTES = ("/v1/score", "/v1/rank", "/v1/differences", "/v1/reward", "/score")
BOUNDARY = "-----edge"
NOISE_TYPES = (
    "application/json",
    f"multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data",
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "image/png",
    "a/b; c=\xff",
)


@dataclass(frozen=True)
class HostileBody:
    """A request. reads_file: whether an answer of 200 means that a file of the server was read."""

    kind: str
    route: str
    content_type: str
    body: bytes
    reads_file: bool = False


@dataclass(frozen=True)
class Material:
    """What bodies are made of: two pictures as bytes, and a picture that lies on the server's disk."""

    original: bytes
    edited: bytes
    file: Path


def draw_bodies(material: Material, number: int, seed: int) -> Iterator[HostileBody]:
    """So many bodies, each kind as often as the others; the same for the same seed."""
    chance = random.Random(seed)
    for turn in range(number):
        name, draw = KINDS[turn % len(KINDS)]
        route = chance.choice(ROUTES)
        content_type, body, reads_file = draw(material, route, chance)
        yield HostileBody(name, route, content_type, body, reads_file)


DrawnBody = tuple[str, bytes, bool]


def _valid(material: Material, route: str) -> dict[str, Any]:
    """What an honest client sends as JSON."""
    before, after = (base64.b64encode(picture).decode() for picture in (material.original, material.edited))
    if route == "/score":
        history = [{"text": "make the ball red", "image_b64": before}, {"text": "", "image_b64": after}]
        return {"protocol_version": "1", "requests": [{"history": history, "required_rewards": ["bpm"],
                "request_id": "1", "metadata": {}}]}  # fmt: skip
    edited = [after] if route == "/v1/rank" else after
    return {"original": before, "edited": edited, "instruction": "make the ball red"}


def _json(value: object) -> DrawnBody:
    return "application/json", json.dumps(value).encode(), False


def _form(fields: list[tuple[str, bytes]]) -> DrawnBody:
    """A form; a head is what follows "form-data;"."""
    parts = [f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body + b"\r\n"
             for head, body in fields]  # fmt: skip
    end = f"--{BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + end, False


def _pictures(material: Material) -> list[tuple[str, bytes]]:
    return [
        ('name="original"; filename="a.png"', material.original),
        ('name="edited"; filename="b.png"', material.edited),
        ('name="instruction"', b"make the ball red"),
    ]


def _truncate(material: Material, route: str, chance: random.Random) -> DrawnBody:
    kind, body, _ = _form(_pictures(material)) if chance.random() < 0.5 else _json(_valid(material, route))
    return kind, body[: chance.randrange(len(body))], False


def _flip(material: Material, route: str, chance: random.Random) -> DrawnBody:
    """Some bytes changed; by chance it may still be a whole request."""
    kind, body, _ = _form(_pictures(material)) if chance.random() < 0.5 else _json(_valid(material, route))
    damaged = bytearray(body)
    for _ in range(chance.randrange(1, 30)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return kind, bytes(damaged), False


def _noise(_: Material, __: str, chance: random.Random) -> DrawnBody:
    return chance.choice(NOISE_TYPES), chance.randbytes(chance.randrange(4000)), False


def _picture_bomb(material: Material, route: str, chance: random.Random) -> DrawnBody:
    """A PNG of some hundred bytes that says it has thousands of millions of pixels."""
    side = chance.choice((30_000, 60_000, 2**31 - 1))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return _form([('name="original"; filename="a.png"', png), *_pictures(material)[1:]])


def _zip_of_death(material: Material, _: str, chance: random.Random) -> DrawnBody:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/cron.d/x", bytes(1_000_000))
    if chance.random() < 0.5:
        return _form([('name="original"; filename="a.zip"', content.getvalue()), *_pictures(material)[1:]])
    return "application/zip", content.getvalue(), False


class _Opens:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self._path), "w")


def _pickle(material: Material, _: str, chance: random.Random) -> DrawnBody:
    body = pickle.dumps(_Opens(material.file.with_name("unpickled")))
    kinds = ("application/octet-stream", "application/python-pickle", "application/x-pickle", "application/json")
    if chance.random() < 0.3:
        return _form([('name="original"; filename="a.pkl"', body), *_pictures(material)[1:]])
    return chance.choice(kinds), body, False


def _wrong_types(material: Material, route: str, chance: random.Random) -> DrawnBody:
    values = (None, True, -1, 10**400, 1e400, "", "x", [], {}, [[]], ["a"], {"a": 1}, "\ud800", "\x00", float("nan"))
    request = _valid(material, route)
    held = request if route != "/score" or chance.random() < 0.3 else request["requests"][0]
    for _ in range(chance.randrange(1, 3)):
        held[chance.choice(list(held))] = chance.choice(values)
    if chance.random() < 0.2:
        held[chance.choice(("budget_ms", "best", "metrics", "compat"))] = chance.choice(values)
    return _json(request)


def _huge_counts(material: Material, route: str, chance: random.Random) -> DrawnBody:
    number = chance.choice((1000, 10_000))
    if chance.random() < 0.5:
        fields = [(f'name="{chance.choice(("x", "edited", "instruction"))}"', b"1")] * number
        return _form([*_pictures(material), *fields])
    request = _valid(material, route)
    if route == "/score":
        request["requests"] = [{"history": [], "required_rewards": ["bpm"] * 10}] * number
    else:
        request["edited"] = ["QUJD"] * number
    return _json(request)


def _many_keys(material: Material, route: str, chance: random.Random) -> DrawnBody:
    """As many keys as an object may have, of which the last is one of those before it."""
    names = [f"k{number}" for number in range(49_000)]
    pairs = ",".join(f'"{name}":1' for name in [*names, chance.choice(names)])
    if chance.random() < 0.5:
        return "application/json", f"{{{pairs}}}".encode(), False
    kind, body, _ = _json(_valid(material, route))
    return kind, body[:-1] + b',"x":{' + pairs.encode() + b"}}", False


def _deep(_: Material, __: str, chance: random.Random) -> DrawnBody:
    depth = chance.choice((500, 100_000))
    opened, closed = chance.choice((("[", "]"), ('{"a":', "}")))
    return "application/json", (opened * depth + "1" + closed * depth).encode(), False


def _paths(material: Material, route: str, chance: random.Random) -> DrawnBody:
    """Names files of the server where a picture is to stand."""
    named = chance.choice((str(material.file), material.file.as_uri(), f"file://localhost{material.file}",
                           "http://127.0.0.1:1/x.png", "\\\\host\\share\\x.png", f"//{material.file}"))  # fmt: skip
    if chance.random() < 0.4:
        form = _form([('name="original"', named.encode()), ('name="edited"', named.encode()),
                      ('name="instruction"', b"make it red")])  # fmt: skip
        return form[0], form[1], True
    request = _valid(material, route)
    if route == "/score":
        request["requests"][0]["history"] = [{"text": "make it red", "image_b64": named}] * 2
    else:
        request |= {"original": named, "edited": [named] if route == "/v1/rank" else named}
    kind, body, _ = _json(request)
    return kind, body, True


def _file_names(material: Material, _: str, chance: random.Random) -> DrawnBody:
    """Whole requests whose file names are paths, markup or controls: to be answered as any other."""
    name = chance.choice(("../../etc/passwd", "<script>", 'a\\"b', "a\x01b", "x" * 5000, str(material.file)))
    return _form([(f'name="original"; filename="{name}"', material.original), *_pictures(material)[1:]])


KINDS: tuple[tuple[str, Callable[[Material, str, random.Random], DrawnBody]], ...] = (
    ("truncated", _truncate),
    ("flipped bytes", _flip),
    ("noise", _noise),
    ("picture bombs", _picture_bomb),
    ("zip of death", _zip_of_death),
    ("pickles", _pickle),
    ("wrong types", _wrong_types),
    ("huge counts", _huge_counts),
    ("many keys", _many_keys),
    ("deep nesting", _deep),
    ("paths and addresses", _paths),
    ("file names", _file_names),
)
