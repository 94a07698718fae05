"""Values that nobody should hand in, and somebody will."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from editjudge import EditIntent


class Hostile:
    """Fails at whatever it is asked."""

    def _fail(self, *_: object) -> Any:
        raise ValueError("hostile")

    __array__ = __fspath__ = __len__ = __float__ = __int__ = __index__ = __eq__ = _fail
    __hash__ = None  # type: ignore[assignment]


def _closed_file() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


ODD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "0": lambda: 0,
    "-1": lambda: -1,
    "1": lambda: 1,
    "2": lambda: 2,
    "100000": lambda: 100_000,
    "3.5": lambda: 3.5,
    "0.5": lambda: 0.5,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "True": lambda: True,
    "False": lambda: False,
    "''": lambda: "",
    "' '": lambda: " ",
    "'2'": lambda: "2",
    "'all'": lambda: "all",
    "'auto'": lambda: "auto",
    "'cpu'": lambda: "cpu",
    "'l2'": lambda: "l2",
    "'car'": lambda: "car",
    "'edited.png'": lambda: "edited.png",
    "'nowhere'": lambda: "nowhere",
    "'a/../b'": lambda: "a/../b",
    "'\\0'": lambda: "a\0b",
    "'\\ud800'": lambda: "car \ud800",
    "long name": lambda: "n" * 5000,
    "10 MB": lambda: "x" * 10_000_000,
    "10 MB of words": lambda: "car " * 2_500_000,
    "b''": lambda: b"",
    "bytes": lambda: b"edited.png",
    "bytearray": lambda: bytearray(b"\x89PNG\r\n\x1a\n"),
    "memoryview": lambda: memoryview(b"x" * 100)[::2],
    "[]": list,
    "[1]": lambda: [1],
    "['l2']": lambda: ["l2"],
    "['edited.png']": lambda: ["edited.png"],
    "[[]]": lambda: [[]],
    "[None]": lambda: [None],
    "()": tuple,
    "{}": dict,
    "{'a': 1}": lambda: {"a": 1},
    "{1: [2]}": lambda: {1: [2]},
    "{'a': [1]}": lambda: {"a": [1]},
    "set": lambda: {"l2"},
    "object()": object,
    "Hostile()": Hostile,
    "a class": lambda: io.BytesIO,
    "a function": lambda: len,
    "...": lambda: ...,
    "range": lambda: range(3),
    "a generator": lambda: (each for each in ("edited.png", "original.png")),
    "an empty generator": lambda: iter(()),
    "1e30": lambda: 10**30,
    "1e5000": lambda: 10**5000,
    "1j": lambda: 1j,
    "Decimal": lambda: Decimal("0.5"),
    "Fraction": lambda: Fraction(1, 2),
    "np.int64(2)": lambda: np.int64(2),
    "np.float32(0.5)": lambda: np.float32(0.5),
    "np.bool_": lambda: np.bool_(True),
    "np.str_": lambda: np.str_("cpu"),
    "uint8[]": lambda: np.zeros((), np.uint8),
    "uint8[0]": lambda: np.zeros(0, np.uint8),
    "uint8[32, 48]": lambda: np.full((32, 48), 9, np.uint8),
    "uint8[32, 48, 3]": lambda: np.full((32, 48, 3), 9, np.uint8),
    "uint8[2, 32, 48, 3]": lambda: np.full((2, 32, 48, 3), 9, np.uint8),
    "uint8[0, 48, 3]": lambda: np.zeros((0, 48, 3), np.uint8),
    "bool[32, 48]": lambda: np.ones((32, 48), bool),
    "float32[32, 48, 3]": lambda: np.full((32, 48, 3), 0.5, np.float32),
    "float64[nan]": lambda: np.full((32, 48, 3), np.nan),
    "float16[32, 48, 1]": lambda: np.full((32, 48, 1), 0.5, np.float16),
    "complex[2, 2, 3]": lambda: np.zeros((2, 2, 3), complex),
    "object[2]": lambda: np.array([None, {}], object),
    "str[2]": lambda: np.array(["a", "b"]),
    "huge[1e5, 1e5, 3]": lambda: np.broadcast_to(np.float32(0), (100_000, 100_000, 3)),
    "huge uint8": lambda: np.broadcast_to(np.uint8(0), (100_000, 100_000, 3)),
    "datetime64[2]": lambda: np.array(["2020", "2021"], "datetime64"),
    "masked": lambda: np.ma.masked_array(np.zeros((32, 48, 3)), True),
    "records": lambda: np.zeros(3, [("a", "u1"), ("b", "f4")]),
    "Path": lambda: Path("edited.png"),
    "Path('.')": Path,
    "BytesIO": lambda: io.BytesIO(b"x"),
    "StringIO": lambda: io.StringIO("x"),
    "a closed file": _closed_file,
    "a Pillow picture": lambda: PIL.Image.new("RGB", (48, 32)),
    "an empty Pillow picture": lambda: PIL.Image.new("I;16", (0, 0)),
    "EditIntent": lambda: EditIntent("color", "car", "blue car"),
    "an exception": lambda: ValueError("x"),
}
"""By how a report names them, what makes each anew."""
