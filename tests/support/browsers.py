"""A browser, and pages in it that are watched for what they must not do; for the `conftest.py` that needs one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.served_page import SECONDS, Visit, WatchedPage


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


def find_violations(page: Page) -> list[str]:
    """The rules that axe sees broken, of whatever weight, with where they are."""
    violations = Axe().run(page).response["violations"]
    return [f"{one['impact']}: {one['id']} at {[node['target'] for node in one['nodes']]}" for one in violations]
