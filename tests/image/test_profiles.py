"""Colour profiles: which are converted, which are left alone, and what is made of numbers in the file."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from benchmarks.pictures.make import PROFILE_FOLDER
from editjudge import ImageError
from editjudge.image.decode import load_picture
from editjudge.image.decoding.colour_tags import choose_profile
from editjudge.image.decoding.made_profile import P3, REC709, SRGB_CURVE, make_profile
from editjudge.image.decoding.profiles import convert_deep, convert_to_srgb

FOLDER = Path(__file__).parents[1] / "fixtures" / "pictures"
ADOBE = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def profile_of(name: str) -> bytes:
    with PIL.Image.open(FOLDER / name) as picture:
        profile = picture.info["icc_profile"]
    assert isinstance(profile, bytes)
    return profile


def colours(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def encoded(image: PIL.Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def by_hand(pixels: np.ndarray, primaries: tuple[float, ...], gamma: float | None) -> np.ndarray:
    """sRGB of colours of other primaries and the same white, by the formulas of IEC 61966-2-1."""

    def to_xyz(xy: tuple[float, ...]) -> np.ndarray:
        white, *columns = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(xy[::2], xy[1::2], strict=True))
        matrix = np.stack(columns, axis=1)
        return matrix * np.linalg.solve(matrix, white)

    coded = pixels / 255
    linear = coded**gamma if gamma else np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ (np.linalg.inv(to_xyz(REC709)) @ to_xyz(primaries)).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(
    ("primaries", "curve", "gamma"),
    [(P3, SRGB_CURVE, None), (ADOBE, (2.2,), 2.2), (REC709, (1.0,), 1.0), (REC709, (1.8,), 1.8)],
)
def test_a_profile_made_of_numbers(primaries: tuple[float, ...], curve: tuple[float, ...], gamma: float | None) -> None:
    pixels = colours()
    converted = convert_to_srgb(PIL.Image.fromarray(pixels), make_profile(primaries, curve))
    assert np.abs(np.asarray(converted) - by_hand(pixels, primaries, gamma)).max() <= 1.5


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_more_than_8(channels: int) -> None:
    """Of linear light the darkest levels of 8 bits are 13 levels of sRGB apart: those between them are told."""
    values = np.random.default_rng(1).integers(0, 4000, (40, 50, channels), dtype=np.uint16)
    converted = convert_deep(values, make_profile(REC709, (1.0,)))
    wanted = by_hand(np.broadcast_to(values, (40, 50, 3)) / 257, REC709, 1.0)
    assert np.abs(converted - wanted).max() <= 2


def test_white_black_and_gray_stay_what_they_are() -> None:
    pixels = np.array([0, 1, 128, 254, 255], np.uint16)[None, :, None].repeat(3, axis=2)
    for profile in (make_profile(P3, SRGB_CURVE), make_profile((0.314, 0.351, *P3[2:]), SRGB_CURVE)):
        shown = np.asarray(convert_to_srgb(PIL.Image.fromarray(pixels.astype(np.uint8)), profile))
        assert np.abs(shown.astype(int) - pixels).max() <= 1
        assert np.abs(convert_deep(pixels * 257, profile).astype(int) - pixels).max() <= 1


def srgb_profiles() -> dict[str, bytes]:
    """sRGB as others have it; those of Debian's packages where they are installed."""
    named = {"littleCMS": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    files = ("ghostscript/srgb.icc", "colord/sRGB.icc", "sRGB.icc")
    return named | {name: (PROFILE_FOLDER / name).read_bytes() for name in files if (PROFILE_FOLDER / name).is_file()}


@pytest.mark.parametrize("profile", srgb_profiles().values(), ids=srgb_profiles())
def test_srgb_in_effect_is_no_conversion(profile: bytes) -> None:
    for picture in (PIL.Image.fromarray(colours()), PIL.Image.fromarray(colours()).convert("L")):
        loaded = load_picture(encoded(picture, icc_profile=profile))
        assert not loaded.profile_converted
        np.testing.assert_array_equal(loaded.pixels, np.asarray(picture.convert("RGB")))


def test_a_profile_is_opened_once() -> None:
    profile = profile_of("palette_adobe_rgb.png") + bytes(4)  # one that no other test has opened
    picture = PIL.Image.fromarray(colours()[:8, :8])
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        convert_to_srgb(picture, profile)
        spent.append(time.perf_counter() - start)
    assert min(spent[1:]) < spent[0]


@pytest.mark.parametrize(
    "profile",
    [b"no profile", b"\0" * 200, profile_of("display_p3.png")[:150], profile_of("display_p3.png")[:130] + bytes(350)],
    ids=["words", "zeros", "cut off", "no tags"],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_broken_profile_is_none(profile: bytes, kind: str) -> None:
    picture = PIL.Image.fromarray(colours())
    loaded = load_picture(encoded(picture, kind, icc_profile=profile))
    assert not loaded.profile_converted
    np.testing.assert_array_equal(loaded.pixels, load_picture(encoded(picture, kind)).pixels)


def test_a_profile_of_another_space_than_the_pixels_is_none() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    gray = profile_of("gray_profile_16.png")
    for picture, profile in (
        (PIL.Image.fromarray(colours()), lab),
        (PIL.Image.fromarray(colours()), gray),
        (PIL.Image.fromarray(colours()).convert("CMYK"), profile_of("display_p3.png")),
    ):
        loaded = load_picture(encoded(picture, "TIFF", icc_profile=profile))
        assert not loaded.profile_converted
        np.testing.assert_array_equal(loaded.pixels, load_picture(encoded(picture, "TIFF")).pixels)


def test_gray_may_have_a_profile_of_rgb() -> None:
    gray = PIL.Image.fromarray(colours()).convert("L")
    profile = make_profile(REC709, (1.0,))
    loaded = load_picture(encoded(gray, "JPEG", quality=100, icc_profile=profile))
    assert loaded.profile_converted
    wanted = by_hand(np.asarray(gray)[..., None].repeat(3, axis=2), REC709, 1.0)
    assert np.abs(loaded.pixels - wanted).max() <= 16  # a level of JPEG in the dark is as much of sRGB


def test_exif_that_speaks_of_adobe_rgb_counts_for_nothing() -> None:
    """Browsers and ImageMagick take no colours from EXIF, and what edits a picture hardly ever does."""
    exif = PIL.Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0xA005)[1] = "R03"
    loaded = load_picture(encoded(PIL.Image.fromarray(colours()), exif=exif))
    assert not loaded.profile_converted
    np.testing.assert_array_equal(loaded.pixels, colours())


@pytest.mark.parametrize(
    ("info", "is_srgb"),
    [
        ({}, True),
        ({"gamma": 0.45455}, True),
        ({"gamma": 0.45455, "chromaticity": REC709}, True),
        ({"gamma": 1.0, "srgb": 0}, True),
        ({"gamma": 1.0}, False),
        ({"gamma": 0.55556}, False),
        ({"chromaticity": P3}, False),
        ({"gamma": 0.0}, True),
        ({"gamma": 1000.0}, True),
        ({"chromaticity": (0.3127, 0.3290, *(0.3, 0.3) * 3)}, True),
        ({"chromaticity": (0.0,) * 8}, True),
    ],
)
def test_gamma_and_chromaticities_of_a_png(info: dict[str, object], is_srgb: bool) -> None:
    """They count where there is nothing better, unless they mean sRGB or are no colours."""
    assert (choose_profile(info, None, True, "it") is None) == is_srgb


def test_what_counts_first() -> None:
    embedded = {"icc_profile": b"profile", "gamma": 1.0}
    assert choose_profile(embedded, None, True, "it") == b"profile"
    assert choose_profile(embedded, (12, 13), False, "it") == b"profile"
    assert choose_profile(embedded, (12, 13), True, "it") == make_profile(P3, SRGB_CURVE)
    assert choose_profile(embedded, (1, 13), True, "it") is None
    with pytest.raises(ImageError, match=r"it is an HDR picture \(HLG\)"):
        choose_profile({}, (9, 18), False, "it")


def test_transparent_parts_are_white_and_not_converted_white() -> None:
    layer = PIL.Image.fromarray(colours()).convert("RGBA")
    layer.putalpha(0)
    profile = make_profile((0.314, 0.351, *P3[2:]), SRGB_CURVE)
    loaded = load_picture(encoded(layer, icc_profile=profile))
    assert loaded.profile_converted
    assert (loaded.pixels == 255).all()
