"""Runs a service: looks whether it may start, listens, and hands over to the processes that answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from socket import gethostname, socket

from editjudge.errors import DeviceError, InputError
from editjudge.server.logs import flush_logs, write_logs
from editjudge.server.options import ServiceOptions
from editjudge.server.processes.listener import find_address, is_loopback, listen_on_file, listen_on_port
from editjudge.utils.text import shorten

PACKAGES = ("fastapi", "httptools", "prometheus_client", "python_multipart", "uvicorn")
"""What the extra brings, as it is imported."""
METRICS_FOLDERS = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")
"""Variables in which prometheus_client, when it is imported, finds the folder that an app's processes count in."""
OPEN_FILES = 65_536
"""As many as a process may have at most, if it may: each connection is one."""


@dataclass(frozen=True)
class Address:
    """Where clients find a service: a port, or a Unix socket.

    Attributes:
        host: A name or an address of this machine.
        port: 0: any that is free.
        socket_file: Of the Unix socket, which its owner alone may use; the others mean nothing then.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    socket_file: Path | None = None

    def listen(self) -> AbstractContextManager[socket]:
        """Takes connections until the block ends. Raises InputError."""
        return listen_on_port(self.host, self.port) if self.socket_file is None else listen_on_file(self.socket_file)

    def check_private(self, remedy: str) -> None:
        """Raises InputError, with what to do, where it can be reached from other machines."""
        if self.socket_file is None:
            _, (number, _) = find_address(self.host, self.port)
            if not is_loopback(number):
                raise InputError(f"--host {shorten(self.host)} can be reached from other machines; {remedy}")


def check_packages() -> None:
    """Raises DeviceError where one is missing that a service needs."""
    for name in PACKAGES:
        if find_spec(name) is None:
            raise DeviceError(f"a service needs {name.replace('_', '-')}; pip install 'editjudge[serve]'")


def check_access(address: Address, options: ServiceOptions) -> None:
    """Raises InputError where whoever reaches the port could use the service, from other machines too."""
    if options.token is None:
        address.check_private("give a token with --token-file or EDITJUDGE_TOKEN, or listen on 127.0.0.1")


def run_service(address: Address, options: ServiceOptions, workers: int, on_ready: Callable[[str], None]) -> None:
    """Answers requests until a signal comes, by which what was taken is still answered; SIGINT raises
    KeyboardInterrupt then.

    Args:
        address: Where clients find it.
        options: What each process is told.
        workers: How many processes answer; each has models and a queue of its own.
        on_ready: Called once, when all of them do, with the address as clients write it.

    Raises InputError where it may not listen or start, DeviceError where a package is missing or the models cannot be
    opened.
    """
    check_packages()
    check_access(address, options)
    with address.listen() as listener:
        _allow_connections()
        write_logs()
        for name in METRICS_FOLDERS:  # it is not ours; several workers get one of their own
            os.environ.pop(name, None)

        def tell() -> None:
            on_ready(write_address(address, listener))

        try:
            if workers == 1:
                from editjudge.server.processes.worker import answer_requests  # noqa: PLC0415  (loads the web server)

                answer_requests(options, listener, tell)
            else:
                from editjudge.server.processes.supervisor import Supervisor  # noqa: PLC0415  (as above)

                Supervisor(options, workers, listener, tell).run()
        finally:
            flush_logs()  # before the error, if there is one


def write_address(address: Address, listener: socket) -> str:
    """An address as clients write it; where it listens on all of this machine's, by the machine's name."""
    if address.socket_file is not None:
        return f"unix:{address.socket_file}"
    everywhere = listener.getsockname()[0] in ("0.0.0.0", "::")
    name = (gethostname() if everywhere else "") or address.host
    host = f"[{name}]" if ":" in name else name
    return f"http://{host}:{listener.getsockname()[1]}"


def _allow_connections() -> None:
    """Raises the number of files that may be open at once to what the system allows this process to ask for."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (not there on Windows)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
