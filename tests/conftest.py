"""What several tests share: the toy bundle, the studio bundle, and the numbers that transformers gave."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from huggingface_hub import HfApi
from little_hub import LittleHub

from editjudge import hub
from editjudge.bundle import Bundle

FIXTURES = Path(__file__).parent / "fixtures"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what is to run in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that what the tests start can be interrupted


@pytest.fixture(autouse=True)
def own_answers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instructions are read anew in each test, and what was read is not left in the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("editjudge.parse.cache_folder", lambda: folder)


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
def little_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LittleHub]:
    """A hub of models on this machine, in the place of the real one; downloads arrive in blocks of 64 bytes."""
    little = LittleHub()
    server = little.start()
    monkeypatch.setattr(hub, "HfApi", partial(HfApi, endpoint=little.url))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 64)
    for module in ("file_download", "utils._http"):  # it waits between its tries
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(hub, "get_token", lambda: None)
    yield little
    little.released.set()
    server.shutdown()
    server.server_close()
