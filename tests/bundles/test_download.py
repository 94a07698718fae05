"""Pulling a bundle: from everywhere, resumed, checked, and whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from editjudge import BundleError, InputError
from editjudge.bundles import huggingface
from editjudge.bundles.bundle import Bundle, available_bundles
from editjudge.bundles.download import look_at, pull
from editjudge.bundles.remote import sources
from support.fake_hub import COMMIT, FakeHub
from support.killed_process import kill_midway
from support.onnx_bytes import engine_wrapper

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
DETECTOR = (TOY / "detector.onnx").read_bytes()

Usage = namedtuple("Usage", "total used free")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def served(fake_hub: FakeHub, home: Path) -> FakeHub:
    """The toy bundle, as the repository someone/toy and under /files."""
    fake_hub.add("someone/toy", contents(TOY))
    fake_hub.add("someone/toy", {}, commit="2e" * 20)
    fake_hub.files = {f"toy/{path}": content for path, content in contents(TOY).items()}
    return fake_hub


def edited(served: FakeHub, change: Callable[[str], str]) -> None:
    """Changes the manifest that is served."""
    files = served.repositories["someone/toy"][COMMIT]
    before = files["bundle.toml"].decode()
    files["bundle.toml"] = change(before).encode()
    assert files["bundle.toml"].decode() != before


def nothing_under_a_name(home: Path) -> bool:
    return all(entry.name.startswith(".") for entry in (home / "bundles").iterdir())


@pytest.mark.parametrize(
    "source", ["someone/toy", f"someone/toy@{COMMIT}", "{url}/files/toy", "{url}/files/toy/bundle.toml", str(TOY)]
)
def test_a_bundle_from_everywhere(source: str, served: FakeHub, home: Path) -> None:
    offer = look_at(source.format(url=served.url), insecure=True)
    advances: list[int] = []
    assert offer.manifest.name == "toy"
    assert not (home / "bundles" / "toy").exists()
    folder = pull(offer, advance=advances.append)
    assert folder == home / "bundles" / "toy"
    pulled = contents(folder)
    assert pulled == {path: content for path, content in contents(TOY).items() if path in pulled}
    assert set(contents(TOY)) - set(pulled) <= {"README.md"}
    assert sum(advances) == offer.bytes == sum(map(len, pulled.values())) - len(pulled["bundle.toml"])
    assert [entry.name for entry in (home / "bundles").iterdir()] == ["toy"]
    Bundle.load("toy").verify()


def test_the_manifest_is_checked_before_anything_else_is_fetched(served: FakeHub, home: Path) -> None:
    edited(served, lambda text: text.replace("size = 16", "size = 0", 1))
    with pytest.raises(BundleError, match=r"^someone/toy/bundle\.toml: .*size in \[clip\] is 0; it must be") as caught:
        look_at("someone/toy")
    assert "\n" not in str(caught.value)
    assert {path.rsplit("/", 1)[-1] for _, path, _ in served.requests if "resolve" in path} == {"bundle.toml"}
    assert nothing_under_a_name(home)


@pytest.mark.parametrize(
    "path", ["../detector.onnx", "/detector.onnx", "bundle.toml", "./bundle.toml", "clip_text.onnx"]
)
def test_a_manifest_that_leads_astray(path: str, served: FakeHub, home: Path) -> None:
    edited(served, lambda text: text.replace('"detector.onnx"', f'"{path}"'))
    with pytest.raises(BundleError, match=r"leads outside the bundle|gives one path to several files"):
        look_at("someone/toy")
    assert nothing_under_a_name(home)


def test_a_broken_connection_is_mended_at_once(served: FakeHub) -> None:
    served.cuts["detector.onnx"] = [1000, 500]
    for _ in range(3):  # one of the two HTTP libraries leaves it to the next try
        try:
            pull(look_at("someone/toy"))
            break
        except BundleError:
            pass
    assert len(served.starts("detector.onnx")) == 3
    assert 0 < served.starts("detector.onnx")[1] < served.starts("detector.onnx")[2]
    Bundle.load("toy").verify()


def test_a_pull_that_fails_leaves_what_has_arrived_for_the_next(served: FakeHub, home: Path) -> None:
    served.cuts["detector.onnx"] = [1000, None]
    with pytest.raises(BundleError, match=r"someone/toy/detector\.onnx cannot be fetched: .*what has arrived is kept"):
        pull(look_at("someone/toy"))
    assert nothing_under_a_name(home)
    assert available_bundles()[0].name == "studio"
    served.cuts.clear()
    served.requests.clear()
    advances: list[int] = []
    offer = look_at("someone/toy")
    pull(offer, advance=advances.append)
    assert 900 < served.starts("detector.onnx")[0] <= 1000
    assert served.starts("clip_text.onnx") == []
    assert sum(advances) == offer.bytes
    Bundle.load("toy").verify()


def test_a_pull_that_is_killed_goes_on_where_it_was(served: FakeHub, home: Path) -> None:
    """With the real block of 10 MB, in a process that is ended by force."""
    large = os.urandom(13_000_000)
    files = served.repositories["someone/toy"][COMMIT]
    digest = hashlib.sha256(large).hexdigest()
    entry = f'\n[[document]]\npath = "large.bin"\nsha256 = "{digest}"\nbytes = {len(large)}\n'
    edited(served, lambda text: text + entry)
    files["large.bin"] = large
    served.holds["large.bin"] = 12_000_000
    code = "from editjudge.bundles.download import look_at, pull; print(pull(look_at('someone/toy')))"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(home / "hub")}
    arrived = kill_midway(command, environment, home, "large.bin.*.part")
    served.released.set()
    assert nothing_under_a_name(home)
    served.holds.clear()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(home / "bundles" / "toy")
    assert served.starts("large.bin") == [0, arrived]
    assert (home / "bundles" / "toy" / "large.bin").read_bytes() == large


def test_a_server_that_cannot_resume_starts_over(served: FakeHub) -> None:
    served.cuts["detector.onnx"] = [1000, None]
    with pytest.raises(BundleError):
        pull(look_at("someone/toy"))
    served.cuts.clear()
    served.ranges = False
    advances: list[int] = []
    offer = look_at("someone/toy")
    folder = pull(offer, advance=advances.append)
    assert (folder / "detector.onnx").read_bytes() == DETECTOR
    assert min(advances) < 0
    assert sum(advances) == offer.bytes


@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_folder_goes_on_where_it_stopped(ranges: bool, served: FakeHub) -> None:
    source = f"{served.url}/files/toy"
    served.cuts["toy/detector.onnx"] = [1000]
    with pytest.raises(BundleError, match=r"detector\.onnx cannot be fetched: .*hung up .*what has arrived is kept"):
        pull(look_at(source, insecure=True))
    served.ranges = ranges
    assert (pull(look_at(source, insecure=True)) / "detector.onnx").read_bytes() == DETECTOR
    assert served.starts("toy/detector.onnx") == [0, 1000]


def test_what_arrives_damaged_is_thrown_away(served: FakeHub, home: Path) -> None:
    files = served.repositories["someone/toy"][COMMIT]
    files["detector.onnx"] = DETECTOR[:-1] + b"?"
    with pytest.raises(BundleError, match=r"detector\.onnx arrived damaged: .*pull again"):
        pull(look_at("someone/toy"))
    assert nothing_under_a_name(home)
    assert not list(home.rglob("detector.onnx*"))
    files["detector.onnx"] = DETECTOR
    pull(look_at("someone/toy"))


def test_more_than_was_announced_is_not_written(served: FakeHub, home: Path) -> None:
    served.repositories["someone/toy"][COMMIT]["detector.onnx"] = DETECTOR * 2
    with pytest.raises(BundleError, match=rf"larger than the {len(DETECTOR)} bytes"):
        pull(look_at("someone/toy"))
    assert all(part.stat().st_size <= len(DETECTOR) for part in home.rglob("detector.onnx*"))


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("someone/other", BundleError, "someone/other is not on the hub, or private"),
        ("someone/toy@gone", BundleError, "has no such revision"),
        ("someone/toy@" + "2e" * 20, BundleError, r"bundle\.toml is not there: its repository has no such file"),
        ("someone/gated", BundleError, "is gated: accept its licence .*hf auth login"),
        ("{url}/files/other", BundleError, r"files/other/bundle\.toml cannot be fetched: the server answered 404"),
        ("http://127.0.0.1:9/toy", BundleError, r"reached, or hung up \(connection refused\); connect and try again"),
        ("http://", InputError, "neither a folder, nor an address"),
        ("http://localhost:bad/toy", InputError, "neither a folder, nor an address"),
        ("toy", InputError, "neither a folder, nor an address"),
        ("ftp://example.org/toy", InputError, "neither a folder, nor an address"),
        ("./nowhere", InputError, r"\./nowhere is neither a folder, nor an address"),
        ("{url}/\ud800", InputError, "neither a folder, nor an address"),
        ("some..one/toy", InputError, "neither a folder, nor an address"),
        ("./" + "x" * 300, InputError, r"\.\.\.x+ is neither a folder, nor an address"),
        ("~nobody-here/toy", BundleError, "begins with a home folder that is not there; name the whole path"),
        ("", InputError, "the source is empty; give a folder"),
        ("{folder}", BundleError, r"bundle\.toml cannot be read: no such file"),
    ],
)
def test_what_cannot_be_pulled(
    source: str, kind: type[Exception], message: str, served: FakeHub, tmp_path: Path
) -> None:
    served.add("someone/gated", contents(TOY))
    served.gated.add("someone/gated")
    (tmp_path / "empty").mkdir()
    with pytest.raises(kind, match=message) as caught:
        look_at(source.format(url=served.url, folder=tmp_path / "empty"), insecure=True)
    assert "\n" not in str(caught.value)


def test_a_file_that_the_repository_lacks(served: FakeHub, home: Path) -> None:
    del served.repositories["someone/toy"][COMMIT]["sam_decoder.onnx"]
    with pytest.raises(BundleError, match=r"someone/toy/sam_decoder\.onnx is not there"):
        pull(look_at("someone/toy"))
    assert nothing_under_a_name(home)


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    served: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 5000))
    with pytest.raises(BundleError, match=r"someone/toy needs .* MB more, and .* has 0 MB free; .*EDITJUDGE_HOME"):
        pull(look_at("someone/toy"))
    assert served.starts("detector.onnx") == []


def test_a_disk_that_fills_up(served: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(sources.DownloadFile, "write", full)
        with pytest.raises(BundleError, match="cannot be written: the disk is full; free some space"):
            pull(look_at("someone/toy"))
    assert nothing_under_a_name(home)
    pull(look_at("someone/toy"))


def test_a_home_that_is_a_file(served: FakeHub, home: Path) -> None:
    home.write_text("")
    with pytest.raises(BundleError, match=r"cannot be written: .*; free some space, or set EDITJUDGE_HOME"):
        look_at("someone/toy")


def test_a_full_home_is_named_and_not_the_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    offer = look_at(str(TOY))
    full_home = rf"^{re.escape(str(home / 'bundles'))} cannot be written: the disk is full; free some space"
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BundleError, match=full_home):
        look_at(str(TOY))
    monkeypatch.setattr(sources.DownloadFile, "write", full)
    with pytest.raises(BundleError, match=full_home):
        pull(offer)


@pytest.mark.parametrize("change", [lambda content: content + b"?", lambda content: content[:-1] + b"?"])
def test_a_folder_that_is_damaged_is_not_to_be_pulled_again(
    change: Callable[[bytes], bytes], home: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "damaged"))
    (folder / "detector.onnx").write_bytes(change(DETECTOR))
    with pytest.raises(BundleError, match=r"detector\.onnx .*manifest.*; build or fetch that bundle again$"):
        pull(look_at(str(folder)))


def test_a_manifest_with_a_byte_order_mark(home: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "toy"))
    (folder / "bundle.toml").write_bytes(b"\xef\xbb\xbf" + (TOY / "bundle.toml").read_bytes())
    Bundle.load(pull(look_at(str(folder)))).verify()


def test_an_older_bundle_stays_until_the_new_one_is_whole(served: FakeHub, home: Path) -> None:
    shutil.copytree(TOY, home / "bundles" / "toy")
    (home / "bundles" / "toy" / "mine.txt").write_text("older")
    served.cuts["detector.onnx"] = [None]
    with pytest.raises(BundleError):
        pull(look_at("someone/toy"))
    assert (home / "bundles" / "toy" / "mine.txt").read_text() == "older"
    served.cuts.clear()
    pull(look_at("someone/toy"))
    assert not (home / "bundles" / "toy" / "mine.txt").exists()
    assert [entry.name for entry in (home / "bundles").iterdir()] == ["toy"]


def test_files_of_another_version_are_not_kept(served: FakeHub, home: Path) -> None:
    served.cuts["sam_decoder.onnx"] = [None]
    with pytest.raises(BundleError):
        pull(look_at("someone/toy"))
    files = served.repositories["someone/toy"][COMMIT]
    edited(served, lambda text: text.replace('"detector.onnx"', '"models/detector.onnx"'))
    files["models/detector.onnx"] = files.pop("detector.onnx")
    served.cuts.clear()
    folder = pull(look_at("someone/toy"))
    assert (folder / "models" / "detector.onnx").is_file()
    assert not (folder / "detector.onnx").exists()


def test_names(served: FakeHub, home: Path) -> None:
    assert pull(look_at("someone/toy"), "mine") == home / "bundles" / "mine"
    for name in ("../toy", "", ".toy", "a/b", "a b"):
        with pytest.raises(InputError, match="cannot be the name of a bundle"):
            pull(look_at("someone/toy"), name)
    edited(served, lambda text: text.replace('name = "toy"', 'name = "../../toy"'))
    with pytest.raises(InputError, match="cannot be the name of a bundle"):
        pull(look_at("someone/toy"))
    edited(served, lambda text: text.replace('name = "../../toy"', 'name = "studio"'))
    with pytest.raises(InputError, match=r"calls itself studio, as an embedded one does; .* --name"):
        pull(look_at("someone/toy"))
    assert pull(look_at("someone/toy"), "studio") == home / "bundles" / "studio"


def engine(device: str) -> str:
    wrapper, data = engine_wrapper(f"detector.{device}.engine"), f"{device} engine".encode()
    digests = [hashlib.sha256(content).hexdigest() for content in (wrapper, data)]
    return f"""
[[engine]]
role = "detector"
device = "{device}"
targets = ["sm86", "sm89"]
version = "1.0"
precision = "fp16"
weights = "included"
path = "detector.{device}.onnx"
sha256 = "{digests[0]}"
bytes = {len(wrapper)}
data = "detector.{device}.engine"
data_sha256 = "{digests[1]}"
data_bytes = {len(data)}
"""


@pytest.mark.parametrize(
    ("choice", "devices"),
    [("all", ["rtx", "tensorrt"]), ("none", []), ("rtx", ["rtx"]), ("tensorrt,rtx", ["rtx", "tensorrt"])],
)
def test_engines_are_pulled_as_asked(choice: str, devices: list[str], served: FakeHub, home: Path) -> None:
    edited(served, lambda text: text + engine("rtx") + engine("tensorrt"))
    files = served.repositories["someone/toy"][COMMIT]
    for device in ("rtx", "tensorrt"):
        files[f"detector.{device}.onnx"] = engine_wrapper(f"detector.{device}.engine")
        files[f"detector.{device}.engine"] = f"{device} engine".encode()
    folder = pull(look_at("someone/toy", choice))
    bundle = Bundle.load("toy")
    assert [entry.device for entry in bundle.engines] == devices
    assert len(list(folder.glob("detector.*"))) == 1 + 2 * len(devices)
    bundle.verify()
    for entry in bundle.engines:
        assert bundle.engine(entry).read_bytes() == engine_wrapper(entry.data)
        (folder / entry.data).write_text("tampered with")
        with pytest.raises(BundleError, match=f"detector.{entry.device}.engine"):
            bundle.verify()
        (folder / entry.data).unlink()
        with pytest.raises(BundleError, match=f"detector.{entry.device}.engine is missing"):
            bundle.verify()
        (folder / entry.path).unlink()
    assert bundle.engines == ()


def test_engines_that_are_none(served: FakeHub) -> None:
    with pytest.raises(InputError, match="must be all, none, or some of rtx,tensorrt"):
        look_at("someone/toy", "cuda")


def test_a_token_goes_to_the_hub_only(served: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface, "get_token", lambda: "secret")
    pull(look_at(f"{served.url}/files/toy", insecure=True))
    assert served.tokens == {None}
    pull(look_at("someone/toy"))
    assert served.tokens == {None, "Bearer secret"}
