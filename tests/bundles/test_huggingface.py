"""The hub's own cache, and its errors as one sentence. What the export needs of it: tests/export/test_fetch.py."""

from __future__ import annotations

import pytest
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
        (PermissionError(13, "Permission denied", "/x"), "it cannot be written: /x: permission denied; make room"),
        (ConnectionResetError("gone"), "the server cannot be reached, or hung up .*; go online"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(error: Exception, message: str) -> None:
    with (
        pytest.raises(InputError, match=message),
        huggingface.convert_hub_errors("it", InputError, "go online", "make room"),
    ):
        raise error
