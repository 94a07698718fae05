"""Pulling from a server that nobody vouches for: unencrypted, endless, silent, or leading elsewhere."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from editjudge import BundleError, InputError
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.contents import regular_file
from editjudge.bundles.download import look_at, pull
from editjudge.bundles.remote import timed_response, web
from editjudge.cli.main import run
from support.command_line import assert_fails
from support.damaged_bundles import TOY, put

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """The address of a server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:  # the client has hung up
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def give_files(request: BaseHTTPRequestHandler) -> None:
    content = (TOY / request.path.lstrip("/")).read_bytes()
    request.send_response(200)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def lead_to(address: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", address)
        request.end_headers()

    return answer


def never_end(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"# bundle\n" * 1000)


def test_what_is_not_encrypted_is_taken_only_if_asked_for(capfd: pytest.CaptureFixture[str], home: Path) -> None:
    with serve(give_files) as url:
        with pytest.raises(InputError, match=r"is not encrypted, .* use https, or take it as it comes with --insecure"):
            look_at(url)
        assert_fails(capfd, ["bundle", "pull", url], 2, "--insecure")
        assert run(["bundle", "pull", url, "--insecure"]) == 0
    Bundle.load("toy").verify()


def test_a_server_that_leads_elsewhere() -> None:
    with serve(give_files) as there, serve(lead_to(f"{there}/bundle.toml")) as here:
        assert look_at(here, insecure=True).manifest.name == "toy"
    for address in ("/bundle.toml", "file:///etc/passwd"):
        with (
            serve(lead_to(address)) as here,
            pytest.raises(BundleError, match="the server leads elsewhere, to no file"),
        ):
            look_at(here, insecure=True)


@pytest.mark.parametrize("address", ["http://example.org/bundle.toml", "ftp://example.org/x"])
def test_a_server_that_leads_out_of_encryption(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SCHEMES", ("https", "http")[:1] if address.startswith("http:") else web.SCHEMES)
    with serve(lead_to(address)) as here, pytest.raises(BundleError, match="leads to an address that is not encrypted"):
        look_at(here, insecure=True)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x", "http://169.254.169.254/x",
                "http://10.0.0.1/x", "http://192.168.1.1/x", "http://0.0.0.0/x", "http://2130706433/x"],
)  # fmt: skip
def test_a_public_server_that_leads_into_a_private_network(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = web.is_private  # by which the server of this test is private, too
    assert real(address)
    with serve(lead_to(address)) as here:
        monkeypatch.setattr(web, "is_private", lambda url: not url.startswith(here) and real(url))
        with pytest.raises(BundleError, match="leads to an address of a private network"):
            look_at(here, insecure=True)


def test_addresses_of_all_the_world_are_not_private() -> None:
    for address in ("https://1.1.1.1/x", "https://[2606:4700:4700::1111]/x", "https://nowhere.invalid/x"):
        assert not web.is_private(address)


def test_a_manifest_without_an_end(home: Path) -> None:
    with serve(never_end) as url, pytest.raises(BundleError, match=r"bundle\.toml there is larger than 262,144 bytes"):
        look_at(url, insecure=True)
    assert not list(home.rglob("*.toml"))


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BundleError, match="the server cannot be reached, or hung up"):
            look_at(url, insecure=True)


def moments() -> Iterator[None]:
    """Until anybody who waits for the end has waited too long."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        yield


def never_come_to_the_point(request: BaseHTTPRequestHandler) -> None:
    for _ in moments():
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def never_finish_a_header(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in moments():
        request.wfile.write(b"x")
        time.sleep(0.05)


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "10000")
    request.end_headers()
    for _ in moments():
        request.wfile.write(b"#")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(never_come_to_the_point, "no answer in time"), (never_finish_a_header, "no answer in time"), (drip, "too slow")],
)
def test_a_server_that_drags_its_answer_out(answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_response, "HEAD_PATIENCE", 0.5)
    with serve(answer) as url, pytest.raises(BundleError, match=rf"or hung up \({reason}\); connect and try again"):
        look_at(url, insecure=True)


@pytest.mark.parametrize("sha256", ["zz", "", "0" * 63])
def test_a_hash_that_is_none_is_refused_before_anything_is_fetched(sha256: str) -> None:
    with pytest.raises(InputError, match=r"is no sha256; give its 64 digits"):
        look_at("https://127.0.0.1:1/toy", sha256=sha256)


def test_a_manifest_that_was_asked_for_by_its_hash(capfd: pytest.CaptureFixture[str], home: Path) -> None:
    sha256 = hashlib.sha256((TOY / "bundle.toml").read_bytes()).hexdigest()
    assert_fails(capfd, ["bundle", "pull", str(TOY), "--sha256", "0" * 64], 3, f"its sha256 is {sha256}")
    assert not (home / "bundles" / "toy").exists()
    assert run(["bundle", "pull", str(TOY), "--sha256", sha256.upper()]) == 0
    assert run(["bundle", "verify", "toy"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == f"  sha256 of its bundle.toml: {sha256}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
def test_a_folder_with_a_pipe_in_the_place_of_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "bundle.toml")
    with pytest.raises(BundleError, match="it is a pipe and not a file"):
        look_at(str(folder))
    with pytest.raises(OSError, match="it is a device and not a file"):
        regular_file.open_regular(Path(os.devnull))


def test_what_is_pulled_is_looked_through(tmp_path: Path, home: Path) -> None:
    """Before it goes under its name."""
    folder = Path(shutil.copytree(TOY, tmp_path / "hostile"))
    put(folder, "clip_tokenizer.json", b"[]")
    with pytest.raises(BundleError, match=r"clip_tokenizer\.json is refused"):
        pull(look_at(str(folder)))
    assert not (home / "bundles" / "toy").exists()
