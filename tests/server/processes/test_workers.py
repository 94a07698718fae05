"""Several workers: they count together; one that dies is replaced while the others answer; all end with the parent."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from editjudge.datasets.demo import load_demo
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.shared_cores import share_cores
from editjudge.utils.pools import usable_cores
from support.running_service import RunningService, serving

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="workers are found by way of /proc")

TOY = Path(__file__).parents[2] / "fixtures" / "toy"
EDIT = load_demo()[0]
FORM = {"original": EDIT.original.read_bytes(), "edited": EDIT.candidates[0].file.read_bytes()}
SECONDS = 60.0


def options(bundle: Path = TOY, file: Path | None = None) -> list[str]:
    """Where it listens: on the socket that is this file, or on any port."""
    place = ["--port", "0"] if file is None else ["--uds", str(file)]
    return ["--bundle", f"{bundle}/", "--device", "cpu", "--workers", "2", *place]


def ask(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/differences", files=FORM)  # for an instruction the toy bundle has no parser


def read_metric(client: httpx.Client, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def is_alive(process: int) -> bool:
    try:
        return (
            " Z"
            not in Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2][:3]
        )
    except OSError:
        return False


def test_workers_share_the_cores() -> None:
    cores = usable_cores()
    assert share_cores(ServiceOptions(), 1) == ServiceOptions()
    for workers in (2, cores, 2 * cores):
        told = share_cores(ServiceOptions(), workers)
        assert told.threads is not None
        assert told.threads * workers <= max(cores, workers)
        assert (told.threads + 1) * workers > cores
    asked = ServiceOptions(threads=3)
    assert share_cores(asked, 2) == asked


def test_one_that_is_killed_under_load_is_replaced() -> None:
    """A request that it had is lost with it, and asked again; everything is answered in the end, and counted."""
    with serving(*options()) as service:
        answers: list[int] = []
        over = threading.Event()

        def ask_on() -> None:
            while not over.is_set():
                try:
                    with service.client() as client:
                        answers.append(ask(client).status_code)
                except httpx.TransportError:
                    answers.append(0)

        threads = [threading.Thread(target=ask_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(answers) >= 8)
        first, second = service.workers
        os.kill(first, signal.SIGKILL)
        at_the_kill = len(answers)
        with service.client() as client:
            wait_for(lambda: len(service.workers) == 2 and first not in service.workers)
            wait_for(lambda: read_metric(client, "editjudge_ready") == 2)
        over.set()
        for thread in threads:
            thread.join()
        assert second in service.workers
        assert set(answers) <= {200, 0}
        assert answers.count(0) <= len(threads)
        assert answers[at_the_kill:].count(200) > 0
        with service.client() as client:
            counted = read_metric(client, "editjudge_requests_total", route="/v1/differences", status="200")
            assert answers.count(200) <= counted <= answers.count(200) + answers.count(0)
        ended = [line for line in service.log if line["event"] == "worker ended"]
        assert [line["exit_status"] for line in ended] == [-signal.SIGKILL]
        assert {line.get("worker") for line in service.log if line["event"] == "request"} == {1, 2}


def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    service = RunningService(*options())
    service.wait_until_ready()
    workers = service.workers
    assert len(workers) == 2
    service.process.kill()
    assert service.wait() == -signal.SIGKILL
    wait_for(lambda: not any(map(is_alive, workers)))
    with service.client() as client, pytest.raises(httpx.ConnectError):
        client.get("/health")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_all_of_them_end_in_order(number: int, status: int) -> None:
    service = RunningService(*options())
    service.wait_until_ready()
    service.process.send_signal(number)
    assert service.wait() == status
    assert [line["event"] for line in service.log].count("ended") == 2


@pytest.mark.parametrize("by_file", [False, True])
def test_while_they_end_nobody_is_let_in(by_file: bool, tmp_path: Path) -> None:
    """Who comes is refused at once, and does not wait for an answer that never comes."""
    file = tmp_path / "socket"
    service = RunningService(*options(file=file if by_file else None))
    address = service.wait_until_ready()
    port = 0 if by_file else int(address.rpartition(":")[2])
    head = b"POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
    with closing(connect(file, port)) as kept:
        kept.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert kept.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # one of them has it, and waits for its body
        service.process.terminate()
        wait_for(lambda: is_refused(file, port))
        assert service.process.poll() is None
        assert not file.exists()
        kept.sendall(b"no object")
        assert kept.recv(12) == b"HTTP/1.1 400"
    assert service.wait() == 0


def connect(file: Path, port: int) -> socket.socket:
    """A connection to the socket that is this file, or, where there is a port, to that."""
    if port:
        return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(SECONDS)
    try:
        client.connect(str(file))
    except OSError:
        client.close()
        raise
    return client


def is_refused(file: Path, port: int) -> bool:
    try:
        connect(file, port).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


def test_a_bundle_that_goes_missing_while_it_serves(tmp_path: Path) -> None:
    """What is open answers on; a worker that has to be started anew is tried again and again, until it is back."""
    bundle = tmp_path / "bundle"
    shutil.copytree(TOY, bundle)
    with serving(*options(bundle)) as service, service.client() as client:
        bundle.rename(tmp_path / "elsewhere")
        os.kill(service.workers[0], signal.SIGKILL)
        wait_for(lambda: any(line.get("problem") for line in service.log))
        assert ask(client).status_code == 200
        assert read_metric(client, "editjudge_ready") == 1
        (tmp_path / "elsewhere").rename(bundle)
        wait_for(lambda: read_metric(client, "editjudge_ready") == 2)
