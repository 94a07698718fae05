"""What several tests share: the toy bundle, the studio bundle, and the numbers that transformers gave."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from huggingface_hub import HfApi

from editjudge.bundles import huggingface
from editjudge.bundles.bundle import Bundle
from support.fake_hub import FakeHub

FIXTURES = Path(__file__).parent / "fixtures"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what is to run in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that what the tests start can be interrupted
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def own_answers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instructions are read anew in each test, and what was read is not left in the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("editjudge.parser.parser.cache_folder", lambda: folder)


@pytest.fixture(scope="session")
def toy() -> Bundle:
    """Real graphs of a few nodes each, whose outputs can be told by hand: tests/fixtures/make_toy_bundle.py."""
    return Bundle.load(FIXTURES / "toy")


@pytest.fixture(scope="session")
def studio() -> Bundle:
    """The embedded bundle, trained."""
    return Bundle.load("studio")


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    """What the image processors of transformers made of two pictures: tests/fixtures/make_golden.py."""
    with np.load(FIXTURES / "golden.npz") as arrays:
        return dict(arrays)


@pytest.fixture
def grey_edit(tmp_path: Path) -> tuple[Path, Path]:
    """The files of two grey pictures of 48 x 32 pixels, the second one lighter: original.png and edited.png."""
    paths = tmp_path / "original.png", tmp_path / "edited.png"
    for path, shade in zip(paths, (90, 160), strict=True):
        assert cv2.imwrite(str(path), np.full((32, 48, 3), shade, np.uint8))
    return paths


@pytest.fixture
def fake_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub of models on this machine, in the place of the real one; downloads arrive in blocks of 64 bytes."""
    hub = FakeHub()
    server = hub.start()
    monkeypatch.setattr(huggingface, "HfApi", partial(HfApi, endpoint=hub.url))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 64)
    for module in ("file_download", "utils._http"):  # it waits between its tries
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(huggingface, "get_token", lambda: None)
    yield hub
    hub.released.set()
    server.shutdown()
    server.server_close()
