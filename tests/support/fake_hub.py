"""A hub of models on this machine: so much of its interface as huggingface_hub uses, and plain files under /files.

python tests/support/fake_hub.py FOLDER      # serves FOLDER/OWNER/NAME/COMMIT/..., and prints its address
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Content = bytes | Path
"""What is served: bytes, or what is in a file."""

LARGE = (".safetensors", ".bin", ".gguf")
"""Of these files the hub lists the sha256."""

COMMIT = "1f" * 20
"""Where every repository's main branch is, if nothing else is said."""


@dataclass
class FakeHub:
    """What is served, how it misbehaves, and what was asked of it.

    repositories: files by path, by commit, by name. cuts: after how many bytes the connection is closed when a file is
    sent, once for each number, and from a None on before anything is. holds: after how many bytes it waits for
    `released`. requests: (method, path, first byte). gated: repositories that only holders of a token in `granted` may
    have. known: the tokens that the hub knows; None: it does not look at them. moved: new names by old ones. lost:
    files that are listed and not there. listed: sizes that are listed and wrong.
    """

    repositories: dict[str, dict[str, dict[str, Content]]] = field(default_factory=dict)
    files: dict[str, Content] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    granted: set[str] = field(default_factory=set)
    known: set[str] | None = None
    moved: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    listed: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, list[int | None]] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    ranges: bool = True
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""

    def add(self, name: str, files: dict[str, Content], commit: str = COMMIT) -> None:
        self.repositories.setdefault(name, {})[commit] = files

    @property
    def downloaded(self) -> int:
        """The largest file that was asked for with GET, in bytes."""
        paths = {target for method, target, _ in self.requests if method == "GET" and "/resolve/" in target}
        return max((size_of(content) for path in paths if (content := self._content(path)) is not None), default=0)

    def _content(self, target: str) -> Content | None:
        _, owner, name, _, commit, path = target.split("/", 5)
        return self.repositories.get(f"{owner}/{name}", {}).get(commit, {}).get(path)

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


def size_of(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


@lru_cache(maxsize=1000)
def sha256_of(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
        token = self.headers.get("Authorization")
        self.hub.tokens.add(token)
        if token is not None and self.hub.known is not None and token.removeprefix("Bearer ") not in self.hub.known:
            self._refuse(401, "", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif old := next((name for name in self.hub.moved if f"/{name}/" in f"{path}/"), None):
            self._refuse(307, "", {"Location": path.replace(old, self.hub.moved[old], 1)})
        elif path.startswith("/files/"):
            self._file(path.removeprefix("/files/"), self.hub.files, start)
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._about(match[1], match[2] or "main")
        elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path):
            self._tree(match[1], match[2])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._of_repository(match[1], match[2], match[3], start)
        else:
            self._refuse(404, "")

    def _snapshot(self, name: str, revision: str) -> tuple[str, dict[str, Content]] | None:
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
        siblings = [self._sibling(path, content) for path, content in snapshot[1].items()]
        about = {"id": name, "modelId": name, "sha": snapshot[0], "private": False, "tags": [], "siblings": siblings}
        self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def _sibling(self, path: str, content: Content) -> dict[str, Any]:
        size = self.hub.listed.get(path, size_of(content))
        sibling = {"rfilename": path, "size": size}
        if path.endswith(LARGE):
            sibling["lfs"] = {"sha256": sha256_of(content), "size": size, "pointerSize": 134}
        return sibling

    def _tree(self, name: str, revision: str) -> None:
        snapshot = self._snapshot(name, revision)
        if snapshot is None:
            return
        files = [
            {"type": "file", "path": path, "size": size_of(content), "oid": sha256_of(content)[:40]}
            for path, content in snapshot[1].items()
        ]
        self._send(200, json.dumps(files).encode(), {"Content-Type": "application/json"})

    def _of_repository(self, name: str, revision: str, path: str, start: int) -> None:
        snapshot = self._snapshot(name, revision)
        if snapshot is None:
            return
        token = self.headers.get("Authorization")
        if name in self.hub.gated and (token is None or token.removeprefix("Bearer ") not in self.hub.granted):
            self._refuse(401 if token is None else 403, "GatedRepo")
        elif path not in snapshot[1] or path in self.hub.lost:
            self._refuse(404, "EntryNotFound", {"X-Repo-Commit": snapshot[0]})
        else:
            self._file(path, snapshot[1], start, {"X-Repo-Commit": snapshot[0]})

    def _file(self, path: str, files: dict[str, Content], start: int, headers: dict[str, str] | None = None) -> None:
        if path not in files:
            self._refuse(404, "")
            return
        content = files[path]
        headers = {**(headers or {}), "ETag": f'"{sha256_of(content)}"', "Accept-Ranges": "bytes"}
        cuts = self.hub.cuts.get(path, []) if self.command == "GET" else []
        if cuts and cuts[0] is None:
            return
        cut = cuts.pop(0) if cuts else None
        status = 200
        if start and self.hub.ranges:
            headers["Content-Range"] = f"bytes {start}-{size_of(content) - 1}/{size_of(content)}"
            status = 206
        first = start if status == 206 else 0
        self._send(status, content, headers, start=first, cut=cut, hold=self.hub.holds.get(path))

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code, **(headers or {})})

    def _send(
        self,
        status: int,
        content: Content,
        headers: dict[str, str],
        *,
        start: int = 0,
        cut: int | None = None,
        hold: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(size_of(content) - start), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        stream = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
        with stream, suppress(ConnectionError):  # whoever asked has been killed
            stream.seek(start)
            first = hold if cut is None else cut
            if first is None:
                shutil.copyfileobj(stream, self.wfile)
                return
            self.wfile.write(stream.read(first))
            if hold is not None:
                self.hub.released.wait(60)
                shutil.copyfileobj(stream, self.wfile)


def main() -> None:
    hub = FakeHub()
    for folder in Path(sys.argv[1]).glob("*/*/*/"):
        owner, name, commit = folder.parts[-3:]
        hub.add(f"{owner}/{name}", {path.name: path for path in folder.iterdir()}, commit)
    hub.start()
    print(hub.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
