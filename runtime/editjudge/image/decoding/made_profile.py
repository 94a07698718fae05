"""ICC profiles made of what a file says in numbers: chromaticities and a curve."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from editjudge.types import Doubles

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""CIE x and y of white, red, green and blue."""

D65 = (0.3127, 0.3290)
REC709: Chromaticities = (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
P3: Chromaticities = (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
DCI_P3: Chromaticities = (0.314, 0.351, *P3[2:])
REC2020: Chromaticities = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)

Curve = tuple[float, ...]
"""A gamma; or gamma, a, b, c, d: (a x + b) ** gamma from d on, c x under it."""
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

D50 = np.array([0.9642, 1.0, 0.8249])
"""XYZ of the white that profiles are relative to."""
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def make_profile(chromaticities: Chromaticities, curve: Curve) -> bytes:
    """An ICC profile, version 2, of RGB with one curve for all channels. ValueError for what spans no colours."""
    colorants = _colorants(chromaticities).T
    tags = {
        b"wtpt": _xyz(D50),
        **{name: _xyz(xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve)),
    }
    place = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s28s12s48s",
        place + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp", b"", _fixed(D50), b"",
    )  # fmt: skip
    return head + table + body


def _colorants(chromaticities: Chromaticities) -> Doubles:
    """XYZ of red, green and blue, a column each, adapted to D50."""
    white, *primaries = (
        np.array([x / y, 1.0, (1 - x - y) / y]) if y > 0 else np.full(3, np.nan)
        for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    matrix = np.column_stack(primaries)
    if not np.isfinite(matrix).all() or not np.isfinite(white).all() or abs(np.linalg.det(matrix)) < 1e-6:
        raise ValueError("these primaries span no colours")
    scaled = matrix * np.linalg.solve(matrix, white)
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    adapted: Doubles = np.linalg.solve(BRADFORD, cones @ BRADFORD) @ scaled
    return adapted


def _xyz(values: Sequence[float] | Doubles) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _curve(curve: Curve) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", 0 if len(curve) == 1 else 3, 0) + _fixed(curve)


def _fixed(values: Sequence[float] | Doubles) -> bytes:
    """As s15Fixed16Number."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
