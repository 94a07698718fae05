"""Which profile a picture's colours are to be read by: the embedded one, or one made of what else its file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from editjudge.errors import ImageError
from editjudge.image.decoding.made_profile import (
    DCI_P3,
    P3,
    REC709,
    REC2020,
    SRGB_CURVE,
    Chromaticities,
    Curve,
    make_profile,
)

ColourCode = tuple[int, int]
"""Primaries and transfer function by their numbers in ITU-T H.273."""

PRIMARIES: dict[int, Chromaticities] = {9: REC2020, 11: DCI_P3, 12: P3}
"""All others are read as sRGB's: those of older television differ by less than what they are confused with."""
CURVES: dict[int, Curve] = {4: (2.2,), 5: (2.8,), 8: (1.0,)}
"""All others are read as sRGB's, those of television too, as browsers do."""
HDR = {16: "PQ", 18: "HLG"}
USUAL_GAMMA = 0.45455
"""What files say that are meant to be sRGB."""


def choose_profile(info: Mapping[str, Any], code: ColourCode | None, code_first: bool, name: str) -> bytes | None:
    """The profile; None: the colours are sRGB.

    Args:
        info: What Pillow knows of the picture.
        code: What the file says in the numbers of ITU-T H.273.
        code_first: Whether that counts more than a profile, as in PNG.
        name: What to call the picture.

    Gamma and chromaticities of a PNG count as in browsers: only where it has neither profile nor sRGB chunk. Raises
    ImageError for colours of more than a screen's brightness, which have no place in sRGB.
    """
    embedded = info.get("icc_profile")
    if embedded and not (code and code_first):
        return embedded if isinstance(embedded, bytes) else None
    if code:
        if code[1] in HDR:
            raise ImageError(
                f"{name} is an HDR picture ({HDR[code[1]]}), of which no two programs make the same colours; save it "
                "as SDR"
            )
        return _make(PRIMARIES.get(code[0], REC709), CURVES.get(code[1], SRGB_CURVE))
    if "srgb" in info:
        return None
    return _make(_read_chromaticities(info), _read_gamma(info))


def find_code(head: bytes) -> ColourCode | None:
    """What an AVIF that begins like this says of its colours in a box `colr` of kind `nclx`."""
    place = head.find(b"colrnclx")
    numbers = head[place + 8 : place + 12]
    if place < 0 or len(numbers) < 4:
        return None
    return int.from_bytes(numbers[:2], "big"), int.from_bytes(numbers[2:], "big")


def find_jpeg2000_profile(head: bytes, stream: IO[bytes]) -> bytes | None:
    """The profile in the box `colr` of a JPEG 2000 file that begins like this, which Pillow does not tell of."""
    place = head.find(b"colr\x02") - 4
    if place < 0:
        return None
    length = int.from_bytes(head[place : place + 4], "big")
    stream.seek(place + 11)
    return stream.read(max(0, length - 11)) or None


def _make(chromaticities: Chromaticities, curve: Curve) -> bytes | None:
    if (chromaticities, curve) == (REC709, SRGB_CURVE):
        return None
    try:
        return make_profile(chromaticities, curve)
    except (ValueError, OverflowError):  # such numbers are no colours
        return None


def _read_chromaticities(info: Mapping[str, Any]) -> Chromaticities:
    values = info.get("chromaticity")
    if not isinstance(values, tuple) or len(values) != 8:
        return REC709
    is_usual = all(abs(value - usual) < 0.002 for value, usual in zip(values, REC709, strict=True))
    return REC709 if is_usual else values


def _read_gamma(info: Mapping[str, Any]) -> Curve:
    gamma = info.get("gamma")
    if not isinstance(gamma, float) or not 0.1 < gamma < 10 or abs(gamma / USUAL_GAMMA - 1) < 0.02:
        return SRGB_CURVE
    return (1 / gamma,)
