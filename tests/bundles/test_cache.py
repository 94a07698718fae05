"""The cache folder: where it is, what is wrong with it, and what it says of files that were checked before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from editjudge import BundleError
from editjudge.bundles import cache, packaged_model
from editjudge.bundles.bundle import Bundle, available_bundles
from editjudge.bundles.cache import cache_folder, check_hash, find_unkept, has_hash
from editjudge.doctor import examine
from editjudge.errors import EditJudgeWarning

CONTENT = b"a model" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def stamped(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is large enough for a stamp, and has one."""
    monkeypatch.setattr(cache, "LARGE", 1)
    path = tmp_path / "model"
    path.write_bytes(CONTENT)
    check_hash(path, SHA256)
    cache._check_hash.cache_clear()  # as in another process
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were hashed."""
    seen: list[Path] = []
    file_sha256 = cache.file_sha256
    monkeypatch.setattr(cache, "file_sha256", lambda path: (seen.append(path), file_sha256(path))[1])
    return seen


@pytest.fixture
def holding_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process that has neither put a model together nor warned."""
    held: dict[str, tuple[Path, os.stat_result]] = {}
    monkeypatch.setattr(packaged_model, "_held", held)
    monkeypatch.setattr(cache, "_warnings", [])
    yield
    for path, _ in held.values():
        os.close(int(path.name))


def test_a_stamp_spares_hashing_a_file_again(stamped: Path, hashed: list[Path]) -> None:
    check_hash(stamped, SHA256)
    assert hashed == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0" * 10**6, f"{SHA256} 7 7".encode(), None])
def test_a_stamp_that_says_nothing(stamped: Path, home: Path, hashed: list[Path], content: bytes | None) -> None:
    """The file is hashed; a wrong one does not pass."""
    (stamp,) = (home / "verified").iterdir()
    stamp.unlink()
    if content is None:
        (stamp / "folder").mkdir(parents=True)
    else:
        stamp.write_bytes(content)
    check_hash(stamped, SHA256)
    assert hashed == [stamped]
    cache._check_hash.cache_clear()
    with pytest.raises(BundleError, match="is damaged"):
        check_hash(stamped, "0" * 64)


def test_a_file_that_is_not_there(tmp_path: Path, home: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path / ("x" * 300), tmp_path):
        assert not has_hash(path, SHA256)
    with pytest.raises(BundleError, match="cannot be read: no such file or directory; fetch or build"):
        check_hash(tmp_path / "nothing", SHA256)


@pytest.mark.parametrize("home", ["~nosuch/cache", "~nosuch"])
def test_a_home_of_nobody(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", home)
    with pytest.raises(BundleError, match=f"EDITJUDGE_HOME is {home}, and there is no such home folder; set EDITJ"):
        cache_folder()
    assert "studio" in [bundle.name for bundle in available_bundles()]


def test_what_is_wrong_with_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert find_unkept(tmp_path / "made" / "later") is None
    assert find_unkept(tmp_path / "file" / "x") == (
        f"{tmp_path / 'file'} is not a folder; set EDITJUDGE_HOME to a folder with 300 MB to spare"
    )
    assert "cannot be used (file name too long); set" in (find_unkept(tmp_path / ("x" * 300)) or "")
    monkeypatch.setattr(cache, "ROOM", 2**62)
    assert "has less than 300 MB free; set" in (find_unkept(tmp_path) or "")


@pytest.mark.usefixtures("holding_nothing")
def test_doctor_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for home, words in (("~nosuch", "no such home folder"), (str(tmp_path / "file"), "is not a folder")):
        (tmp_path / "file").touch()
        monkeypatch.setenv("EDITJUDGE_HOME", home)
        monkeypatch.setattr(cache, "_warnings", ["as in a process that has warned"])
        assert words in examine("studio", "cpu")["cache"]["problem"]
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    assert examine("studio", "cpu")["cache"]["problem"] is None


@pytest.mark.usefixtures("holding_nothing")
def test_a_model_that_is_held_is_held_once(studio: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """And put together anew where its number has become another file's, as in a daemon that closed all its files."""
    monkeypatch.setenv("EDITJUDGE_HOME", "~nosuch")
    with pytest.warns(EditJudgeWarning, match="nothing is kept"):
        path = studio.file("parser")
    assert studio.file("parser") == path  # without another warning, which would be an error here
    descriptor = int(path.name)
    with open(os.devnull, "rb") as other:
        os.dup2(other.fileno(), descriptor)
    again = studio.file("parser")
    os.close(descriptor)
    assert again != path
    assert again.stat().st_size > 10**8
