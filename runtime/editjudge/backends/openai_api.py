"""Models with eyes behind any endpoint of OpenAI's form: vLLM, llama-server, Ollama, or a hosted one."""

from __future__ import annotations

import os
import random
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from editjudge.backends.error_origin import came_from
from editjudge.backends.openai_answer import read_completion
from editjudge.backends.openai_faults import NO_FORM, Fault, describe_status, shorten_text
from editjudge.backends.openai_forms import FORMS, OPTIONAL, find_refused, to_messages
from editjudge.backends.vision_language import VisionAnswer, VisionQuestion
from editjudge.errors import DeviceError, InputError, InstructionError, JudgeError
from editjudge.utils.forks import renew_after_fork
from editjudge.utils.pools import call_until
from editjudge.utils.text import SURROGATES, mask_keys

HOSTED = "https://api.openai.com/v1"
SURROUNDINGS = (
    "a proxy, a certificate or a name that the environment sets for calls cannot be used; see ALL_PROXY, HTTPS_PROXY, "
    "SSL_CERT_FILE, OPENAI_ORG_ID and OPENAI_PROJECT_ID (a SOCKS proxy needs socksio)"
)
NO_KEY = "none"
"""Sent to a server that needs no key: the client does not go without."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries, unless the server asks for more."""
CONNECT = 10.0
"""Seconds until a server takes the call."""
COUNTS = {"max_tokens": 0, "max_completion_tokens": 8192}
"""How the longest answer is told, and how many tokens are given besides: models that are told in the second way think
before they answer, and what they think is counted."""
LARGEST = 4 << 20
"""Bytes of an answer; what goes on is none."""
LIBRARIES = ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "h11")


@dataclass(frozen=True)
class Patience:
    """How long a question is tried.

    Attributes:
        tries: At most, the first one included.
        seconds: For all of them together, with the pauses between.
        pause: Seconds after the first try; doubled after each, and varied by a half, so that not all come back at once.
    """

    tries: int = 5
    seconds: float = 300.0
    pause: float = 0.5


def load_openai() -> Any:
    """The client's package. Raises DeviceError."""
    try:
        import openai  # noqa: PLC0415  (an extra, which takes a third of a second)
    except ImportError as error:
        raise DeviceError("judges behind an endpoint need openai; pip install 'editjudge[judges]'") from error
    return openai


class OpenAiModel:
    """A model behind an endpoint. May be shared by threads.

    The key is that of OPENAI_API_KEY; it is sent to the endpoint and told nowhere else. A server without encryption,
    as one's own are, needs none. A temperature or a seed that the server says it does not take is left out from then
    on, as is any other way of asking that it does not know: records tell what was asked for.
    """

    backend = "openai"

    def __init__(self, model: str, base_url: str | None = None, patience: Patience | None = None) -> None:
        """Asks nothing yet.

        Args:
            model: As the server names it.
            base_url: Up to "/v1"; None: OPENAI_BASE_URL, else OpenAI's own.
            patience: How long a question is tried.

        Raises InputError for what is no address, JudgeError for want of a key, DeviceError without the package.
        """
        self.model = model
        self._place = _check_address(base_url or os.environ.get("OPENAI_BASE_URL") or HOSTED)
        self._key = _find_key(self._place)
        self._patience = patience or Patience()
        self._openai = load_openai()
        self._form, self._counts = 0, next(iter(COUNTS))
        self._left_out: frozenset[str] = frozenset()
        self._free: weakref.finalize[..., OpenAiModel] | None = None
        self.renew()
        renew_after_fork(self)

    @property
    def identity(self) -> str:
        return f"{self.backend} {self.model} at {self._place}"

    def renew(self) -> None:
        """Connections are not to be shared with the process that was forked."""
        if self._free is not None:
            self._free.detach()
        try:
            http = self._openai.DefaultHttpxClient(event_hooks={"response": [_check_status]}, follow_redirects=False)
            key = self._key or NO_KEY
            self._client = self._openai.OpenAI(api_key=key, base_url=self._place, max_retries=0, http_client=http)
        except (ImportError, OSError, ValueError):  # which may hold the password of a proxy
            raise DeviceError(SURROUNDINGS) from None
        self._free = weakref.finalize(self, self._client.close)

    def close(self) -> None:
        """Hangs up; what is asked afterwards is a JudgeError."""
        if self._free is not None:
            self._free()

    def answer(self, question: VisionQuestion) -> VisionAnswer:
        """As VisionLanguageModel has it: what a network or a busy server is to blame for is tried again."""
        if any(isinstance(part, str) and SURROGATES.search(part) for part in question.content):
            raise InstructionError("the instruction holds half of a character, which cannot be sent; give it whole")
        until, tries = time.monotonic() + self._patience.seconds, 0
        while True:
            outcome, tries = self._ask(question, until), tries + 1
            if isinstance(outcome, VisionAnswer):
                return outcome
            wait = self._choose_pause(tries, outcome.wait)
            if not outcome.passes or tries >= self._patience.tries or time.monotonic() + wait >= until:
                raise JudgeError(outcome.problem)
            time.sleep(wait)

    def _choose_pause(self, tries: int, asked: float | None) -> float:
        """Seconds until the next try; asked: what the server asks for."""
        pause = min(self._patience.pause * 2.0 ** (tries - 1), LONGEST_PAUSE) * random.uniform(0.5, 1.5)
        return pause if asked is None else max(pause, asked)

    def _ask(self, question: VisionQuestion, until: float) -> VisionAnswer | Fault:
        """Asks once; and where the server does not know a form of asking, at once in the next, which is kept to."""
        while True:
            form, counts, left_out = self._form, self._counts, self._left_out
            try:
                outcome = call_until(until, partial(self._send, question, form, counts, left_out, until))
            except TimeoutError:
                return self._describe_delay()
            if isinstance(outcome, VisionAnswer):
                return outcome
            refused = find_refused(outcome.said)
            if counts == "max_tokens" and "max_completion_tokens" in outcome.said:
                self._counts = "max_completion_tokens"
            elif refused and refused not in left_out:
                self._left_out |= {refused}
            elif NO_FORM.search(outcome.said) and form + 1 < len(FORMS):
                self._form = max(self._form, form + 1)  # another thread may have gone further
            else:
                return outcome

    def _send(
        self, question: VisionQuestion, form: int, counts: str, left_out: frozenset[str], until: float
    ) -> VisionAnswer | Fault:
        """No error of the library leaves this: it might hold the key."""
        left = max(0.1, until - time.monotonic())
        asking = self._client.chat.completions.with_streaming_response.create(
            model=self.model,
            messages=to_messages(question),
            response_format=FORMS[form](question.name, question.schema),
            timeout=self._openai.Timeout(left, connect=min(CONNECT, left)),
            **{name: getattr(question, name) for name in OPTIONAL if name not in left_out},
            **{counts: question.longest + COUNTS[counts]},
        )
        try:
            with asking as response:
                body = _read_body(response.iter_bytes(), until)
        except Exception as error:
            if isinstance(error, MemoryError) or not came_from(error, *LIBRARIES):
                raise
            cause = error.__cause__ or error
            if isinstance(cause, _RefusedError):
                return describe_status(*cause.answer, model=self.model, place=self._place, key=self._key)
            return self._describe_break(error, cause)
        return read_completion(body, model=self.model, place=self._place, key=self._key)

    def _describe_delay(self) -> Fault:
        late = f"the server at {self._place} has not answered in {self._patience.seconds:g} seconds"
        return Fault(f"{late}; ask fewer questions at once, or a faster model", passes=True)

    def _describe_break(self, error: Exception, cause: BaseException) -> Fault:
        if any("timeout" in type(one).__name__.lower() for one in (error, cause)):  # whichever library's
            return self._describe_delay()
        if isinstance(cause, UnicodeError):  # of a header
            raise DeviceError(SURROUNDINGS) from None
        reason = shorten_text(mask_keys(str(cause), self._key))
        problem = (
            f"the server at {self._place} cannot be reached, or hung up ({reason}); check the address and the server"
        )
        return Fault(problem, passes=True)


class _RefusedError(Exception):
    """A status of an error, with the body and the headers of the answer."""

    def __init__(self, *answer: Any) -> None:
        super().__init__()
        self.answer = answer


def _check_status(response: Any) -> None:
    """Raises _RefusedError for an error or a redirect: the client itself would wait for its body without end."""
    if response.status_code >= 300:
        until = time.monotonic() + response.request.extensions["timeout"]["read"]
        body = _read_body(response.iter_bytes(), until)
        raise _RefusedError(response.status_code, body.decode(errors="replace"), response.headers)


def _read_body(chunks: Iterator[bytes], until: float) -> bytes:
    """All of a body. Raises TimeoutError where it drags on: the client's own timeout is for each byte alone."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if time.monotonic() > until or len(body) > LARGEST:
            raise TimeoutError("the answer goes on and on")
    return bytes(body)


def _check_address(url: str) -> str:
    """The address without the slash at its end. Raises InputError."""
    try:
        parts = urlsplit(url.strip())
        named, _ = parts.hostname, parts.port
    except ValueError:
        named = None
    if not named or parts.scheme not in ("http", "https") or not url.strip().isprintable():
        raise InputError("the address of the judge's server is none; give one like http://localhost:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError("the address of the judge's server holds more than a place; put the key into OPENAI_API_KEY")
    return url.strip().rstrip("/")


def _find_key(place: str) -> str | None:
    """The key of the environment; None where none is needed. Raises JudgeError."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise JudgeError("the key in OPENAI_API_KEY holds a space or a character that no key has; copy it anew")
    if not key and place.startswith("https:"):
        raise JudgeError(
            f"there is no key for {place}; set OPENAI_API_KEY, to any word where the server needs none, or name the "
            "address of a server of your own in OPENAI_BASE_URL"
        )
    return key or None
