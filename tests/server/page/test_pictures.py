"""How pictures come in: dropped, pasted and chosen, wherever on the page."""

from __future__ import annotations

import base64

import cv2
import pytest
from playwright.sync_api import JSHandle, Page, expect

from editjudge.datasets.demo import DemoInput
from support.served_page import PageService, Visit

pytestmark = pytest.mark.browser

TRANSFER = """
(files) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/webp" }));
  }
  return transfer;
}
"""

COPY = """
async (content) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
}
"""


def carry(page: Page, edit: DemoInput, count: int) -> JSHandle:
    """The original and candidates, as a mouse or the clipboard holds them."""
    paths = [edit.original, *(one.file for one in edit.candidates)][:count]
    return page.evaluate_handle(TRANSFER, [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths])


def copy_picture(page: Page, edit: DemoInput) -> None:
    """Puts a candidate into the clipboard, which holds pictures as PNG."""
    is_png, png = cv2.imencode(".png", cv2.imread(str(edit.candidates[2].file)))
    assert is_png
    page.evaluate(COPY, base64.b64encode(png.tobytes()).decode())


def test_pictures_are_dropped_where_they_belong(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address)
    one, three = carry(page, edit, 1), carry(page, edit, 3)
    page.dispatch_event("#edited", "dragenter", {"dataTransfer": three})
    expect(page.locator("#edited.over")).to_be_visible()
    page.dispatch_event("#edited .drop", "drop", {"dataTransfer": three})
    expect(page.locator("#edited.over")).to_have_count(0)
    expect(page.locator("#edited .chosen li")).to_have_count(3)
    page.dispatch_event("#original .drop", "drop", {"dataTransfer": one})
    page.dispatch_event("#original .drop", "drop", {"dataTransfer": one})
    expect(page.locator("#original .chosen li")).to_have_count(1)
    expect(page.locator("#original .chosen")).to_contain_text("512 \N{MULTIPLICATION SIGN} 512")
    assert page.url == service.address


def test_what_is_dropped_or_pasted_elsewhere_goes_where_a_picture_is_missing(
    service: PageService, visit: Visit, edit: DemoInput
) -> None:
    page = visit(service.address, permissions=["clipboard-read", "clipboard-write"])
    page.dispatch_event("h1", "drop", {"dataTransfer": carry(page, edit, 2)})
    expect(page.locator("#original .chosen")).to_contain_text(edit.original.name)
    expect(page.locator("#edited .chosen li")).to_have_count(1)
    copy_picture(page, edit)
    page.keyboard.press("Control+V")
    expect(page.locator("#edited .chosen li")).to_have_count(2)
    expect(page.get_by_role("button", name="Rank 2 edits")).to_be_visible()


def test_a_text_is_pasted_as_a_text(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", edit.instruction)
    page.get_by_label("Instruction").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("Instruction")).to_have_value(edit.instruction)
    expect(page.locator(".chosen li")).to_have_count(0)


def test_an_address_is_not_fetched(service: PageService, visit: Visit) -> None:
    page = visit(service.address)
    transfer = page.evaluate_handle(
        "() => { const it = new DataTransfer(); it.setData('text/uri-list', 'https://example.org/a.png'); return it; }"
    )
    page.dispatch_event("#original", "drop", {"dataTransfer": transfer})
    expect(page.get_by_role("alert")).to_contain_text("addresses are not fetched")
    expect(page.locator("#original .chosen li")).to_have_count(0)


def test_starting_over_leaves_nothing(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address)
    page.dispatch_event("h1", "drop", {"dataTransfer": carry(page, edit, 2)})
    page.get_by_label("Instruction").fill(edit.instruction)
    page.get_by_role("button", name="Score the edit").click()
    expect(page.locator(".headline")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".chosen li")).to_have_count(0)
    expect(page.get_by_label("Instruction")).to_have_value("")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.get_by_label("Original", exact=True)).to_be_focused()
