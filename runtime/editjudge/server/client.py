"""A client of `editjudge serve` on httpx: what the command line prints as JSON, from pictures that are here."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from editjudge import errors
from editjudge.errors import DeviceError, EditJudgeError, InputError
from editjudge.image.decode import ImageSource
from editjudge.server.engine.refusal import NotReadyError, QueueFullError
from editjudge.server.uploads import Upload, read_upload
from editjudge.utils.text import printable, shorten

UNIX = "unix:"
BUSY = (429, 503)
"""Statuses of a service that may answer later."""
CONNECT_SECONDS = 10.0
LONGEST_SAID = 300
"""Characters of an answer that is none of ours, in a message."""


class ServiceError(EditJudgeError):
    """A service cannot be reached, does not answer in time, or answers what none of this package would."""

    exit_status = 3


@dataclass(frozen=True)
class Retries:
    """How often a service is asked again that is busy, or that the connection to was lost. Scoring twice does no harm.

    Attributes:
        tries: At most, the first one included.
        seconds: For all of them together: none begins after them.
        pause: Seconds after the first try where the service does not say how many; doubled after each.
    """

    tries: int = 8
    seconds: float = 120.0
    pause: float = 0.5


class ScoreClient:
    """Asks a service. May be shared by threads, and used as a context manager.

    Pictures are whatever `Scorer.score` takes: the bytes of files are sent as they are; of arrays and Pillow pictures
    their pixels, in sRGB. Answers are the JSON of the command of the same name, as dictionaries. Errors are those that
    a Scorer raises, by what the service says; and `QueueFullError` or `NotReadyError` where it was busy each time, and
    `ServiceError` where there is no answer.
    """

    def __init__(
        self,
        address: str | os.PathLike[str],
        token: str | None = None,
        *,
        retries: Retries | None = None,
        timeout: float = 180.0,
    ) -> None:
        """Asks nothing yet.

        Args:
            address: As `editjudge serve` prints it: http://127.0.0.1:8400, or the path of a Unix socket.
            token: What the service asks for; None: nothing.
            retries: How often it is asked again.
            timeout: Seconds that it may take for an answer.

        Raises InputError for what is no address, DeviceError without httpx.
        """
        self._place, socket_file = _read_address(address)
        self._retries = retries or Retries()
        try:
            import httpx  # noqa: PLC0415  (an extra)
        except ImportError as error:
            raise DeviceError("a client of a service needs httpx; pip install 'editjudge[serve]'") from error
        self._httpx = httpx
        here = socket_file is not None or urlsplit(self._place).hostname in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.Client(
            base_url=self._place,
            # A transport of its own goes through no proxy that the environment names.
            transport=httpx.HTTPTransport(uds=socket_file) if here else None,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None),
        )
        self._name = f"{UNIX}{socket_file}" if socket_file is not None else self._place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()

    def score(
        self,
        original: ImageSource,
        edited: ImageSource,
        instruction: str,
        *,
        metrics: str | Sequence[str] = (),
        compat: str | None = None,
        budget_ms: float | None = None,
    ) -> dict[str, Any]:
        """As `Scorer.score`: what `editjudge score --json` prints."""
        fields = {"instruction": instruction, "metrics": metrics, "compat": compat, "budget_ms": budget_ms}
        return self._ask("/v1/score", original, [edited], fields)

    def rank(
        self,
        original: ImageSource,
        instruction: str,
        candidates: Sequence[ImageSource],
        *,
        best: int | None = None,
        metrics: str | Sequence[str] = (),
        compat: str | None = None,
        budget_ms: float | None = None,
    ) -> dict[str, Any]:
        """As `Prepared.rank`: what `editjudge rank --json` prints, best first; the unreadable have an error."""
        fields = {"instruction": instruction, "metrics": metrics, "compat": compat, "budget_ms": budget_ms}
        return self._ask("/v1/rank", original, candidates, fields | {"best": best})

    def differences(self, original: ImageSource, edited: ImageSource, instruction: str | None = None) -> dict[str, Any]:
        """As `Scorer.differences`: what `editjudge differences --json` prints."""
        return self._ask("/v1/differences", original, [edited], {"instruction": instruction})

    def reward(self, original: ImageSource, edited: ImageSource, instruction: str) -> dict[str, Any]:
        """What `editjudge reward --json` prints, by the bundle of the service."""
        return self._ask("/v1/reward", original, [edited], {"instruction": instruction})

    def health(self) -> dict[str, Any]:
        """What the service says of itself, whether or not it is ready. Raises ServiceError where it says nothing."""
        try:
            response = self._client.get("/health")
        except self._httpx.HTTPError as error:
            raise self._describe_failure(error) from error
        return self._read(response)

    def _ask(
        self, path: str, original: ImageSource, edited: Sequence[ImageSource], fields: dict[str, Any]
    ) -> dict[str, Any]:
        files = [("original", read_upload(original)), *(("edited", read_upload(one)) for one in edited)]
        told = {name: _write_field(value) for name, value in fields.items() if value is not None and value != ()}
        give_up, pause = time.monotonic() + self._retries.seconds, self._retries.pause
        for attempt in range(1, self._retries.tries + 1):
            problem, wait = self._try(path, files, told)
            if isinstance(problem, dict):
                return problem
            wait = pause * random.uniform(0.5, 1.5) if wait is None else wait * random.uniform(1.0, 1.25)
            if attempt == self._retries.tries or time.monotonic() + wait > give_up:
                raise problem
            time.sleep(wait)
            pause *= 2
        raise AssertionError("there is at least one try")

    def _try(
        self, path: str, files: list[tuple[str, Upload]], fields: dict[str, str]
    ) -> tuple[dict[str, Any] | EditJudgeError, float | None]:
        """The answer, or why there is none yet, and how many seconds the service asks to wait.

        Raises what is no better another time.
        """
        httpx = self._httpx
        try:
            response = self._client.post(path, files=files, data=fields, headers={"Accept": "application/json"})
        except httpx.TimeoutException as error:
            raise self._describe_failure(error) from error
        except httpx.TransportError as error:
            return self._describe_failure(error), None
        if response.status_code == 200:
            return self._read(response), None
        problem = self._read_error(response)
        if response.status_code not in BUSY:
            raise problem
        return problem, _read_seconds(response.headers.get("Retry-After"))

    def _read(self, response: Any) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ServiceError(f"what answers at {self._name} is no editjudge; check the address")
        return answer

    def _read_error(self, response: Any) -> EditJudgeError:
        """The error that the service tells of, as the class that a Scorer raises."""
        status = response.status_code
        try:
            told = response.json()["error"]
            kind, message = str(told["kind"]), str(told["message"])
        except (ValueError, KeyError, TypeError):
            said = printable(" ".join(response.text.split()))[:LONGEST_SAID]
            return ServiceError(f"{self._name} answers with status {status} and no reason of ours: {said or 'nothing'}")
        if status in BUSY and kind.endswith(("QueueFullError", "NotReadyError")):
            known = QueueFullError if kind == "QueueFullError" else NotReadyError
            return known(message, _read_seconds(response.headers.get("Retry-After")) or 1.0)
        known_error = getattr(errors, kind, None)
        if isinstance(known_error, type) and issubclass(known_error, EditJudgeError):
            return known_error(message)
        return InputError(message) if status < 500 else ServiceError(message)

    def _describe_failure(self, error: Exception) -> ServiceError:
        if isinstance(error, self._httpx.TimeoutException):
            return ServiceError(f"{self._name} does not answer in time; give more with timeout, or ask for less")
        reason = printable(" ".join(str(error).split())) or type(error).__name__
        return ServiceError(f"{self._name} cannot be asked: {reason}; look whether the service runs there")


def _read_address(address: str | os.PathLike[str]) -> tuple[str, str | None]:
    """The base of all addresses, and the path of the Unix socket, if it is one. Raises InputError."""
    text = os.fspath(address)
    if isinstance(address, Path) or text.startswith((UNIX, "/", "./", "../")):
        return "http://localhost", text.removeprefix(UNIX)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"{shorten(text)} is no address of a service; give one as http://127.0.0.1:8400, or a socket")
    return text.rstrip("/"), None


def _write_field(value: object) -> str:
    if isinstance(value, str):
        return value
    return ",".join(map(str, value)) if isinstance(value, Sequence) else json.dumps(value)


def _read_seconds(value: str | None) -> float | None:
    """How long to wait, by the header Retry-After; None: it does not say so in seconds."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None
