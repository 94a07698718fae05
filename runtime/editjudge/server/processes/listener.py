"""Where a service listens: a port, or a socket that is a file. Whatever stands in the way is told before it starts."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from editjudge.errors import InputError
from editjudge.utils.lock_file import hold_lock
from editjudge.utils.text import shorten

WAITING_CONNECTIONS = 1024
"""How many the kernel keeps until they are taken; most kernels allow no more than 4096."""
OWNER_ONLY = 0o177
"""What is taken from the mode of a socket's file: it is left with 600."""


def find_address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The first address of a host, IPv4 before IPv6. Raises InputError where it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE) if host else []
    except (OSError, UnicodeError):
        found = []
    known = sorted(entry[0] for entry in found if entry[0] in (socket.AF_INET, socket.AF_INET6))
    if not known:
        raise InputError(f"--host {shorten(host)} is no address of this machine; give one, as 127.0.0.1")
    family = known[0]
    return family, next((str(entry[4][0]), port) for entry in found if entry[0] == family)


def is_loopback(address: str) -> bool:
    """Whether nobody outside of this machine can reach it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


@contextmanager
def listen_on_port(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes connections, until the block ends. Raises InputError where it cannot be had.

    Args:
        host: A name or an address of this machine.
        port: 0: any that is free.
    """
    family, address = find_address(host, port)
    with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        if os.name == "posix":  # elsewhere it would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(WAITING_CONNECTIONS)
        except OSError as error:
            raise InputError(_describe_refusal(error, host, port)) from error
        yield listener


@contextmanager
def listen_on_file(path: Path) -> Iterator[socket.socket]:
    """A Unix socket that its owner alone may use, until the block ends, which removes its file. One that was left by
    a service that was killed is replaced. Raises InputError where it cannot be had.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise InputError("this system has no Unix sockets; leave out --uds, and give --port")
    if not path.name:  # as of "", which is the folder where it runs
        raise InputError(f"--uds {path} names no file; give the path of a socket")
    if not path.parent.is_dir():  # the lock would make it
        raise InputError(f"there is no folder {shorten(str(path.parent))} for the socket; make it, or name another")
    taken = f"another service listens on {shorten(str(path))}; end it, or name another socket with --uds"
    with hold_lock(path.with_name(f"{path.name}.lock"), taken):
        _make_way(path, taken)
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
            mask = os.umask(OWNER_ONLY)
            try:
                listener.bind(str(path))
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise InputError(f"cannot listen on {shorten(str(path))}: {reason}; name another socket") from error
            finally:
                os.umask(mask)
            try:
                listener.listen(WAITING_CONNECTIONS)
                yield listener
            finally:  # whoever answered may have closed it, and its file is still there then
                with suppress(OSError):
                    path.unlink()


def stop_listening(listener: socket.socket) -> None:
    """Closes a listener and removes the file of one that has a file, so that who comes later is refused at once, once
    no other process holds it any more. One that is closed stays so.
    """
    with suppress(OSError):
        name = listener.getsockname()
        if isinstance(name, str):
            Path(name).unlink()
    listener.close()


def _make_way(path: Path, taken: str) -> None:
    """Removes a socket that nobody listens on. Raises InputError for one that somebody does, and for any other file."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a file, and no socket"
        raise InputError(f"{shorten(str(path))} is {kind}; name another path with --uds")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            pass
        except OSError as error:  # it is somebody else's, or has no room for another connection
            raise InputError(taken) from error
        else:
            raise InputError(taken)
    path.unlink(missing_ok=True)


def _describe_refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {shorten(host)} is in use; end what uses it, or choose another with --port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is for programs with more rights; choose one from 1024 on with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {shorten(host)} is no address of this machine; give one, as 127.0.0.1"
    return f"cannot listen on {shorten(host)}, port {port}: {(error.strerror or str(error)).lower()}; choose another"
