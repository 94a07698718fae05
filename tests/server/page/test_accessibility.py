"""What axe finds, in the light and in the dark, before and after a result; and what moves or is printed."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from editjudge.datasets.demo import DemoInput
from support.browsers import find_violations
from support.served_page import PageService, Visit, fill, fits

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(
    service: PageService, visit: Visit, edit: DemoInput, scheme: Literal["light", "dark"], width: int
) -> None:
    page = visit(service.address, width, color_scheme=scheme)
    assert find_violations(page) == []
    page.get_by_role("button", name="Score the edit").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert find_violations(page) == []

    fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
    page.get_by_text("How to read a result").click()
    assert find_violations(page) == []
    page.get_by_role("button", name="Score the edit").click()
    expect(page.locator(".card")).to_be_visible()
    assert find_violations(page) == []
    page.get_by_label("Slide", exact=True).check()
    page.get_by_role("button", name="Show difference 1 alone").click()
    assert find_violations(page) == []

    page.get_by_label("Edited", exact=True).set_input_files([one.file for one in edit.candidates[1:3]])
    page.get_by_role("button", name="Rank 3 edits").click()
    expect(page.locator(".ranking")).to_be_visible()
    assert find_violations(page) == []
    assert fits(page)


def test_axe_would_find_something(service: PageService, visit: Visit) -> None:
    """It does run under the strict policy: a picture without words is reported."""
    page = visit(service.address)
    page.evaluate("document.querySelector('h1').append(document.createElement('img'))")
    assert any("image-alt" in violation for violation in find_violations(page))


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_for_who_asked_for_that(
    service: PageService, visit: Visit, motion: Literal["no-preference", "reduce"], moves: bool
) -> None:
    """The one thing that moves of itself is shown while the service is waited for."""
    page = visit(service.address, reduced_motion=motion)
    page.evaluate("document.getElementById('ask').classList.add('works')")
    page.evaluate("document.getElementById('working').textContent = 'Looking'")
    assert bool(page.evaluate("document.getAnimations().length")) == moves


def test_only_the_result_is_printed(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address, color_scheme="dark")
    fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
    page.get_by_role("button", name="Score the edit").click()
    expect(page.locator(".card")).to_be_visible()
    page.get_by_label("Slide", exact=True).check()
    page.emulate_media(media="print")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator(".saves")).to_be_hidden()
    expect(page.locator(".slide")).to_be_hidden()
    expect(page.locator(".headline")).to_be_visible()
    expect(page.locator(".picture.original img")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
