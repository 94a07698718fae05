"""A client of `editjudge serve` on httpx: what the command line prints as JSON, from pictures that are here."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from editjudge.errors import DeviceError, EditJudgeError, InputError
from editjudge.image.decode import ImageSource
from editjudge.server.client_address import check_token, read_address
from editjudge.server.client_answers import (
    BUSY,
    ServiceError,
    UnreachedError,
    describe_stranger,
    read_answer,
    read_error,
    read_seconds,
)
from editjudge.server.client_fields import write_fields
from editjudge.server.uploads import Upload, read_candidates, read_upload
from editjudge.utils.arguments import SEVERAL, number, whole_number
from editjudge.utils.text import printable

CONNECT_SECONDS = 10.0
UNREACHED_SECONDS = 4.0
"""After which one that takes no connections is not tried again: it is not busy, but not there."""
SECONDS = number(0, 86_400)


@dataclass(frozen=True)
class Retries:
    """How often a service is asked again that is busy, or that the connection to was lost. Scoring twice does no harm.
    One that takes no connections is left after some seconds. Raises InputError for what are no such numbers.

    Attributes:
        tries: At most, the first one included.
        seconds: For all of them together: none begins after them.
        pause: Seconds after the first try where the service does not say how many; doubled after each.
    """

    tries: int = 8
    seconds: float = 120.0
    pause: float = 0.5

    def __post_init__(self) -> None:
        whole_number(1, 10_000).check(tries=self.tries)
        SECONDS.check(seconds=self.seconds, pause=self.pause)


class ScoreClient:
    """Asks a service. May be shared by threads, and used as a context manager.

    Pictures are whatever `Scorer.score` takes: the bytes of files are sent as they are; of arrays and Pillow pictures
    their pixels, in sRGB. Answers are the JSON of the command of the same name, as dictionaries. Errors are those that
    a Scorer raises, by what the service says; and `RefusedError`, such as `QueueFullError` or `NotReadyError`, where it
    was busy each time, and `ServiceError` where there is no answer.
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
            token: What the service asks for, with or without a line break at its end; None: nothing.
            retries: How often it is asked again.
            timeout: Seconds that it may take for an answer.

        Raises InputError for what is no address, no token, or a proxy of the environment that cannot be used, and
        DeviceError without httpx.
        """
        place = read_address(address)
        token = check_token(token)
        SECONDS.check(timeout=timeout)
        self._name = place.name
        self._retries = retries or Retries()
        try:
            import httpx  # noqa: PLC0415  (an extra)
        except ImportError as error:
            raise DeviceError("a client of a service needs httpx; pip install 'editjudge[serve]'") from error
        self._httpx = httpx
        limits = httpx.Limits(max_connections=None)
        try:
            base = httpx.URL(place.base)
        except httpx.InvalidURL as error:
            raise InputError(f"{self._name} is no address of a service; give one as http://127.0.0.1:8400") from error
        try:
            self._client = httpx.Client(
                base_url=base,
                # A transport of its own goes through no proxy that the environment names.
                transport=httpx.HTTPTransport(uds=place.socket_file, limits=limits) if place.is_local else None,
                headers={} if token is None else {"Authorization": f"Bearer {token}"},
                timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
                limits=limits,
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:  # which may repeat a proxy's password
            raise InputError(
                "the environment names a proxy that cannot be used; mend HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or name "
                "the service's host in NO_PROXY"
            ) from error

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
        return self._ask_one("/v1/score", original, edited, fields)

    def rank(
        self,
        original: ImageSource,
        instruction: str,
        candidates: Iterable[ImageSource],
        *,
        best: int | None = None,
        metrics: str | Sequence[str] = (),
        compat: str | None = None,
        budget_ms: float | None = None,
    ) -> dict[str, Any]:
        """As `Prepared.rank`: what `editjudge rank --json` prints, best first; the unreadable have an error."""
        fields = {"instruction": instruction, "metrics": metrics, "compat": compat, "budget_ms": budget_ms}
        SEVERAL.check(candidates=candidates)
        told, before, after = write_fields(fields | {"best": best}), read_upload(original), read_candidates(candidates)
        if after.unread and not after.sent:
            return {"instruction": told["instruction"], "ranking": after.complete([])}
        answer = self._ask("/v1/rank", before, after.sent, told)
        try:
            return {**answer, "ranking": after.complete(answer["ranking"])} if after.unread else answer
        except (KeyError, TypeError, IndexError) as error:
            raise describe_stranger(self._name) from error

    def differences(self, original: ImageSource, edited: ImageSource, instruction: str | None = None) -> dict[str, Any]:
        """As `Scorer.differences`: what `editjudge differences --json` prints."""
        return self._ask_one("/v1/differences", original, edited, {"instruction": instruction})

    def reward(self, original: ImageSource, edited: ImageSource, instruction: str) -> dict[str, Any]:
        """What `editjudge reward --json` prints, by the bundle of the service."""
        return self._ask_one("/v1/reward", original, edited, {"instruction": instruction})

    def health(self) -> dict[str, Any]:
        """What the service says of itself, whether or not it is ready. Raises ServiceError where it says nothing."""
        problem, _ = self._try("GET", "/health")
        if isinstance(problem, EditJudgeError):
            raise problem
        return problem

    def _ask_one(self, path: str, original: ImageSource, edited: ImageSource, fields: dict[str, Any]) -> dict[str, Any]:
        told = write_fields(fields)
        return self._ask(path, read_upload(original), [read_upload(edited)], told)

    def _ask(self, path: str, original: Upload, edited: Sequence[Upload], fields: dict[str, str]) -> dict[str, Any]:
        files = [("original", original), *(("edited", one) for one in edited)]
        heard, pause = time.monotonic(), self._retries.pause
        give_up = heard + self._retries.seconds
        for attempt in range(1, self._retries.tries + 1):
            problem, wait = self._try("POST", path, files=files, data=fields)
            if isinstance(problem, dict):
                return problem
            if isinstance(problem, UnreachedError):
                end = min(give_up, heard + UNREACHED_SECONDS)
            else:
                heard, end = time.monotonic(), give_up
            wait = pause * random.uniform(0.5, 1.5) if wait is None else wait * random.uniform(1.0, 1.25)
            if attempt == self._retries.tries or time.monotonic() + wait > end:
                raise problem
            time.sleep(wait)
            pause *= 2
        raise AssertionError("there is at least one try")

    def _try(self, method: str, path: str, **content: Any) -> tuple[dict[str, Any] | EditJudgeError, float | None]:
        """The answer, or why there is none yet, and how many seconds the service asks to wait.

        Raises what is no better another time.
        """
        httpx = self._httpx
        if self._client.is_closed:
            raise InputError("this client is closed; make another")
        try:
            response = self._client.request(method, path, headers={"Accept": "application/json"}, **content)
        except httpx.TimeoutException as error:
            raise self._describe_failure(error) from error
        except httpx.TransportError as error:
            return self._describe_failure(error), None
        except httpx.DecodingError as error:
            raise describe_stranger(self._name) from error
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, ValueError) as error:  # as one closed meanwhile
            raise self._describe_failure(error) from error
        if response.status_code == 200 or method == "GET":
            return read_answer(response, self._name), None
        problem = read_error(response, self._name)
        if response.status_code not in BUSY:
            raise problem
        return problem, read_seconds(response)

    def _describe_failure(self, error: Exception) -> ServiceError:
        if isinstance(error, self._httpx.TimeoutException):
            return ServiceError(f"{self._name} does not answer in time; give more with timeout, or ask for less")
        reason = printable(" ".join(str(error).split())) or type(error).__name__
        kind = UnreachedError if isinstance(error, self._httpx.ConnectError) else ServiceError
        return kind(f"{self._name} cannot be asked: {reason}; look whether the service runs there")
