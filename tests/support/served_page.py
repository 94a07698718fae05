"""A service within this process, the page that it serves, and what a visitor does there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from playwright.sync_api import ConsoleMessage, FilePayload, Page
from starlette.types import ASGIApp

from editjudge.scorer import Scorer
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.options import ServiceOptions
from editjudge.server.telemetry import Telemetry

SECONDS = 60.0
"""Until a service has to be up, on a machine that is busy with other things."""
WATCH = """
document.addEventListener("securitypolicyviolation",
  ({ violatedDirective, blockedURI }) => console.error(`violation: ${violatedDirective} ${blockedURI}`));
"""


def open_studio(options: ServiceOptions) -> Scorer:
    """The Scorer of a service on this machine's cores."""
    return Scorer.load(options.bundle, "cpu", options.threads)


@dataclass(frozen=True)
class PageService:
    """A service within this process. address: of its page; engine: what answers."""

    address: str
    engine: Engine


@contextmanager
def serve(
    options: ServiceOptions | None = None,
    open_scorer: Callable[[ServiceOptions], Scorer] = open_studio,
    *,
    ready: bool = True,
) -> Iterator[PageService]:
    """A service on a free port, until the block ends. ready: whether to wait until its models are open."""
    options = options or ServiceOptions()
    telemetry = Telemetry()
    engine = Engine(options, open_scorer, telemetry)
    app = build_app(options, engine, telemetry)
    with serve_app(app) as address:
        if ready:
            _wait(lambda: httpx.get(f"{address}health").is_success)
        yield PageService(address, engine)


@contextmanager
def serve_app(app: ASGIApp) -> Iterator[str]:
    """An application on a free port, in a thread, until the block ends; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _wait(lambda: server.started or not thread.is_alive())
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(SECONDS)
    assert not thread.is_alive()


def _wait(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "the service does not come up"
        time.sleep(0.02)


@dataclass
class WatchedPage:
    """A page, and what it did that it must not.

    Attributes:
        wrong: Violations of its policy, errors of its script, and what was fetched from elsewhere.
    """

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Begins to listen. Call it before the page is opened."""
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._check(request.url))
        self.page.add_init_script(WATCH)

    def _note(self, message: ConsoleMessage) -> None:
        is_refusal = message.text.startswith("Failed to load resource: ")  # an answer that is an error may be meant
        if message.type in ("error", "warning") and not is_refusal:
            self.wrong.append(message.text)

    def _check(self, url: str) -> None:
        if not url.startswith((self.address, f"blob:{self.address}")):
            self.wrong.append(f"fetched: {url}")


Visit = Callable[..., Page]
"""Opens the page of an address: 1280 pixels wide, where nothing else is said; with the options of a context."""


def fill(page: Page, original: Path | FilePayload, edited: Sequence[Path | FilePayload], instruction: str) -> None:
    """Chooses pictures, and types the instruction."""
    page.get_by_label("Original", exact=True).set_input_files(original)
    page.get_by_label("Edited", exact=True).set_input_files(list(edited))  # type: ignore[arg-type]
    page.get_by_label("Instruction").fill(instruction)


def fits(page: Page) -> bool:
    """Whether nothing of the page lies beside the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def press_tab_until(page: Page, name: str) -> None:
    """Presses Tab until that which has this name, for who does not see it, has the focus."""
    wanted = page.get_by_label(name, exact=True).or_(page.get_by_role("button", name=name, exact=True)).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{name} is not reached with the keyboard")
