"""The picture files: how each is made, by programs that are none of ours, and what is to come of it.

Commands run in a folder with `base.png` (8-bit RGB), `deep.png` (16 bits), `clear.png` (with alpha), `turned1.jpg` to
`turned8.jpg` (one picture, stored in the eight ways that EXIF knows), and the profiles of `benchmarks.pictures.make`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FLAT = "-background white -alpha remove -depth 8 -type TrueColor -strip PNG24:{out}"
BY_MAGICK = f"convert '{{file}}[0]' -auto-orient {FLAT}"
TO_SRGB = f"convert '{{file}}[0]' -auto-orient -profile srgb.icc {FLAT}"
BASE = "convert base.png PNG24:{out}"
BY_AVIFDEC = "avifdec {file} {out}"
BY_LIBHEIF = "heif-convert {file} {out}"
BY_ZIMG = (
    "ffmpeg -v error -y -i base.png -frames:v 1 "
    "-vf zscale=pin=smpte432:tin=iec61966-2-1:p=bt709:t=iec61966-2-1,format=rgb24 {out}"
)
"""The colours of base.png, which are taken for those of Display P3, as sRGB."""
TO_ADOBE = "-profile srgb.icc -profile adobe.icc"


@dataclass(frozen=True)
class PictureCase:
    """A file.

    Attributes:
        name: Its name; all before the suffix says what it is.
        make: The commands that make it; {file} is the path.
        reference: The command that makes {out} of it, in sRGB over white.
        refused: A part of the sentence that it is to be refused with; None: it is to be read.
        converted: Whether its colours are to be converted.
    """

    name: str
    make: str
    reference: str = BY_MAGICK
    refused: str | None = None
    converted: bool = False


def _read(name: str, make: str, **options: object) -> PictureCase:
    return PictureCase(name, make, **options)  # type: ignore[arg-type]


def _profiled(name: str, make: str, **options: object) -> PictureCase:
    return PictureCase(name, make, **{"reference": TO_SRGB, "converted": True, **options})  # type: ignore[arg-type]


def _refused(name: str, make: str, sentence: str) -> PictureCase:
    return PictureCase(name, make, reference="", refused=sentence)


PNG = (
    _read("rgb.png", "convert base.png PNG24:{file}"),
    _read("gray.png", "convert base.png -colorspace Gray -depth 8 {file}"),
    _read("gray_16.png", "convert deep.png -colorspace Gray -depth 16 {file}"),
    _read("rgb_16.png", "convert deep.png PNG48:{file}"),
    _read("rgba.png", "convert clear.png PNG32:{file}"),
    _read("rgba_16.png", "convert clear.png PNG64:{file}"),
    _read("gray_alpha.png", "convert clear.png -colorspace Gray -depth 8 {file}"),
    _read("gray_alpha_16.png", "convert clear.png -colorspace Gray -depth 16 {file}"),
    _read("palette.png", "convert base.png -colors 200 PNG8:{file}"),
    _read("palette_of_12.png", "convert base.png -colors 12 PNG8:{file}"),
    _read("palette_with_alpha.png", "convert clear.png -channel A -threshold 50% +channel -colors 60 PNG8:{file}"),
    _read("bilevel.png", "convert base.png -monochrome {file}"),
    _read("gray_2_bits.png", "convert base.png -colorspace Gray -colors 4 -depth 2 {file}"),
    _read("colour_key.png", "pngtopnm base.png | pnmtopng -transparent rgb:40/80/c0 > {file}"),
    _read("interlaced.png", "convert base.png -interlace PNG PNG24:{file}"),
    _read("interlaced_16.png", "convert deep.png -interlace PNG PNG48:{file}"),
    _read("exif_orientation.png", "convert base.png PNG24:{file}; {tag} -n -Orientation=6 {file}",
          reference="convert base.png -rotate 90 PNG24:{out}"),
    _read("srgb_profile.png", "convert base.png -profile srgb.icc PNG24:{file}"),
    _profiled("adobe_rgb.png", f"convert base.png {TO_ADOBE} PNG24:{{file}}"),
    _profiled("prophoto_16.png", "convert deep.png -profile srgb.icc -profile prophoto.icc PNG48:{file}"),
    _profiled("display_p3.png", "vips icc_transform base.png {file} p3 --input-profile srgb"),
    _profiled("display_p3_alpha.png", "vips icc_transform clear.png {file} p3 --input-profile srgb"),
    _profiled("red_and_green_swapped.png", "convert base.png -profile swapped.icc PNG24:{file}"),
    _profiled("palette_adobe_rgb.png", "convert base.png -colors 100 -profile adobe.icc PNG8:{file}"),
    _profiled("gray_profile.png", "convert base.png -colorspace Gray -profile gray_linear.icc -depth 8 {file}"),
    _profiled("gray_profile_16.png", "convert deep.png -colorspace Gray -profile gray_linear.icc -depth 16 {file}"),
    _profiled("large_profile.png", "convert base.png PNG24:{file}; {tag} '-icc_profile<=large.icc' {file}"),
    _read("broken_profile.png", "convert base.png PNG24:{file}; {tag} '-icc_profile<=broken.icc' {file}",
          reference=BASE),
    _read("cmyk_profile_on_rgb.png", "convert base.png PNG24:{file}; {tag} '-icc_profile<=cmyk.icc' {file}",
          reference=BASE),
    _read("large_text.png", "convert base.png PNG24:{file}; {tag} '-Comment<=text_2mb.txt' {file}"),
    _read("large_compressed_text.png", "convert base.png PNG24:{file}; {tag} -z '-Comment<=text_70mb.txt' {file}"),
    _read("gamma_of_srgb.png", "pngtopnm base.png | pnmtopng -gamma 0.45455 > {file}"),
    _profiled("gamma_1.png", "pngtopnm base.png | pnmtopng -gamma 1.0 > {file}",
              reference="convert base.png -set colorspace RGB -colorspace sRGB -depth 8 PNG24:{out}"),
    _profiled("gamma_1.8.png", "pngtopnm base.png | pnmtopng -gamma 0.55556 > {file}",
              reference="convert base.png -evaluate pow 1.8 -set colorspace RGB -colorspace sRGB -depth 8 PNG24:{out}"),
)  # fmt: skip

JPEG = (
    _read("444.jpg", "convert base.png -quality 92 -sampling-factor 1x1 {file}"),
    _read("422.jpg", "convert base.png -quality 92 -sampling-factor 2x1 {file}"),
    _read("420.jpg", "convert base.png -quality 85 -sampling-factor 2x2 {file}"),
    _read("progressive.jpg", "pngtopnm base.png | cjpeg -progressive > {file}"),
    _read("arithmetic.jpg", "pngtopnm base.png | cjpeg -arithmetic > {file}",
          reference="djpeg -pnm {file} | pnmtopng > {out}"),
    _read("restart.jpg", "pngtopnm base.png | cjpeg -restart 1 > {file}"),
    _read("stored_as_rgb.jpg", "pngtopnm base.png | cjpeg -rgb > {file}"),
    _read("gray.jpg", "convert base.png -colorspace Gray {file}"),
    _read("cmyk.jpg", "convert base.png -colorspace CMYK -quality 95 {file}"),
    _profiled("cmyk_profile.jpg", "convert base.png -profile srgb.icc -profile cmyk.icc -quality 95 {file}"),
    _profiled("adobe_rgb.jpg", f"convert base.png {TO_ADOBE} -quality 95 {{file}}"),
    _profiled("display_p3_turned.jpg", "vips icc_transform turned6.jpg {file}[Q=95] p3 --input-profile srgb"),
    _read("srgb_profile.jpg", "convert base.png -profile srgb.icc {file}"),
    _profiled("gray_profile.jpg", "convert base.png -colorspace Gray -profile gray_linear.icc {file}"),
    _read("exif_adobe_rgb.jpg", "convert base.png {file}; {tag} -n -ColorSpace=65535 -InteropIndex=R03 {file}"),
    _read("metadata_100_mb.jpg", "python pad_jpeg.py base.png {file}"),
    *(_read(f"orientation_{turn}.jpg", f"cp turned{turn}.jpg {{file}}") for turn in range(1, 9)),
    _refused("12_bits.jpg", "pngtopnm base.png | cjpeg > {file}; python patch_precision.py {file}", "12 bits a sample"),
    _refused("lossless.jpg", "ffmpeg -v error -y -i base.png -c:v ljpeg -f image2 {file}", "lossless JPEG"),
    _refused("lossless_8_bits.jpg", "ffmpeg -v error -y -i base.png -c:v ljpeg -pix_fmt yuvj444p -f image2 {file}",
             "lossless JPEG"),
    _refused("truncated.jpg", "convert base.png full.jpg; head -c 3000 full.jpg > {file}", "truncated or damaged"),
    _refused("jpeg_ls.jpg", "ffmpeg -v error -y -i base.png -c:v jpegls -f image2 {file}", "JPEG-LS picture"),
)  # fmt: skip

TIFF = (
    _read("rgb_lzw.tif", "convert base.png -compress LZW {file}"),
    _read("rgb_deflate_tiled.tif", "vips tiffsave base.png {file} --compression deflate --predictor horizontal --tile"),
    _read("rgb_planes.tif", "convert base.png -interlace plane plain.tif; tiffcp -p separate plain.tif {file}"),
    _read("rgb_big.tif", "vips tiffsave base.png {file} --bigtiff"),
    _read("rgb_big_endian.tif", "convert base.png -endian MSB {file}"),
    _read("rgb_16.tif", "convert deep.png -depth 16 {file}"),
    _read("gray_16.tif", "convert deep.png -colorspace Gray -depth 16 {file}"),
    _read("rgba.tif", "convert clear.png {file}"),
    _read("bilevel_g4.tif", "convert base.png -monochrome -compress Group4 {file}"),
    _read("palette.tif", "convert base.png -colors 100 -type Palette {file}"),
    _read("white_is_zero.tif", "convert gray.png -define quantum:polarity=min-is-white {file}"),
    _read("jpeg_inside.tif", "convert base.png -compress JPEG -quality 92 {file}"),
    _read("two_pages.tif", "convert base.png \\( base.png -negate \\) {file}"),
    _read("cmyk.tif", "convert base.png -colorspace CMYK {file}"),
    _profiled("cmyk_profile.tif", "convert base.png -profile srgb.icc -profile cmyk.icc {file}"),
    _profiled("adobe_rgb.tif", f"convert base.png {TO_ADOBE} {{file}}"),
    _profiled("prophoto_16.tif", "convert deep.png -profile srgb.icc -profile prophoto.icc -depth 16 {file}"),
    _refused("lab.tif", "convert base.png -colorspace Lab {file}", "CIE Lab"),
    _refused("float_rgb.tif", "vips cast base.png {file} float", "32-bit floats"),
    _refused("float_gray.tif", "vips colourspace base.png gray.v b-w; vips cast gray.v {file} float", "32-bit floats"),
)  # fmt: skip

OTHERS = (
    _read("lossy.webp", "cwebp -quiet -q 85 base.png -o {file}"),
    _read("lossless.webp", "cwebp -quiet -lossless base.png -o {file}"),
    _read("alpha.webp", "cwebp -quiet -lossless -exact clear.png -o {file}"),
    _read("animated.webp", "img2webp -lossless base.png -d 100 negative.png -o {file}",
          reference=BASE),
    _profiled("display_p3.webp", "cwebp -quiet -lossless -metadata icc p3.png -o {file}"),
    _read("static.gif", "convert base.png {file}"),
    _read("transparent.gif", "convert clear.png {file}"),
    _read("animated.gif", "convert -delay 10 base.png negative.png {file}"),
    _read("rgb.bmp", "convert base.png BMP3:{file}"),
    _read("run_lengths.bmp", "convert base.png -colors 64 -compress RLE BMP3:{file}"),
    _read("binary.ppm", "pngtopnm base.png > {file}"),
    _read("plain.ppm", "pngtopnm base.png | pnmtoplainpnm > {file}"),
    _read("16_bits.pgm", "convert deep.png -colorspace Gray -depth 16 {file}"),
    _read("binary.pbm", "convert base.png -monochrome {file}"),
    _read("lossless.jp2", "opj_compress -n 3 -i base.png -o {file}"),
    _read("lossy.j2k", "opj_compress -n 3 -i base.png -o {file} -r 10"),
    _profiled("adobe_rgb.jp2", f"convert base.png {TO_ADOBE} PNG24:jp2.png; "
              "opj_compress -n 3 -i jp2.png -o {file}; "
              "{tag} '-icc_profile<=adobe.icc' {file}",
              reference="convert jp2.png -profile srgb.icc -depth 8 PNG24:{out}"),
    _read("444.avif", "avifenc --min 10 --max 20 --yuv 444 base.png {file}", reference=BY_AVIFDEC),
    _read("420.avif", "avifenc --min 10 --max 20 --yuv 420 base.png {file}", reference=BY_AVIFDEC),
    _read("10_bits.avif", "avifenc --min 10 --max 20 --yuv 444 -d 10 deep.png {file}",
          reference="avifdec -d 8 {file} {out}"),
    _read("alpha.avif", "avifenc --min 5 --max 10 --yuv 444 clear.png {file}",
          reference="avifdec {file} a.png; convert a.png -background white -alpha remove PNG24:{out}"),
    _read("turned.avif", "avifenc --min 10 --max 20 --yuv 444 --irot 1 base.png {file}",
          reference="avifdec {file} a.png; convert a.png -rotate -90 PNG24:{out}"),
    _profiled("display_p3.avif", "avifenc --min 5 --max 10 --yuv 444 p3.png {file}",
              reference="avifdec {file} a.png; convert a.png -profile srgb.icc PNG24:{out}"),
    _profiled("display_p3_by_number.avif", "avifenc --lossless --cicp 12/13/0 --yuv 444 base.png {file}",
              reference=BY_ZIMG),
    _refused("pq.avif", "avifenc --min 10 --max 20 --cicp 9/16/9 base.png {file}", "HDR picture (PQ)"),
    _read("420.heic", "heif-enc -q 90 base.png -o {file}", reference=BY_LIBHEIF),
    _read("444.heic", "heif-enc -q 90 -p chroma=444 base.png -o {file}", reference=BY_LIBHEIF),
    _read("10_bits.heic", "heif-enc -q 90 -b 10 deep.png -o {file}",
          reference="heif-convert {file} a.png; convert a.png -depth 8 PNG24:{out}"),
    _profiled("display_p3.heic", "heif-enc -q 95 -p chroma=444 p3.png -o {file}",
              reference="heif-convert {file} a.png; convert a.png -profile srgb.icc PNG24:{out}"),
    _read("turned.heic", "heif-enc -q 90 -p chroma=444 base.png -o {file}; python turn_heic.py {file}",
          reference=BY_LIBHEIF),
    _read("exif_orientation.heic", "heif-enc -q 90 -p chroma=444 turned6.jpg -o {file}",  # counts for nothing in HEIF
          reference="heif-convert {file} a.png; convert a.png -strip PNG24:{out}"),
)  # fmt: skip

FOREIGN = (
    _refused("picture.jxl", "cjxl --quiet base.png {file}", "JPEG XL"),
    _refused("drawing.svg", "echo '<?xml version=\"1.0\"?><svg/>' > {file}", "rsvg-convert"),
    _refused("document.pdf", "pngtopnm base.png | pnmtops -quiet | ps2pdf - {file}", "pdftoppm"),
    _refused("program.eps", "pngtopnm base.png | pnmtops -quiet > {file}", "PostScript"),
    _refused("layers.psd", "convert base.png {file}", "Photoshop"),
    _refused("movie.mp4", "ffmpeg -v error -y -loop 1 -i base.png -t 1 -pix_fmt yuv420p {file}", "a video"),
    _refused("movie.webm", "ffmpeg -v error -y -loop 1 -i base.png -t 1 -c:v libvpx {file}", "a video"),
    _refused("negative.dng", "convert deep.png TIFF:{file}; {tag} -DNGVersion=1.4.0.0 -Make=M {file}", "raw file"),
    _refused("page.jpg", "printf '<!DOCTYPE html>\\n<html><body>404</body></html>' > {file}", "web page"),
    _refused("pointer.png", "printf 'version https://git-lfs.github.com/spec/v1\\n' > {file}", "git lfs pull"),
    _refused("archive.png", "gzip -c base.png > {file}", "archive"),
    _refused("icon.png", "convert base.png -resize 32x32 ICO:{file}", "icon"),
    _refused("floats.hdr", "vips radsave base.png {file}", "Radiance"),
)  # fmt: skip


def all_cases() -> Iterator[PictureCase]:
    """All files, sorted by their kind."""
    for cases in (PNG, JPEG, TIFF, OTHERS, FOREIGN):
        yield from cases
