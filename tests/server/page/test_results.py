"""Results: where boxes are drawn, what was not measured, what changed, and several edits, best first."""

from __future__ import annotations

import html
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import FilePayload, Locator, expect

from editjudge.datasets.demo import DemoInput, load_photographs
from editjudge.metrics.flags import FLAGS
from editjudge.reports.wording import list_unmeasured
from editjudge.scorer import Scorer
from support.served_page import PageService, Visit, fill, fits

pytestmark = pytest.mark.browser

SUB_SCORE_NAMES = ("modify", "preserve", "position", "size")
MARKUP = "<img src=x onerror=alert(1)><b>\u202egnp.\u0007\"'&amp;.webp"
"""A name that says other things, where somebody takes it for markup."""


def rectangle(locator: Locator) -> list[float]:
    """x0, y0, x1, y1 on the screen, without the border."""
    found = locator.bounding_box()
    assert found
    return [found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]]


def test_boxes_lie_where_objects_and_differences_are(
    service: PageService, visit: Visit, edit: DemoInput, scorer: Scorer, tmp_path: Path
) -> None:
    """In pixels of the original, which is not square here; the edited picture has another size."""
    original, edited = tmp_path / "original.png", tmp_path / "edited.png"
    for path, source, scale in ((original, edit.original, 1.0), (edited, edit.candidates[0].file, 1.5)):
        picture = cv2.imread(str(source))[:400]
        assert cv2.imwrite(str(path), cv2.resize(picture, None, fx=scale, fy=scale))
    score = scorer.score(original, edited, edit.instruction)
    assert score.regions["original"]
    assert score.differences
    page = visit(service.address)
    fill(page, original, [edited], edit.instruction)
    page.get_by_role("button", name="Score the edit").click()
    for side in ("original", "edited"):
        figure = page.locator(f".picture.{side}")
        left, top, right, bottom = rectangle(figure.locator("img"))
        assert (right - left) / (bottom - top) == pytest.approx(512 / 400, rel=0.01)
        for drawn, boxes in (
            (figure.locator(".object"), [found.box for found in score.regions[side]]),
            (figure.locator(".mark"), [difference.box for difference in score.differences]),
        ):
            expect(drawn).to_have_count(len(boxes))
            for place, box in enumerate(boxes):
                factor = (right - left) / 512
                wanted = [start + factor * value for start, value in zip((left, top) * 2, box, strict=True)]
                assert rectangle(drawn.nth(place)) == pytest.approx(wanted, abs=1.5)
    page.get_by_label("Objects (2)").uncheck()
    expect(page.locator(".object").first).to_be_hidden()
    expect(page.locator(".mark").first).to_be_visible()


def test_what_was_not_measured_has_a_reason_and_no_bar(service: PageService, visit: Visit, scorer: Scorer) -> None:
    photograph = load_photographs()[0]
    edited = photograph.candidates[0].file
    score = scorer.score(photograph.original, edited, photograph.instruction)
    assert score.bpm is None
    page = visit(service.address)
    fill(page, photograph.original, [edited], photograph.instruction)
    page.get_by_role("button", name="Score the edit").click()
    expect(page.locator(".headline")).to_have_text(score.headline)
    expect(page.locator(".total .unmeasured")).to_have_text("not measured")
    reason = page.locator(".reason").inner_text()
    assert reason.rstrip(".").lower() in score.headline.lower()
    expect(page.get_by_role("row", name="modify")).to_contain_text("not measured")
    expect(page.locator(".result .bar")).to_have_count(0)
    expect(page.locator(".result")).not_to_contain_text("0.00")
    for name in score.flags:
        expect(page.locator(".flags")).to_contain_text(FLAGS[name].meaning)


def test_what_does_not_apply_is_told_apart(service: PageService, visit: Visit, edit: DemoInput, scorer: Scorer) -> None:
    """An edit of the whole picture has no place and no size."""
    edited, instruction = edit.candidates[0].file, "Make it look like a watercolour painting."
    score = scorer.score(edit.original, edited, instruction)
    assert score.is_global
    unmeasured = list_unmeasured(score)
    page = visit(service.address)
    fill(page, edit.original, [edited], instruction)
    page.get_by_role("button", name="Score the edit").click()
    expect(page.locator(".headline")).to_have_text(score.headline)
    told = {name: "not measured" if name in unmeasured else "does not apply to this edit" for name in SUB_SCORE_NAMES}
    assert set(told.values()) == {"not measured", "does not apply to this edit"}
    for name, words in told.items():
        expect(page.get_by_role("row", name=name)).to_contain_text(words)


def test_without_an_instruction_what_changed_is_listed(
    service: PageService, visit: Visit, edit: DemoInput, scorer: Scorer
) -> None:
    found = scorer.differences(edit.original, edit.candidates[0].file)
    assert found.differences
    page = visit(service.address, 390)
    fill(page, edit.original, [edit.candidates[0].file], "")
    page.get_by_role("button", name="List what changed").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_focused()
    expect(page.locator(".difference")).to_have_count(len(found.differences))
    expect(page.locator(".difference b").first).to_have_text(found.differences[0].change)
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator("#result")).not_to_contain_text("BPM")
    assert fits(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_several_are_ranked(service: PageService, visit: Visit, edit: DemoInput, scorer: Scorer, width: int) -> None:
    """Whatever their names are; one that cannot be read is last, with the reason."""
    contents = [one.file.read_bytes() for one in edit.candidates] + [b"no picture"]
    ranked = scorer.prepare(edit.original, edit.instruction).rank(contents)
    names = [f"{index} {MARKUP}" for index in range(len(contents))]
    page = visit(service.address, width)
    files = [
        FilePayload(name=name, mimeType="image/webp", buffer=content)
        for name, content in zip(names, contents, strict=True)
    ]
    fill(page, edit.original, files, edit.instruction)
    page.get_by_role("button", name="Rank 6 edits").click()
    entries = page.locator(".ranking .entry")
    expect(entries).to_have_count(6)
    for place, candidate in enumerate(ranked):
        entry = entries.nth(place)
        shown = names[candidate.index].replace("\u0007", "\ufffd")
        assert entry.locator("bdi").evaluate("name => name.textContent") == shown
        assert entry.locator("bdi > *").count() == 0
        if candidate.score is None:
            assert candidate.error
            expect(entry.locator(".error")).to_have_text(candidate.error)
            expect(entry.get_by_role("button")).to_have_count(0)
        else:
            expect(entry.locator(".score")).to_contain_text(f"{candidate.score.bpm:.2f}")
            expect(entry.locator(".decision")).to_have_text(candidate.score.verdict.decision)
    first, second = ranked[0].score, ranked[1].score
    assert first
    assert second
    expect(page.locator("#announcement")).to_have_text(f"6 edits ranked. The best: {first.headline}")
    expect(entries.first).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".headline:visible")).to_have_text([first.headline])
    entries.nth(1).press("Enter")
    expect(entries.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".headline:visible")).to_have_text([first.headline, second.headline])
    entries.first.press("Enter")
    expect(page.locator(".headline:visible")).to_have_text([second.headline])
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the full report").click()
    report = Path(download.value.path()).read_text("utf-8")
    assert html.escape(second.headline, quote=False) in html.unescape(report)
    assert "<img src=x" not in report
