"""An endpoint of OpenAI's form on this machine, which answers in time, or misbehaves in one of the known ways.

python -m support.judge_server PORT      # from tests/: answers well, until it is killed
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

Request = dict[str, Any]
"""The body of a request, as it was sent."""


@dataclass
class Reply:
    """What is sent back. cut: after how many bytes of the body the connection ends; drip: seconds between two bytes."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0
    wait: float = 0.0


Behaviour = Callable[[Request, int], Reply]
"""What to reply to a request, which is the n-th one, from 0 on."""


def fill_schema(request: Request) -> dict[str, Any]:
    """An answer that fits the schema of a request: 4 of 5, 8 of 10, 80 of 100; yes; and a sentence."""
    form = request["response_format"]
    schema = form["json_schema"]["schema"] if form["type"] == "json_schema" else form["schema"]
    answer: dict[str, Any] = {}
    for name, one in schema["properties"].items():
        match one:
            case {"type": "integer", "enum": numbers}:
                answer[name] = numbers[-1] * 4 // 5
            case {"enum": choices}:
                answer[name] = choices[0]
            case _:
                answer[name] = f"The {name} of it"
    return answer


def list_shown(request: Request) -> list[str | np.ndarray]:
    """The texts of a request's last message, and its pictures, uint8[H, W, 3], BGR."""
    shown: list[str | np.ndarray] = []
    for part in request["messages"][-1]["content"]:
        if part["type"] == "text":
            shown.append(part["text"])
        else:
            png = base64.b64decode(part["image_url"]["url"].removeprefix("data:image/png;base64,"))
            shown.append(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR))
    return shown


def complete(text: str | None, end: str = "stop", **message: Any) -> str:
    """The body of an answer."""
    said = {"role": "assistant", "content": text, **message}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    choice = {"index": 0, "finish_reason": end, "message": said}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice],
                       "usage": usage})  # fmt: skip


def answer_well(request: Request, number: int) -> Reply:
    return Reply(body=complete(json.dumps(fill_schema(request))))


def refuse(status: int, message: str, **headers: str) -> Reply:
    return Reply(status, json.dumps({"error": {"message": message, "type": "error"}}), headers)


@dataclass
class JudgeServer:
    """What was asked of a server, and what it does."""

    behave: Behaviour = answer_well
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    most_at_once: int = 0
    connections: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: Request, key: str) -> Reply:
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            self.keys.add(key)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        reply = self.behave(request, number)
        time.sleep(reply.wait)
        return reply

    def leave(self) -> None:
        with self._lock:
            self._now -= 1


@contextmanager
def serve_judge(behave: Behaviour = answer_well, port: int = 0) -> Iterator[JudgeServer]:
    """A server for as long as the block lasts."""
    judge = JudgeServer(behave)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            judge.connections += 1
            super().setup()

        def log_message(self, *arguments: Any) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                reply = judge.reply(request, self.headers.get("Authorization", ""))
                with suppress(OSError):  # nobody waits any more
                    self._send(reply)
            finally:
                judge.leave()

        def _send(self, reply: Reply) -> None:
            body = reply.body.encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if reply.drip:
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(reply.drip)
                return
            self.wfile.write(body[: reply.cut])
            if reply.cut is not None:
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, *arguments: Any) -> None:
            """A client that gave up is no fault of the server."""

    server = Server(("127.0.0.1", port), Handler)
    judge.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """A port where nobody listens now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


if __name__ == "__main__":
    with serve_judge(port=int(sys.argv[1])):
        print("ready", flush=True)
        threading.Event().wait()
