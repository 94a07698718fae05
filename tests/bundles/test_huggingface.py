"""The hub's own cache, and its errors as one sentence. What the export needs of it: tests/export/test_fetch.py."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils.tqdm import are_progress_bars_disabled

from editjudge import InputError
from editjudge.bundles import huggingface
from support.fake_hub import COMMIT, FakeHub


def test_only_what_is_asked_for_is_fetched_and_only_once(fake_hub: FakeHub) -> None:
    fake_hub.add("someone/model", {"config.json": b"{}", "model.safetensors": b"x" * 1000, "model.py": b"raise"})
    repository = huggingface.look_up("someone/model")
    assert repository.commit == COMMIT
    assert repository.sizes == {"config.json": 2, "model.safetensors": 1000, "model.py": 5}
    assert repository.count_missing_bytes(repository.sizes) == 1007
    folder = repository.download(["config.json", "model.safetensors"])
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert huggingface.find_cached("someone/model", COMMIT, "config.json") == folder / "config.json"
    assert huggingface.find_cached("someone/model", COMMIT, "model.py") is None
    assert repository.count_missing_bytes(repository.sizes) == 5
    repository.download(["config.json", "model.safetensors"])
    assert fake_hub.starts("model.safetensors") == [0]
    assert fake_hub.starts("model.py") == []
    assert not are_progress_bars_disabled()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "it cannot be written: the disk is full; make room"),
        (PermissionError(13, "Permission denied", "/x"), "^/x cannot be written: permission denied; make room"),
        (ConnectionResetError("gone"), "the server cannot be reached, or hung up .*; connect again"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(error: Exception, message: str) -> None:
    with (
        pytest.raises(InputError, match=message),
        huggingface.convert_hub_errors("it", InputError, lambda connect: f"{connect} again", "make room"),
    ):
        raise error


def test_the_switch_that_keeps_it_offline_is_named() -> None:
    """In a process of its own, as it is read on import."""
    code = """
from editjudge import InputError
from editjudge.bundles import huggingface
try:
    with huggingface.convert_hub_errors("it", InputError, lambda connect: f"{connect}, or wait", ""):
        huggingface.look_up("someone/model")
except InputError as error:
    print(error)
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "it cannot be fetched: HF_HUB_OFFLINE is set; unset HF_HUB_OFFLINE, or wait\n"


def test_a_hub_that_never_answers_is_not_waited_for(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(huggingface, "HfApi", lambda: HfApi(endpoint=url))
        monkeypatch.setattr(huggingface, "PATIENCE", 0.5)
        with (
            pytest.raises(InputError, match="the server cannot be reached, or hung up"),
            huggingface.convert_hub_errors("it", InputError, str, ""),
        ):
            huggingface.look_up("someone/model")
