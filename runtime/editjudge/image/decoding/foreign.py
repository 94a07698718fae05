"""What a file is that is not read, and what makes a picture of it that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

HEAD_BYTES = 2**14
"""How much of a file its kind is told from."""


@dataclass(frozen=True)
class ForeignKind:
    """A kind of file that is not read. what: with its article. remedy: a clause, mostly a command."""

    what: str
    remedy: str

    def explain(self, name: str) -> str:
        """The sentence for a file of this kind."""
        return f"{name} is {self.what}; {self.remedy}"


def _convert(command: str) -> str:
    return f"convert it first: {command}"


def _magick(suffix: str, frame: str = "") -> str:
    return _convert(f"magick in.{suffix}{frame} out.png")


JPEG_XL = ForeignKind("a JPEG XL picture", _convert("djxl in.jxl out.png"))
SVG = ForeignKind("an SVG drawing, which has no pixels of its own", _convert("rsvg-convert in.svg -o out.png"))
RAW = ForeignKind("a camera's raw file", "develop it first: darktable-cli in.raw out.png")
POSTSCRIPT = ForeignKind(
    "a PostScript program, which is not run", _convert("gs -dSAFER -sDEVICE=png16m -r150 -o out.png in.eps")
)
VIDEO = ForeignKind("a video", "take a frame of it: ffmpeg -i in.mp4 -frames:v 1 out.png")
DICOM = ForeignKind("a DICOM file", _convert("dcm2img in.dcm out.png"))
ARCHIVE = ForeignKind("an archive", "unpack it and name a picture of it")
PAGE = ForeignKind(
    "a web page under the name of a picture", "download the picture itself: what came is a message of the server"
)
POINTER = ForeignKind("a pointer of Git LFS in the place of a picture", "fetch the picture: git lfs pull")
UNKNOWN_HEIF = ForeignKind("of the HEIF family, in a coding that is not read", _convert("heif-dec in.heif out.png"))
DAMAGED_AVIF = ForeignKind("an AVIF picture that is damaged", "save it again")

SIGNATURES: tuple[tuple[bytes, ForeignKind], ...] = (
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL ", JPEG_XL),
    (b"%PDF-", ForeignKind("a PDF document", _convert("pdftoppm -png -r 150 -singlefile in.pdf out"))),
    (b"%!PS", POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", POSTSCRIPT),
    (b"8BPS", ForeignKind("a Photoshop document", _magick("psd", "[0]"))),
    (b"gimp xcf", ForeignKind("a GIMP document", "export it from GIMP as PNG")),
    (b"v/1\x01", ForeignKind("an OpenEXR picture of floats", _magick("exr"))),
    (b"#?RADIANCE", ForeignKind("a Radiance picture of floats", _magick("hdr"))),
    (b"SIMPLE  =", ForeignKind("a FITS file", _magick("fits"))),
    (b"qoif", ForeignKind("a QOI picture", _magick("qoi"))),
    (b"DDS ", ForeignKind("a DDS texture", _magick("dds"))),
    (b"\0\0\x01\0", ForeignKind("a Windows icon", _magick("ico", "[0]"))),
    (b"icns", ForeignKind("a macOS icon", _magick("icns", "[0]"))),
    (b"II\xbc\x01", ForeignKind("a JPEG XR picture", _convert("JxrDecApp -i in.jxr -o out.bmp"))),
    (b"\x49\x49\x2a\0\x10\0\0\0CR\x02", RAW),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIU\0", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"FOVb", RAW),
    (b"\0MRM", RAW),
    (b"\x1aE\xdf\xa3", VIDEO),
    (b"\0\0\x01\xba", VIDEO),
    (b"FLV\x01", VIDEO),
    (b"PK\x03\x04", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ", ARCHIVE),
    (b"\x93NUMPY", ForeignKind("an array of NumPy", "hand in numpy.load(path)")),
    (b"PAR1", ForeignKind("a parquet table", "score its rows: editjudge score-dataset in.parquet -o scores.csv")),
    (b"\0\x05\x16\x07", ForeignKind("what macOS keeps beside a file", "name the file without ._ before it")),
    (b"version https://git-lfs", POINTER),
)

READ = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"\xff\xd8", "JPEG"),
        (rb"\x89PNG", "PNG"),
        (rb"GIF8[79]a", "GIF"),
        (rb"RIFF....WEBP", "WebP"),
        (rb"BM....\0\0\0\0", "BMP"),
        (rb"P[1-6]\s", "PPM"),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    )
)
"""How files begin whose kind is read, and what they are called."""

MOVIES = frozenset((b"qt  ", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "))
"""Brands of ISO files; more of them begin with these: 3gp, M4A."""
HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"MiHE"))
LOSSLESS = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Markers by which frames of JPEG begin, those of lossless ones, and that of JPEG-LS."""
MOST_SEGMENTS = 20_000
"""Of a JPEG, before its frame: more than a gigabyte of metadata can be. Those of no length would take minutes."""


def identify(head: bytes) -> ForeignKind | None:
    """What a file is that begins like this, which no decoder of ours reads; None: that cannot be told."""
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[8:12] == b"AVI ":
        return VIDEO
    if head[128:132] == b"DICM":
        return DICOM
    if brands := list_brands(head):
        is_movie = brands[0] in MOVIES or brands[0].startswith((b"3g", b"M4"))
        other = DAMAGED_AVIF if b"avif" in brands else UNKNOWN_HEIF
        return RAW if brands[0] == b"crx " else VIDEO if is_movie else other
    return _identify_text(head)


def identify_damaged(head: bytes) -> ForeignKind | None:
    """What a file says it is that begins like one that is read, and is not; None: it does not."""
    for pattern, name in READ:
        if pattern.match(head):
            return ForeignKind(f"a {name} file that is truncated or damaged", "save it again")
    return None


def list_brands(head: bytes) -> list[bytes]:
    """The brands that an ISO media file says it is of, the major one first; none for any other file."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, end, 4))]


def is_heic(head: bytes) -> bool:
    """Whether a file that begins like this is of the HEIF family, and no AVIF."""
    brands = list_brands(head)
    return bool(brands) and brands[0] in HEIC_BRANDS and b"avif" not in brands


def identify_jpeg(stream: IO[bytes]) -> ForeignKind | None:
    """A JPEG that is not read, by its frame; None: it is, or has none. The stream is left anywhere.

    Lossless ones are not, though Pillow would take them: they do not say whether they hold RGB, and are read as if so.
    """
    place = 2
    for _ in range(MOST_SEGMENTS):
        stream.seek(place)
        head = stream.read(5)
        if len(head) < 5 or head[0] != 0xFF:
            return None
        if head[1] in FRAMES:
            return _identify_frame(head[1], bits=head[4])
        length = int.from_bytes(head[2:4], "big")
        if length < 2:
            return None
        place += 2 + length
    return ForeignKind(f"a JPEG file of more than {MOST_SEGMENTS:,} segments before its pixels", "save it again")


def _identify_frame(marker: int, bits: int) -> ForeignKind | None:
    if marker == 0xF7:
        return ForeignKind("a JPEG-LS picture", _convert("ffmpeg -i in.jls out.png"))
    if marker in LOSSLESS:
        return ForeignKind("a lossless JPEG picture", _convert("ffmpeg -i in.jpg out.png"))
    if bits != 8:
        remedy = _convert("djpeg in.jpg > out.ppm, of libjpeg-turbo 3 or later")
        return ForeignKind(f"a JPEG picture of {bits} bits a sample", remedy)
    return None


def _identify_text(head: bytes) -> ForeignKind | None:
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace").lstrip().lower()
    text = re.sub(r"\A(?:<\?xml.*?\?>|<!--.*?-->|\s)*", "", text, flags=re.DOTALL)
    if text.startswith(("<svg", "<!doctype svg")):
        return SVG
    return PAGE if text.startswith(("<html", "<!doctype html", "<head", "<body")) else None
