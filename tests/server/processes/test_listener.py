"""Where a service may listen, and what it says of where it may not."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from editjudge.errors import InputError
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.listener import is_loopback, listen_on_file, listen_on_port
from editjudge.server.run import Address, check_access

unix_only = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


def test_a_free_port_is_listened_on_until_the_block_ends() -> None:
    with listen_on_port("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=5):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_a_port_in_use_is_refused() -> None:
    with listen_on_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} of 127.0.0.1 is in use; .* --port"):  # noqa: SIM117
            with listen_on_port("127.0.0.1", port):
                pass


def test_a_port_that_closed_connections_linger_on_is_free() -> None:
    with listen_on_port("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            taken, _ = listener.accept()
            taken.close()  # whoever closes first keeps the port for a while
            assert client.recv(1) == b""
    with listen_on_port(*address) as listener:
        assert listener.getsockname() == address


@pytest.mark.parametrize("host", ["", "no-such-host.invalid", "256.0.0.1", "192.0.2.1", "a" * 300])
def test_no_address_of_this_machine(host: str) -> None:
    with pytest.raises(InputError, match="is no address of this machine"):  # noqa: SIM117
        with listen_on_port(host, 0):
            pass


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False), ("::", False), ("192.168.0.4", False), ("::ffff:10.0.0.1", False), ("fe80::1%2", False),
    ],
)  # fmt: skip
def test_what_others_can_reach(address: str, expected: bool) -> None:
    assert is_loopback(address) == expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_what_others_can_reach_needs_a_token(host: str) -> None:
    with pytest.raises(InputError, match=f"--host {host} can be reached from other machines; give a token"):
        check_access(Address(host), ServiceOptions())
    check_access(Address(host), ServiceOptions(token="0123456789abcdef"))


@pytest.mark.parametrize("address", [Address(), Address("localhost"), Address("0.0.0.0", 1, Path("socket"))])
def test_this_machine_needs_none(address: Address) -> None:
    check_access(address, ServiceOptions())


@unix_only
def test_a_socket_is_its_owners_alone_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "service.sock"
    mask = os.umask(0)
    try:
        with listen_on_file(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            with closing(socket.socket(socket.AF_UNIX)) as client:
                client.connect(str(path))
    finally:
        os.umask(mask)
    assert list(tmp_path.iterdir()) == []


@unix_only
def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "service.sock"
    program = (
        "import os, pathlib, signal, sys\n"
        "from editjudge.server.processes.listener import listen_on_file\n"
        "with listen_on_file(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert stat.S_ISSOCK(path.stat().st_mode)
    with listen_on_file(path), closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(path))


@unix_only
def test_two_services_on_one_socket(tmp_path: Path) -> None:
    path = tmp_path / "service.sock"
    with listen_on_file(path) as first:
        with pytest.raises(InputError, match=r"another service listens on .*service\.sock"):  # noqa: SIM117
            with listen_on_file(path):
                pass
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(str(path))
            first.accept()[0].close()


@unix_only
def test_a_socket_that_another_program_listens_on(tmp_path: Path) -> None:
    """It holds no lock, and is asked."""
    path = tmp_path / "service.sock"
    with closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(InputError, match="another service listens on"):  # noqa: SIM117
            with listen_on_file(path):
                pass
    assert path.exists()


@unix_only
def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("kept")
    (tmp_path / "folder").mkdir()
    for name, kind in {"notes.txt": "a file, and no socket", "folder": "a folder"}.items():
        with pytest.raises(InputError, match=f"{name} is {kind}; name another path"):  # noqa: SIM117
            with listen_on_file(tmp_path / name):
                pass
    assert (tmp_path / "notes.txt").read_text() == "kept"


@unix_only
@pytest.mark.parametrize("name", ["no/service.sock", "s" * 120])
def test_a_socket_that_cannot_be_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"(there is no folder .* for the socket|cannot (listen on|write) )"):  # noqa: SIM117
        with listen_on_file(tmp_path / name):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_path_without_a_name_is_refused() -> None:
    with (
        pytest.raises(InputError, match=r"--uds \. names no file; give the path of a socket"),
        listen_on_file(Path("")),
    ):
        pass
