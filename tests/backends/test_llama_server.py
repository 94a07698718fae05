"""A real server of OpenAI's form: llama-cpp-python's own with Gemma 3 270M and eyes of chance, asked over HTTP."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from editjudge.backends.openai_api import OpenAiModel, Patience
from editjudge.bundles.bundle import Bundle
from editjudge.errors import JudgeError
from support.seeing_gemma import add_chat_template, ask
from vision.random_projector import write_random_projector

pytestmark = pytest.mark.skipif(
    any(
        importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn", "sse_starlette", "starlette_context")
    ),
    reason="llama-cpp-python's server needs its own packages",
)
SECONDS = 90
"""From when on the server is taken not to start."""
CONTEXT = 512


@pytest.fixture(scope="module")
def server(studio: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    add_chat_template(studio.file("parser"), folder / "gemma.gguf")
    write_random_projector(folder / "mmproj.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "model": folder / "gemma.gguf", "model_alias": "gemma", "chat_format": "mtmd",
        "clip_model_path": folder / "mmproj.gguf", "n_ctx": CONTEXT, "n_threads": 1, "n_threads_batch": 1,
        "logits_all": False, "host": "127.0.0.1", "port": port,
    }  # fmt: skip
    options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *options], stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", running, folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        running.kill()
        running.wait()


def wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up and running.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def model(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiModel]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asked = OpenAiModel("gemma", server, Patience(tries=2, seconds=120, pause=0.1))
    yield asked
    asked.close()


def test_two_pictures_go_over_http_and_json_comes_back(model: OpenAiModel) -> None:
    """The server knows no `json_schema`, and says so with a status of 500; it is asked in the form that it knows."""
    answer = model.answer(ask())
    content = json.loads(answer.text, strict=False)  # its grammar lets line breaks into texts
    assert list(content) == ["reasoning", "pass", "score"]
    assert content["pass"] in ("yes", "no")
    assert content["score"] in range(6)
    assert answer.read_tokens > 2 * 16
    assert answer.written_tokens > 10
    assert model.answer(ask()) == answer


def test_an_answer_that_is_cut_off_is_none(model: OpenAiModel) -> None:
    with pytest.raises(JudgeError, match="cut off"):
        model.answer(ask(longest=5))


def test_a_question_that_does_not_fit_is_refused_at_once(model: OpenAiModel) -> None:
    with pytest.raises(JudgeError, match="does not fit into the context of gemma"):
        model.answer(ask(" Followed?" * CONTEXT))
