"""A hub of models on this machine: so much of its interface as huggingface_hub uses, and plain files under /files."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "1f" * 20
"""Where every repository's main branch is, if nothing else is said."""


@dataclass
class FakeHub:
    """What is served, how it misbehaves, and what was asked of it.

    repositories: files by path, by commit, by name. cuts: after how many bytes the connection is closed when a file is
    sent, once for each number, and from a None on before anything is. holds: after how many bytes it waits for
    `released`. requests: (method, path, first byte).
    """

    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cuts: dict[str, list[int | None]] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    ranges: bool = True
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""

    def add(self, name: str, files: dict[str, bytes], commit: str = COMMIT) -> None:
        self.repositories.setdefault(name, {})[commit] = files

    def starts(self, path: str) -> list[int]:
        """From which byte on a file was asked for, each time."""
        return [start for method, target, start in self.requests if method == "GET" and target.endswith(f"/{path}")]

    def start(self) -> ThreadingHTTPServer:
        fake_hub = self

        class BoundHandler(Handler):
            hub = fake_hub

        server = ThreadingHTTPServer(("127.0.0.1", 0), BoundHandler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        start = int(re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        self.hub.requests.append((self.command, path, start))
        self.hub.tokens.add(self.headers.get("Authorization"))
        if path.startswith("/files/"):
            self._file(path.removeprefix("/files/"), self.hub.files, start)
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._about(match[1], match[2] or "main")
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path):
            self._tree(match[1], match[2])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._of_repository(match[1], match[2], match[3], start)
        else:
            self._refuse(404, "")

    def _snapshot(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        commits = self.hub.repositories.get(name)
        if commits is None:
            self._refuse(404, "RepoNotFound")
            return None
        commit = next(iter(commits)) if revision == "main" else revision
        if commit not in commits:
            self._refuse(404, "RevisionNotFound")
            return None
        return commit, commits[commit]

    def _about(self, name: str, revision: str) -> None:
        snapshot = self._snapshot(name, revision)
        if snapshot is None:
            return
        siblings = [{"rfilename": path, "size": len(content)} for path, content in snapshot[1].items()]
        about = {"id": name, "modelId": name, "sha": snapshot[0], "private": False, "tags": [], "siblings": siblings}
        self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def _tree(self, name: str, revision: str) -> None:
        snapshot = self._snapshot(name, revision)
        if snapshot is None:
            return
        files = [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in snapshot[1].items()
        ]
        self._send(200, json.dumps(files).encode(), {"Content-Type": "application/json"})

    def _of_repository(self, name: str, revision: str, path: str, start: int) -> None:
        snapshot = self._snapshot(name, revision)
        if snapshot is None:
            return
        if name in self.hub.gated and self.headers.get("Authorization") is None:
            self._refuse(401, "GatedRepo")
        elif path not in snapshot[1]:
            self._refuse(404, "EntryNotFound", {"X-Repo-Commit": snapshot[0]})
        else:
            self._file(path, snapshot[1], start, {"X-Repo-Commit": snapshot[0]})

    def _file(self, path: str, files: dict[str, bytes], start: int, headers: dict[str, str] | None = None) -> None:
        if path not in files:
            self._refuse(404, "")
            return
        content = files[path]
        headers = {**(headers or {}), "ETag": f'"{hashlib.sha256(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        cuts = self.hub.cuts.get(path, []) if self.command == "GET" else []
        if cuts and cuts[0] is None:
            return
        cut = cuts.pop(0) if cuts else None
        status, rest = 200, content
        if start and self.hub.ranges:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            status, rest = 206, content[start:]
        self._send(status, rest, headers, cut, self.hub.holds.get(path))

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, b"", {**(headers or {}), "X-Error-Code": code, "X-Error-Message": code})

    def _send(
        self, status: int, content: bytes, headers: dict[str, str], cut: int | None = None, hold: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with suppress(ConnectionError):  # whoever asked has been killed
            self.wfile.write(content[: hold if cut is None else cut])
            if hold is not None:
                self.hub.released.wait(60)
                self.wfile.write(content[hold:])
