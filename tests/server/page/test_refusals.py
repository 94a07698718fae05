"""What the page shows where the service gives no answer: its sentence. It asks again when it is told that it may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import FilePayload, expect

from editjudge.datasets.demo import DemoInput
from editjudge.scorer import Scorer
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.refusal import QueueFullError
from editjudge.server.engine.request import Answer, ScoringRequest
from editjudge.server.options import RequestLimits, ServiceOptions
from support.served_page import PageService, Visit, fill, open_studio, serve

pytestmark = pytest.mark.browser

TOKEN = "a-token-that-nobody-guesses"


def test_an_unreadable_picture(service: PageService, visit: Visit, edit: DemoInput) -> None:
    page = visit(service.address)
    damaged = FilePayload(name="original.png", mimeType="image/png", buffer=b"no picture")
    fill(page, damaged, [edit.candidates[0].file], edit.instruction)
    expect(page.locator("#original .chosen")).to_contain_text("the browser cannot show it")
    page.get_by_role("button", name="Score the edit").click()
    answer = httpx.post(
        f"{service.address}v1/score",
        data={"instruction": edit.instruction},
        files={"original": b"no picture", "edited": edit.candidates[0].file.read_bytes()},
    )
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    expect(page.get_by_role("alert")).to_have_text(f"{message[0].upper()}{message[1:]}.")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def fill_queue(engine: Engine, edit: DemoInput) -> list[Future[Answer]]:
    """Has rankings wait until no more may; they take some seconds."""
    original, edited = edit.original.read_bytes(), tuple(one.file.read_bytes() for one in edit.candidates) * 4
    waiting = []
    for number in range(20):
        try:
            waiting.append(engine.submit(ScoringRequest("rank", original, edited, f"{edit.instruction} {number}")))
        except QueueFullError:
            return waiting
    raise AssertionError("the queue has no bound")


def test_a_full_queue_is_waited_for(visit: Visit, edit: DemoInput, scorer: Scorer) -> None:
    score = scorer.score(edit.original, edit.candidates[0].file, edit.instruction)
    with serve(ServiceOptions(queue=1, inference_threads=1)) as service:
        page = visit(service.address)
        fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
        waiting = fill_queue(service.engine, edit)
        page.get_by_role("button", name="Score the edit").click()
        expect(page.locator("#working")).to_contain_text("Asking again in")
        expect(page.locator(".headline")).to_have_text(score.headline)
        expect(page.locator("#working")).to_be_empty()
        for one in waiting:
            one.result()


@contextmanager
def opening() -> Iterator[tuple[PageService, threading.Event]]:
    """A service whose models are opened once the event is set."""
    may_open = threading.Event()

    def open_late(options: ServiceOptions) -> Scorer:
        may_open.wait(60)
        return open_studio(options)

    with serve(open_scorer=open_late, ready=False) as service:
        yield service, may_open


def test_models_that_are_still_being_opened_are_waited_for(visit: Visit, edit: DemoInput) -> None:
    with opening() as (service, may_open):
        try:
            page = visit(service.address)
            expect(page.locator("#service")).to_have_text("The models are being opened…")
            fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
            page.get_by_role("button", name="Score the edit").click()
            expect(page.locator("#working")).to_contain_text("Asking again in")
        finally:
            may_open.set()
        expect(page.locator(".headline")).to_be_visible()
        expect(page.locator("#service")).to_contain_text("Bundle studio")


def test_waiting_can_be_stopped(visit: Visit, edit: DemoInput) -> None:
    with opening() as (service, may_open):
        try:
            page = visit(service.address)
            fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
            page.get_by_role("button", name="Score the edit").click()
            page.get_by_role("button", name="Stop").press("Enter")
            expect(page.get_by_role("button", name="Stop")).to_be_hidden()
            expect(page.get_by_role("button", name="Score the edit")).to_be_focused()
            expect(page.locator("#working")).to_be_empty()
            expect(page.get_by_role("alert")).to_be_empty()
        finally:
            may_open.set()


def test_a_token_is_asked_for_and_kept_in_memory_alone(visit: Visit, edit: DemoInput) -> None:
    with serve(ServiceOptions(token=TOKEN)) as service:
        page = visit(service.address)
        field = page.get_by_label("Token")
        expect(field).to_be_hidden()
        fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
        page.get_by_role("button", name="Score the edit").click()
        expect(page.get_by_role("alert")).to_contain_text("oken")
        for wrong in ("another", "schlüssel"):
            expect(field).to_be_focused()
            page.keyboard.type(wrong)
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("token")
            field.fill("")
        field.fill(TOKEN)
        field.press("Enter")
        expect(page.locator(".headline")).to_be_visible()
        with page.expect_download():
            page.get_by_role("button", name="Save the full report").click()
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
        assert TOKEN not in kept
        page.reload()
        expect(field).to_be_hidden()
        assert page.locator("#token").input_value() == ""


def test_too_much_is_told_before_it_is_sent(visit: Visit, edit: DemoInput) -> None:
    limits = RequestLimits(max_bytes=100_000, max_items=2)
    with serve(ServiceOptions(limits=limits)) as service:
        page = visit(service.address)
        page.on("request", lambda request: sent.append(request.method))
        sent: list[str] = []
        fill(page, edit.original, [one.file for one in edit.candidates[:3]], edit.instruction)
        page.get_by_role("button", name="Rank 3 edits").click()
        expect(page.get_by_role("alert")).to_have_text("The service ranks 2 edits at once; remove some.")
        page.get_by_role("button", name="Start over").click()
        large = FilePayload(name="large.png", mimeType="image/png", buffer=bytes(200_000))
        fill(page, edit.original, [large], edit.instruction)
        page.get_by_role("button", name="Score the edit").click()
        expect(page.get_by_role("alert")).to_contain_text("choose smaller ones")
        assert "POST" not in sent


def test_a_service_that_is_gone_is_told(visit: Visit, edit: DemoInput) -> None:
    with serve() as service:
        page = visit(service.address)
        fill(page, edit.original, [edit.candidates[0].file], edit.instruction)
        expect(page.locator("#service")).to_contain_text("Bundle studio")
        page.context.set_offline(True)
        page.get_by_role("button", name="Score the edit").click()
        expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
        page.context.set_offline(False)
        page.get_by_role("button", name="Score the edit").click()
        expect(page.locator(".headline")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_empty()
