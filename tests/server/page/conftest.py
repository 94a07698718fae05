"""A browser, a service that it can visit, and pages that are watched for what they must not do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.scorer import Scorer
from editjudge.server.options import ServiceOptions
from support.served_page import SECONDS, PageService, Visit, WatchedPage, open_studio, serve


@pytest.fixture(scope="module")
def service() -> Iterator[PageService]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if is_root else [])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens pages; at the end none may have done what it must not."""
    opened: list[WatchedPage] = []

    def open_page(address: str, width: int = 1280, **context: object) -> Page:
        page = browser.new_context(viewport={"width": width, "height": 800}, **context).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(1000 * SECONDS)
        page.on("filechooser", lambda chooser: None)  # from now on, or Enter may open one before it is waited for
        watched = WatchedPage(page, address)
        watched.watch()
        opened.append(watched)
        page.goto(address)
        return page

    yield open_page
    for watched in opened:
        watched.page.context.close()
    assert [wrong for watched in opened for wrong in watched.wrong] == []


@pytest.fixture(scope="session")
def edit() -> DemoInput:
    """A car that is to be blue, and five candidates."""
    return load_demo()[0]


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """What the pages' numbers are held against: the package without a service."""
    return open_studio(ServiceOptions())
