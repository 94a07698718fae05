"""The policy of the page is enforced, and whoever watches a page for violations sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.served_page import PageService, WatchedPage

pytestmark = pytest.mark.browser

INJECT = """
([kind, properties]) => {
  document.body.append(Object.assign(document.createElement(kind), properties));
}
"""
ELSEWHERE = "http://localhost:1/"
"""Another origin than that of the page, which is asked under its number."""


@pytest.fixture
def watched(service: PageService, browser: Browser) -> Iterator[WatchedPage]:
    page = browser.new_context().new_page()
    watched = WatchedPage(page, service.address)
    watched.watch()
    page.goto(service.address)
    expect(page.locator("#service")).not_to_be_empty()
    assert watched.wrong == []
    yield watched
    page.context.close()


def is_told(watched: WatchedPage, directive: str) -> bool:
    """Whether a violation is seen; they are told in their own time."""
    for _ in range(100):
        if any(wrong.startswith(f"violation: {directive}") for wrong in watched.wrong):
            return True
        watched.page.wait_for_timeout(100)
    return False


@pytest.mark.parametrize(
    ("kind", "properties", "directive"),
    [
        ("script", {"textContent": "document.title = 'taken over'"}, "script-src"),
        ("script", {"src": f"{ELSEWHERE}a.js"}, "script-src"),
        ("style", {"textContent": "body { display: none }"}, "style-src"),
        ("img", {"src": f"{ELSEWHERE}a.png"}, "img-src"),
        ("iframe", {"src": ELSEWHERE}, "frame-src"),
    ],
)
def test_nothing_from_elsewhere_is_run_or_loaded(
    watched: WatchedPage, kind: str, properties: dict[str, str], directive: str
) -> None:
    watched.page.evaluate(INJECT, [kind, properties])
    expect(watched.page.locator(kind).last).to_be_attached()
    assert is_told(watched, directive)
    assert watched.page.title() == "Judge an edit"
    expect(watched.page.locator("h1")).to_be_visible()


def test_nobody_else_is_spoken_to(watched: WatchedPage) -> None:
    said = watched.page.evaluate(f"fetch('{ELSEWHERE}').then(() => 'answered', () => 'blocked')")
    assert said == "blocked"
    assert is_told(watched, "connect-src")


def test_no_other_page_frames_it(service: PageService, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.set_content(f"<iframe src='{service.address}'></iframe>")
    page.wait_for_timeout(500)
    assert page.frames[1].url.startswith("chrome-error:")
    page.context.close()
