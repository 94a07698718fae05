"""Files of other programs are read as other programs read them (tests/fixtures/make_pictures.py made both)."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from benchmarks.pictures.cases import PictureCase, all_cases
from editjudge import ImageError
from editjudge.image.decode import load_image, load_picture
from editjudge.image.decoding.foreign import SIGNATURES

FOLDER = Path(__file__).parents[1] / "fixtures" / "pictures"
CASES = [case for case in all_cases() if (FOLDER / case.name).is_file()]
READ = [case for case in CASES if case.refused is None]
NO_PLUGIN = "import sys; sys.modules['pillow_heif'] = None; "


def reference(name: str) -> np.ndarray:
    with PIL.Image.open(FOLDER / f"{name}.reference.png") as picture:
        return np.asarray(picture.convert("RGB"))


def with_chunks(content: bytes, *chunks: tuple[bytes, bytes], last: bool = False) -> bytes:
    """A PNG with chunks behind its header, or before its end."""
    place = len(content) - 12 if last else 33
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return content[:place] + added + content[place:]


@pytest.fixture
def content(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("case", READ, ids=[case.name for case in READ])
def test_read_as_others_read_it(case: PictureCase) -> None:
    loaded = load_picture(FOLDER / case.name)
    wanted = reference(case.name)
    assert loaded.pixels.shape == wanted.shape
    assert np.abs(loaded.pixels.astype(int) - wanted).max() <= 2
    assert loaded.profile_converted == case.converted


def test_the_fixtures_are_of_many_kinds() -> None:
    assert len(READ) >= 12
    assert {Path(case.name).suffix for case in READ} >= {".png", ".jpg", ".tif", ".webp", ".avif", ".heic", ".jp2"}
    assert len(list(all_cases())) >= 60


def test_a_profile_makes_a_difference() -> None:
    """What the pixels are without it, as they were read before profiles were: so the test above can fail."""
    with PIL.Image.open(FOLDER / "display_p3.png") as picture:
        assert np.abs(np.asarray(picture).astype(int) - reference("display_p3.png")).max() > 20


def test_a_pillow_picture_with_a_profile_is_converted() -> None:
    with PIL.Image.open(FOLDER / "display_p3.webp") as picture:
        loaded = load_picture(picture)
    assert loaded.profile_converted
    assert np.abs(loaded.pixels.astype(int) - reference("display_p3.webp")).max() <= 2


def test_a_lossless_jpeg_is_refused_as_it_does_not_say_what_its_colours_are() -> None:
    with pytest.raises(ImageError, match="is a lossless JPEG picture; convert it first: ffmpeg"):
        load_image(FOLDER / "lossless_8_bits.jpg")


def test_heic_without_the_extra_names_it() -> None:
    program = f"{NO_PLUGIN}from editjudge.image.decode import load_image; load_image(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, str(FOLDER / "444.heic")], capture_output=True, text=True, check=False
    )
    assert "444.heic is a HEIC picture; to read those, pip install 'editjudge[heif]'" in done.stderr.splitlines()[-1]


def test_reading_heic_leaves_pillow_as_it_was() -> None:
    """In a process of its own, as other packages register pillow-heif with Pillow."""
    program = (
        "import sys, PIL.Image; from editjudge.image.decode import load_image; load_image(sys.argv[1]); "
        "PIL.Image.open(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(FOLDER / "444.heic")], capture_output=True, text=True, check=False
    )
    assert "UnidentifiedImageError" in done.stderr.splitlines()[-1]


def test_a_damaged_heic(tmp_path: Path) -> None:
    content = (FOLDER / "444.heic").read_bytes()
    for length in (40, len(content) // 2):
        (tmp_path / "half.heic").write_bytes(content[:length])
        with pytest.raises(ImageError, match=r"half\.heic is truncated or damaged") as caught:
            load_image(tmp_path / "half.heic")
        assert "\n" not in str(caught.value)


TEXTS = {
    "text": (b"tEXt", b"Comment\0" + b"a" * (2**21)),
    "compressed": (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * (2**26))),
    "xmp": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"a" * (2**21)),
    "damaged": (b"zTXt", b"Comment\0\0this is not compressed"),
}


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("chunk", TEXTS.values(), ids=TEXTS)
def test_texts_that_pillow_does_not_read(
    picture: np.ndarray, content: bytes, chunk: tuple[bytes, bytes], last: bool
) -> None:
    np.testing.assert_array_equal(load_image(with_chunks(content, chunk, last=last)), picture)


def test_many_texts(picture: np.ndarray, content: bytes) -> None:
    chunk = b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * (2**20 - 1))
    np.testing.assert_array_equal(load_image(with_chunks(content, *[chunk] * 100)), picture)


def test_a_large_profile_is_converted_all_the_same() -> None:
    with PIL.Image.open(FOLDER / "display_p3.png") as picture:
        profile, pixels = picture.info["icc_profile"], picture.convert("RGB")
    profile += bytes(2**21)
    stream = io.BytesIO()
    pixels.save(stream, "PNG", icc_profile=(len(profile)).to_bytes(4, "big") + profile[4:])
    with pytest.raises(ValueError, match="too large"):
        PIL.Image.open(io.BytesIO(stream.getvalue()))
    loaded = load_picture(stream)
    assert loaded.profile_converted
    assert np.abs(loaded.pixels.astype(int) - reference("display_p3.png")).max() <= 2


def test_exif_that_ends_too_soon_turns_the_picture_all_the_same(picture: np.ndarray, content: bytes) -> None:
    """And Pillow's warning of it, an error in the tests, is kept from the app."""
    turned = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    beyond = struct.pack(">HHII", 0x8769, 4, 1, 38)
    exif = b"MM\0*\0\0\0\x08" + struct.pack(">H", 2) + turned + beyond + bytes(4) + b"\0\x05"
    loaded = load_image(with_chunks(content, (b"eXIf", exif)))
    np.testing.assert_array_equal(loaded, np.rot90(picture, -1))


def test_a_hundred_thousand_chunks(picture: np.ndarray, content: bytes) -> None:
    np.testing.assert_array_equal(load_image(with_chunks(content, *[(b"tEXt", b"a\0")] * 100_000)), picture)


def test_a_million_segments_of_nothing() -> None:
    with pytest.raises(ImageError, match="JPEG file of more than 20,000 segments before its pixels; save it again"):
        load_image(b"\xff\xd8" + b"\xff\xe0\0\2" * 10**6)


def test_odd_tags_are_not_spoken_of(recwarn: pytest.WarningsRecorder) -> None:
    entry = struct.pack("<HHII", 258, 4, 2**30, 8)
    with pytest.raises(ImageError, match="is a TIFF"):
        load_image(b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entry * 2)
    assert not recwarn


def test_a_profile_that_unpacks_without_end_is_none(picture: np.ndarray, content: bytes) -> None:
    bomb = b"iCCP", b"name\0\0" + zlib.compress(bytes(2**27))
    loaded = load_picture(with_chunks(content, bomb))
    np.testing.assert_array_equal(loaded.pixels, picture)
    assert not loaded.profile_converted


def test_a_hundred_megabytes_of_metadata(picture: np.ndarray) -> None:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "JPEG", quality=95)
    plain = stream.getvalue()
    segment = b"\xff\xef" + (65535).to_bytes(2, "big") + bytes(65533)
    padded = plain[:2] + segment * 1600 + plain[2:]
    np.testing.assert_array_equal(load_image(padded), load_image(plain))


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\xff\x0a\0\0", "a JPEG XL picture; convert it first: djxl"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing.*rsvg-convert"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg/>", "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document.*pdftoppm -png"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(99), "a camera's raw file; develop it first"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw file"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera's raw file"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "a video; take a frame of it: ffmpeg"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomavc1", "a video"),
        (b"\x1aE\xdf\xa3" + bytes(9), "a video"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(99), "an AVIF picture that is damaged"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (b"<!DOCTYPE html><html>", "a web page under the name of a picture"),
        (b"\n<HTML><body>", "a web page"),
        (b"\xff\xfe" + "<html>".encode("utf-16-le"), "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS.*git lfs pull"),
        (b"PK\x03\x04", "an archive; unpack it"),
        (b"\x93NUMPY\1\0", r"an array of NumPy; hand in numpy\.load"),
        (bytes(128) + b"DICM", "a DICOM file"),
    ],
)
def test_what_is_not_read_is_named_with_what_helps(head: bytes, said: str) -> None:
    with pytest.raises(ImageError, match=f"^the picture is {said}") as caught:
        load_image(head)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("signature", [signature for signature, _ in SIGNATURES])
def test_every_signature_is_refused_by_its_name(signature: bytes) -> None:
    kind = next(kind for known, kind in SIGNATURES if signature.startswith(known))
    with pytest.raises(ImageError) as caught:
        load_image(signature + bytes(64))
    assert str(caught.value) == f"the picture is {kind.what}; {kind.remedy}"


def tiff(tags: dict[int, int], sub_folder: dict[int, int] | None = None) -> bytes:
    """The head of a little-endian TIFF: its tags, all short, and the place of a folder beside it."""

    def folder(entries: dict[int, int], extra: bytes = b"") -> bytes:
        body = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in sorted(entries.items()))
        count = len(entries) + bool(extra)
        return struct.pack("<H", count) + body + extra + bytes(4)

    if sub_folder is None:
        return b"II*\0\x08\0\0\0" + folder(tags)
    beside = 8 + 2 + 12 * (len(tags) + 1) + 4
    return b"II*\0\x08\0\0\0" + folder(tags, struct.pack("<HHII", 330, 4, 1, beside)) + folder(sub_folder)


SIZE = {256: 64, 257: 64}


@pytest.mark.parametrize(
    "content",
    [
        tiff({**SIZE, 262: 32803}),
        tiff({**SIZE, 262: 34892}),
        tiff({**SIZE, 254: 1, 262: 2, 271: 1}, {**SIZE, 262: 32803}),
    ],
    ids=["mosaic", "linear", "preview first"],
)
def test_a_raw_file_is_not_taken_for_its_preview(content: bytes) -> None:
    with pytest.raises(ImageError, match="is a camera's raw file; develop it first"):
        load_image(content)


def test_a_tiff_of_floats_says_what_to_do() -> None:
    with pytest.raises(ImageError, match=r"TIFF of 32-bit floats, .* 0 to 1, to editjudge\.from_float"):
        load_image(tiff({**SIZE, 258: 32, 262: 1, 277: 1, 339: 3}))


def test_a_tiff_in_a_layout_of_its_own() -> None:
    with pytest.raises(ImageError, match=r"TIFF of 1 samples of 7 bits a pixel in a layout that is not read; convert"):
        load_image(tiff({**SIZE, 258: 7, 262: 1, 277: 1}))


def test_damaged_tags_end_in_a_sentence_or_a_picture() -> None:
    content = (FOLDER / "rgb_16.tif").read_bytes()
    start = int.from_bytes(content[4:8], "little")
    for place in (*range(8), *range(start, min(start + 250, len(content)))):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with suppress(ImageError):
            assert load_image(bytes(damaged)).shape[2] == 3
