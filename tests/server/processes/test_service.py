"""The service as it is run: how it starts, ends, and refuses to start. One process answers here."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from typing import Any

import httpx
import pytest

from editjudge.datasets.demo import load_demo
from support.fresh_process import run_python
from support.running_service import RunningService, refused, serving

TOY = str(Path(__file__).parents[2] / "fixtures" / "toy")
EDIT = load_demo()[0]
EDITED = [candidate.file for candidate in EDIT.candidates]
ON_TOY = ("--bundle", TOY, "--device", "cpu", "--port", "0")
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
TOKEN = "0123456789abcdef0123456789abcdef"


def form(*edited: Path, instruction: str = EDIT.instruction) -> dict[str, Any]:
    """The arguments that make httpx send an edit as a form."""
    files = [("original", EDIT.original.read_bytes()), *(("edited", path.read_bytes()) for path in edited)]
    return {"files": files, "data": {"instruction": instruction}}


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with serving("--device", "cpu", "--port", "0") as running:
        yield running


def test_it_answers_and_says_where_its_page_is(service: RunningService) -> None:
    with service.client() as client:
        assert client.get("/health").json()["status"] == "ready"
        answer = client.post("/v1/score", **form(EDITED[0]))
        assert answer.status_code == 200
        assert 0 <= answer.json()["bpm"] <= 2
        assert "<html" in client.get("/").text


def test_curl_as_documented(service: RunningService) -> None:
    """The examples, at this service's address and with the demo's pictures."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    commands = re.findall(r"^curl (?:.|\\\n)*?(?=\n(?!\s))", PAGE, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        written = command.replace("http://127.0.0.1:8400", service.address or "").replace("\\\n", " ")
        for name, path in (("original.png", EDIT.original), ("edited.png", EDITED[0]), ("other.png", EDITED[1])):
            written = written.replace(f"@{name}", f"@{path}")
        done = subprocess.run(written, shell=True, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, (written, done.stderr)
        assert '"error": {"kind"' not in done.stdout, (written, done.stdout)


def test_the_client_as_documented(service: RunningService, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    program = program.replace("http://127.0.0.1:8400", service.address or "")
    for name, path in (("original.png", EDIT.original), ("edited.png", EDITED[0]), ("other.png", EDITED[1])):
        program = program.replace(name, str(path))
    exec(compile(program, "an example", "exec"), {})
    (first,) = re.findall(r"^(?:\[\(\d, )?([0-9.]+)", capsys.readouterr().out)
    assert 0 <= float(first) <= 2


def test_the_log_has_a_line_for_each_request_and_no_instruction(service: RunningService) -> None:
    with service.client(headers={"X-Request-Id": "known-1"}) as client:
        assert client.post("/v1/score", **form(EDITED[0], instruction="Make the car teal.")).status_code == 200
    line = wait_for_line(service, "known-1")
    assert (line["method"], line["route"], line["status"], line["items"]) == ("POST", "/v1/score", 200, 1)
    assert line["received"] > EDITED[0].stat().st_size
    assert 0 <= line["waited_ms"] <= line["ms"]
    assert "teal" not in "".join(service.lines)


def test_instructions_are_logged_where_asked_for() -> None:
    with serving(*ON_TOY, "--log-instructions") as service, service.client(headers={"X-Request-Id": "a"}) as client:
        client.post("/v1/score", **form(EDITED[0], instruction="+++"))
        assert wait_for_line(service, "a")["instruction"] == "+++"


def wait_for_line(service: RunningService, request_id: str) -> dict[str, Any]:
    """The line of a request, which may come a moment after its answer."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        for line in service.log:
            if line.get("request_id") == request_id:
                return line
        time.sleep(0.02)
    raise AssertionError(f"there is no line of {request_id} in {service.lines}")


def test_what_was_taken_is_answered_before_it_ends() -> None:
    """SIGTERM comes while rankings wait and are worked on: each gets its whole answer, and nothing is taken after."""
    answers: list[Any] = []
    with serving("--device", "cpu", "--port", "0") as service:

        def ask(turn: int) -> None:
            with service.client() as client:
                instruction = f"Make the car blue, {turn} times."  # none shares its original with another one
                answers.append(client.post("/v1/rank", **form(*EDITED, instruction=instruction)))

        threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(8)]
        for thread in threads:
            thread.start()
        with service.client() as client:
            while client.get("/health").json()["waiting"] < 3:
                assert any(thread.is_alive() for thread in threads), "nothing ever waited"
                time.sleep(0.005)
            service.process.terminate()
            for thread in threads:
                thread.join()
            assert [answer.status_code for answer in answers] == 8 * [200]
            assert all(len(answer.json()["ranking"]) == len(EDITED) for answer in answers)
            with pytest.raises(httpx.TransportError):
                client.get("/health")
        assert service.wait() == 0
    assert service.log[-1]["event"] == "ended"


def test_an_interruption_ends_it_as_it_does_other_commands() -> None:
    service = RunningService(*ON_TOY)
    service.wait_until_ready()
    service.process.send_signal(signal.SIGINT)
    assert service.wait() == 130
    assert service.log[-1]["event"] == "ended"


def test_a_signal_ends_it_while_it_starts() -> None:
    """Once it answers that it starts; before, Python itself ends the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    service = RunningService("--device", "cpu", "--port", str(port))
    status, give_up = None, time.monotonic() + 60
    while status is None and time.monotonic() < give_up:
        with suppress(httpx.TransportError):
            status = httpx.get(f"http://127.0.0.1:{port}/health").status_code
    ended = service.end()
    assert (status, ended) == (503, 0), service.lines


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    with serving(*ON_TOY, "--host", "0.0.0.0", "--token-file", str(file)) as service:
        assert service.address is not None
        here = service.address.replace(gethostname(), "127.0.0.1")
        with httpx.Client(base_url=here, timeout=30) as client:
            assert client.get("/health").status_code == 200
            assert client.get("/metrics").status_code == 401
            assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert TOKEN not in "".join(service.lines)


def test_a_unix_socket(tmp_path: Path) -> None:
    """Two services on one; one that was left behind; and it is gone in the end."""
    path = tmp_path / "service.sock"
    options = ("--bundle", TOY, "--device", "cpu", "--uds", str(path))
    killed = RunningService(*options)
    assert killed.wait_until_ready() == f"unix:{path}"
    status, line = refused(*options)
    assert (status, line.startswith(f"editjudge: another service listens on {path}")) == (2, True)
    killed.process.kill()
    assert killed.wait() == -signal.SIGKILL
    assert path.exists()
    with serving(*options) as service, service.client() as client:
        assert client.get("/health").status_code == 200
    assert not path.exists()


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, line = refused("--port", port, "--bundle", TOY)
    assert (status, f"port {port} of 127.0.0.1 is in use" in line) == (2, True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_models_that_cannot_be_opened(workers: str, tmp_path: Path) -> None:
    """What only shows when they are: here a graph that is none, of the right size."""
    bundle = tmp_path / "bundle"
    shutil.copytree(TOY, bundle)
    graph = next(bundle.glob("*.onnx"))
    graph.write_bytes(bytes(graph.stat().st_size))
    service = RunningService("--bundle", f"{bundle}/", "--device", "cpu", "--port", "0", "--workers", workers)
    assert service.wait() == 3
    assert service.lines[-1].startswith("editjudge: ")
    assert graph.name in service.lines[-1]


def test_a_missing_extra_is_named() -> None:
    program = """
        import sys
        sys.modules["uvicorn"] = None
        from editjudge.cli.main import run
        sys.exit(run(["serve"]))
    """
    done = run_python(program)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "editjudge: a service needs uvicorn; pip install 'editjudge[serve]'\n"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_folder_of_an_apps_metrics_is_none_of_ours(workers: str, tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "nowhere")}
    with serving(*ON_TOY, "--workers", workers, environment=environment) as running, running.client() as client:
        assert client.get("/health").json()["status"] == "ready"
        assert f"editjudge_ready {workers}.0" in client.get("/metrics").text
    assert not (tmp_path / "nowhere").exists()


def test_who_does_not_read_the_log_waits_for_no_answer_less() -> None:
    """More lines than a pipe holds."""
    command = [str(Path(sys.executable).with_name("editjudge")), "serve", *ON_TOY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[3].rstrip(";")
            with httpx.Client(base_url=address, timeout=30) as client:
                assert {client.get("/rewards").status_code for _ in range(1000)} == {200}
        finally:
            process.terminate()
            assert process.wait(30) == 0
