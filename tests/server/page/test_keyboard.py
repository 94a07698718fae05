"""The whole way from two pictures to a saved report, with the keyboard alone, on a phone's screen and a wide one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from editjudge.datasets.demo import DemoInput
from editjudge.scorer import Scorer
from support.alike import assert_alike
from support.served_page import PageService, Visit, fits, press_tab_until

pytestmark = pytest.mark.browser


def choose(page: Page, name: str, *paths: Path) -> None:
    """Tabs to where pictures are chosen and chooses some, as with the dialogue of the system."""
    press_tab_until(page, name)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(paths)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_whole_way(service: PageService, visit: Visit, edit: DemoInput, scorer: Scorer, width: int) -> None:
    edited = edit.candidates[0].file
    score = scorer.score(edit.original, edited, edit.instruction)
    assert score.bpm is not None
    page = visit(service.address, width)
    choose(page, "Original", edit.original)
    choose(page, "Edited", edited)
    press_tab_until(page, "Instruction")
    page.keyboard.type(edit.instruction)
    page.keyboard.press("Enter")

    heading = page.get_by_role("heading", name=edit.instruction)
    expect(heading).to_be_focused()
    expect(page.locator("#announcement")).to_have_text(f"Scored. {score.headline}")
    expect(page.locator(".headline")).to_have_text(score.headline)
    expect(page.locator(".card .decision")).to_have_text(score.verdict.decision)
    expect(page.locator(".total")).to_contain_text(f"BPM {score.bpm:.2f} of 2")
    for row in score.sub_scores:
        assert row.value is not None
        expect(page.get_by_role("row", name=row.name)).to_contain_text(f"{row.value:.2f}")
        share = page.locator(f".numbers i.{row.name}").evaluate("bar => parseFloat(bar.style.width) / 100")
        assert share == pytest.approx(row.value)
    expect(page.locator(".difference")).to_have_count(len(score.differences))
    expect(page.locator(".difference p").first).to_have_text(score.differences[0].rationale)
    assert fits(page)

    press_tab_until(page, "Side by side")
    page.keyboard.press("ArrowRight")
    slider = page.get_by_role("slider")
    press_tab_until(page, "How far the original is seen")
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "51"
    assert page.locator(".slide .stack").evaluate("stack => stack.style.getPropertyValue('--cut')") == "51%"
    assert fits(page)
    press_tab_until(page, "Show difference 1 alone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Show difference 1 alone")).to_have_attribute("aria-pressed", "true")

    press_tab_until(page, "Save the full report")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "edit-report.html"
    report = Path(download.value.path()).read_text("utf-8")
    assert score.headline in report
    assert "default-src 'none'" in report
    press_tab_until(page, "Save the numbers (JSON)")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "edit-report.json"
    numbers = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert_alike(numbers, json.loads(json.dumps(score.to_dict())))


def test_what_is_missing_is_said_and_focused(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address)
    press_tab_until(page, "Score the edit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose the original picture first.")
    expect(page.get_by_label("Original", exact=True)).to_be_focused()
    page.get_by_label("Original", exact=True).set_input_files(edit.original)
    page.get_by_role("button", name="Score the edit").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose an edited picture.")
    expect(page.get_by_label("Edited", exact=True)).to_be_focused()
    page.get_by_label("Edited", exact=True).set_input_files([one.file for one in edit.candidates[:2]])
    page.get_by_role("button", name="Rank 2 edits").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("type the instruction")
    expect(page.get_by_label("Instruction")).to_be_focused()


def test_a_removed_picture_hands_the_focus_on(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address)
    files = [one.file for one in edit.candidates[:2]]
    page.get_by_label("Edited", exact=True).set_input_files(files)
    page.get_by_role("button", name=f"Remove {files[0].name}").press("Enter")
    expect(page.get_by_role("button", name=f"Remove {files[1].name}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Edited", exact=True)).to_be_focused()


def test_the_focus_is_to_be_seen(service: PageService, visit: Visit) -> None:
    page = visit(service.address)
    for name in ("Original", "Edited", "Instruction", "Score the edit"):
        press_tab_until(page, name)
        shown = page.evaluate(
            "() => { const at = document.activeElement; const seen = at.type === 'file' ? at.nextElementSibling : at;"
            " const { outlineStyle, outlineWidth } = getComputedStyle(seen); return outlineStyle + outlineWidth; }"
        )
        assert shown == "solid2px", name
