"""Decoding whatever is handed in, at once or beside the caller."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from editjudge import ImageError, InputError
from editjudge.image import decode
from editjudge.image.decode import load_image, load_picture, start_decoding
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.transforms import fit_frame
from support.pictures import BLUE, RED


def encoded(image: PIL.Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it has this size, whatever it holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def test_a_path_bytes_a_pillow_picture_and_an_array_are_the_same(picture: np.ndarray, tmp_path: Path) -> None:
    image = PIL.Image.fromarray(picture)
    image.save(tmp_path / "a.png")
    for source in (picture, image, encoded(image), tmp_path / "a.png", str(tmp_path / "a.png")):
        loaded = load_image(source)
        assert loaded.dtype == np.uint8
        np.testing.assert_array_equal(loaded, picture)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000"])
def test_formats(picture: np.ndarray, kind: str) -> None:
    loaded = load_image(encoded(PIL.Image.fromarray(picture), kind))
    assert loaded.shape == picture.shape
    assert np.abs(loaded.astype(int) - picture).mean() < 8


def test_a_format_that_runs_a_program_is_not_opened() -> None:
    with pytest.raises(ImageError, match="PostScript program, which is not run"):
        load_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\nshowpage\n")


def test_alpha_is_composited_over_white(picture: np.ndarray) -> None:
    alpha = np.full((24, 32), 255, np.uint8)
    alpha[:12] = 0
    loaded = load_image(encoded(PIL.Image.fromarray(np.dstack([picture, alpha]))))
    assert (loaded[:12] == 255).all()
    np.testing.assert_array_equal(loaded[12:], picture[12:])


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBa"])
def test_other_kinds_of_alpha(mode: str) -> None:
    grey = PIL.Image.merge("LA", [PIL.Image.new("L", (16, 16), 90), PIL.Image.new("L", (16, 16), 0)])
    grey.paste((90, 255), (0, 0, 16, 8))
    loaded = load_image(grey if mode == "LA" else grey.convert("RGBA").convert(mode))
    assert (loaded[:8] == 90).all()
    assert (loaded[8:] == 255).all()


def test_a_palette_with_a_transparent_entry() -> None:
    image = PIL.Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, *RED, *BLUE])
    image.paste(2, (0, 0, 16, 8))
    loaded = load_image(encoded(image, transparency=1))
    assert (loaded[:8] == BLUE).all()
    assert (loaded[8:] == 255).all()


def test_a_colour_that_stands_for_transparent(picture: np.ndarray) -> None:
    loaded = load_image(encoded(PIL.Image.fromarray(picture), transparency=RED))
    assert (loaded[:, :16] == 255).all()
    assert (loaded[:, 16:] == BLUE).all()


@pytest.mark.parametrize(("mode", "value", "wanted"), [("L", 77, 77), ("1", 1, 255)])
def test_grayscale(mode: str, value: int, wanted: int) -> None:
    loaded = load_image(encoded(PIL.Image.new(mode, (16, 9), value)))
    assert loaded.shape == (9, 16, 3)
    assert (loaded == wanted).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_and_not_clipped(kind: str) -> None:
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint16) * 257, (8, 256))
    loaded = load_image(encoded(PIL.Image.fromarray(np.ascontiguousarray(ramp)), kind))
    np.testing.assert_array_equal(loaded[0, :, 0], np.arange(256))


def test_big_endian_16_bits() -> None:
    body = struct.pack(">64H", *[0x8040] * 64)
    picture = PIL.Image.frombytes("I;16B", (8, 8), body)
    assert (load_image(picture) == 0x80).all()


def test_samples_without_a_range_are_refused() -> None:
    with pytest.raises(ImageError, match=r"floats, which have no fixed range; .*editjudge\.from_float"):
        load_image(PIL.Image.new("F", (16, 16), 0.5))
    with pytest.raises(ImageError, match="no fixed range"):
        load_image(PIL.Image.new("I", (16, 16), 70_000))


@pytest.mark.parametrize("kind", [np.int32, np.uint32])
def test_integers_of_32_bits_are_refused_whatever_they_go_up_to(kind: type, tmp_path: Path) -> None:
    """Those of 0 to 255 were taken for 16 bits, and so for black."""
    gray = np.arange(256, dtype=kind).reshape(16, 16)
    # Pillow does not write unsigned ones: SampleFormat 339 is made 1 in what it wrote
    content = encoded(PIL.Image.fromarray(gray.astype(np.int32)), "TIFF").replace(
        struct.pack("<HHIHH", 339, 3, 1, 2, 0), struct.pack("<HHIHH", 339, 3, 1, 1 if kind is np.uint32 else 2, 0)
    )
    (tmp_path / "a.tif").write_bytes(content)
    for source in (content, tmp_path / "a.tif"):
        with pytest.raises(ImageError, match="TIFF of 32-bit integers, which have no fixed range; convert it to 8 or"):
            load_image(source)
    with PIL.Image.open(tmp_path / "a.tif") as opened, pytest.raises(ImageError, match="of 32-bit integers, which"):
        load_image(opened)
    with pytest.raises(ImageError, match="of 32-bit integers, which"):
        load_image(PIL.Image.fromarray(gray.astype(np.int32)))


@pytest.mark.parametrize("kind", ["PNG", "PPM", "TIFF"])
def test_a_pillow_picture_of_a_file_of_16_bits(kind: str) -> None:
    """In whatever mode Pillow opens it: of a PGM it is that of 32."""
    ramp = np.ascontiguousarray(np.broadcast_to(np.arange(256, dtype=np.uint16) * 257, (8, 256)))
    with PIL.Image.open(io.BytesIO(encoded(PIL.Image.fromarray(ramp), kind))) as opened:
        np.testing.assert_array_equal(load_image(opened)[0, :, 0], np.arange(256))


def test_cmyk_is_converted() -> None:
    loaded = load_image(encoded(PIL.Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95))
    assert loaded.shape == (16, 16, 3)
    assert loaded[..., 0].min() > 240
    assert loaded[..., 1:].max() < 16


def test_exif_rotation_is_applied(picture: np.ndarray) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to show
    loaded = load_image(encoded(PIL.Image.fromarray(picture), exif=exif))
    np.testing.assert_array_equal(loaded, np.rot90(picture, -1))


@pytest.mark.parametrize("turn", range(1, 9))
def test_two_pictures_of_which_one_is_rotated_by_exif(picture: np.ndarray, turn: int) -> None:
    """Stored in each of the eight ways, and shown the same."""
    stored = {
        1: picture, 2: picture[:, ::-1], 3: picture[::-1, ::-1], 4: picture[::-1], 5: np.swapaxes(picture, 0, 1),
        6: np.rot90(picture), 7: np.swapaxes(picture[::-1, ::-1], 0, 1), 8: np.rot90(picture, -1),
    }[turn]  # fmt: skip
    exif = PIL.Image.Exif()
    exif[0x0112] = turn
    turned = encoded(PIL.Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(load_image(turned), load_image(encoded(PIL.Image.fromarray(picture))))


def test_damaged_exif_does_not_hide_a_picture(picture: np.ndarray) -> None:
    loaded = load_image(encoded(PIL.Image.fromarray(picture), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fjunk"))
    assert loaded.shape == picture.shape


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    loaded = load_image(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless))
    assert (loaded == RED).all()


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(ImageError, match=r"none\.png does not exist"):
        load_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)
    with pytest.raises(ImageError, match="empty: it has 0 bytes"):
        load_image(tmp_path / "empty.png")
    with pytest.raises(ImageError, match="0 bytes"):
        load_image(b"")
    with pytest.raises(ImageError, match="cannot be read"):
        load_image("a\0b.png")
    with pytest.raises(ImageError, match="not a regular file"):
        load_image("/dev/null")


def test_not_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("This is a text.")
    with pytest.raises(ImageError, match=r"a\.png is not a picture"):
        load_image(tmp_path / "a.png")
    with pytest.raises(ImageError, match="not int"):
        load_image(3)  # type: ignore[arg-type]


def test_bytes_that_are_none() -> None:
    with pytest.raises(ImageError, match=r"\Athe bytes are not a picture; these formats are read: JPEG, PNG"):
        load_image(b"This is a text.")


def without_width(kind: str) -> bytes:
    """A file whose header says that it is 0 pixels wide."""
    content = bytearray(encoded(PIL.Image.new("RGB", (16, 16)), kind))
    place = {"PNG": 16, "BMP": 18, "JPEG": content.find(b"\xff\xc0") + 7}[kind]
    size = 2 if kind == "JPEG" else 4
    content[place : place + size] = bytes(size)
    if kind == "PNG":
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        *(encoded(PIL.Image.new("RGB", (16, 16)), kind)[:20] for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "PPM")),
        *(without_width(kind) for kind in ("JPEG", "PNG", "BMP")),
        b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"P6 0 5 255 ", b"II*\0\x08\0\0\0",
        b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51",
        png(16, 16)[:33] + struct.pack(">I4s", 2**31 - 1, b"tEXt") + b"cut off",
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**31 - 1, b"IHDR") + b"cut off",
    ],
)  # fmt: skip
def test_a_damaged_file_that_says_what_it_is(content: bytes) -> None:
    with pytest.raises(ImageError, match="truncated or damaged") as caught:
        load_image(content)
    assert "0x" not in str(caught.value)  # no address of an object


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_truncated_picture_is_an_error_and_not_grey(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(PIL.Image.fromarray(noise), kind)
    with pytest.raises(ImageError):
        load_image(content[: int(len(content) * share)])


def test_the_message_of_a_truncated_jpeg_is_one_sentence(tmp_path: Path, picture: np.ndarray) -> None:
    (tmp_path / "half.jpg").write_bytes(encoded(PIL.Image.fromarray(picture), "JPEG")[:-100])
    with pytest.raises(ImageError, match=r"half\.jpg is truncated or damaged") as caught:
        load_image(tmp_path / "half.jpg")
    assert "\n" not in str(caught.value)


def test_damaged_bytes_end_in_an_image_error_or_a_picture() -> None:
    rng = np.random.default_rng(1)
    noise = PIL.Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        content = encoded(noise, kind)
        for _ in range(40):
            damaged = bytearray(content)
            for place in rng.integers(0, min(len(content), 400), 4):
                damaged[place] = rng.integers(0, 256)
            with suppress(ImageError):
                assert load_image(bytes(damaged), ImageLimits(max_pixels=10**6)).shape[2] == 3


@pytest.mark.parametrize("size", [(10_001, 10_000), (12_000, 12_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(size: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png(*size))
    with pytest.raises(ImageError, match=r"bomb\.png has .*more .*limit of 100,000,000") as caught:
        load_image(tmp_path / "bomb.png")
    assert "\n" not in str(caught.value)


def test_the_limit_can_be_set(picture: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(PIL.Image.fromarray(picture))
    with pytest.raises(ImageError, match="32 x 24 = 768 pixels, more than the limit of 767"):
        load_image(content, ImageLimits(max_pixels=767))
    monkeypatch.setenv("EDITJUDGE_MAX_PIXELS", "700")
    for source in (content, picture, PIL.Image.fromarray(picture)):
        with pytest.raises(ImageError, match="limit of 700"):
            load_image(source)
    monkeypatch.setenv("EDITJUDGE_MAX_PIXELS", "1000")
    assert load_image(content).shape == picture.shape
    for wrong in ("many", "-1", "0", "1e6"):
        monkeypatch.setenv("EDITJUDGE_MAX_PIXELS", wrong)
        with pytest.raises(InputError, match="whole number"):
            load_image(content)


def test_a_limit_above_pillows_own_says_which_to_raise() -> None:
    with pytest.raises(ImageError, match="MAX_IMAGE_PIXELS"):
        load_image(png(60_000, 60_000), ImageLimits(max_pixels=10**10))


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 1), (7, 300)])
def test_a_side_of_a_pixel_shows_nothing(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    for source in (image, encoded(PIL.Image.fromarray(image))):
        with pytest.raises(ImageError, match="a side under 8 shows nothing"):
            load_image(source)


def test_a_side_of_10000_pixels(tmp_path: Path) -> None:
    image = np.zeros((8, 10_000, 3), np.uint8)
    image[:, 5_000:] = BLUE
    PIL.Image.fromarray(image).save(tmp_path / "long.png")
    frame = fit_frame(load_image(tmp_path / "long.png"))
    assert frame.shape == (1, 512, 3)
    assert (frame[0, 300] == BLUE).all()


@pytest.mark.parametrize("wrong", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))])
def test_an_array_of_another_kind(wrong: np.ndarray) -> None:
    with pytest.raises(ImageError, match=r"must be uint8\[H, W, 3\] RGB"):
        load_image(wrong)


def shade_png(shade: int) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (20, 10), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_each_source_has_its_picture_or_its_error() -> None:
    array = np.zeros((10, 20, 3), np.uint8)
    first, broken, second, there, flat = start_decoding([shade_png(1), b"broken", shade_png(2), array, array[0]])
    assert [future.result().pixels[0, 0, 0] for future in (first, second)] == [1, 2]
    assert there.result().pixels is array
    with pytest.raises(ImageError, match="not a picture"):
        broken.result()
    with pytest.raises(ImageError, match="must be uint8"):
        flat.result()


def test_it_goes_on_beside_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture waits for what the caller does after the start."""
    meanwhile = threading.Event()
    monkeypatch.setattr(decode, "load_picture", lambda source, limits: meanwhile.wait(30) and load_picture(source))
    (future,) = start_decoding([shade_png(3)])
    assert not future.done()
    meanwhile.set()
    assert future.result(30).pixels[0, 0, 0] == 3


def test_no_thread_is_left() -> None:
    for future in start_decoding([shade_png(1)] * 8):
        future.result(30)
    for thread in threading.enumerate():
        if thread.name.startswith("editjudge-decoding"):
            thread.join(30)
            assert not thread.is_alive()
