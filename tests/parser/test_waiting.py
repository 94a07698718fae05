"""What waits for a model that is busy, and what does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.parser.language_model import IntentModel, ModelAnswer
from editjudge.parser.parser import REMEMBERED, Parser

KNOWN, KEPT, NEW = "paint the car blue", "remove the hat", "add a dog"


class BusyModel:
    """The real model, which begins to answer only when it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.begun, self.let_go = threading.Event(), threading.Event()
        answer = IntentModel.answer

        def answer_late(model: IntentModel, text: str) -> ModelAnswer | None:
            self.asked.append(text)
            self.begun.set()
            assert self.let_go.wait(30)
            return answer(model, text)

        monkeypatch.setattr(IntentModel, "answer", answer_late)


@pytest.fixture
def parser(studio: Bundle) -> Iterator[Parser]:
    """One that has read an instruction, and finds the answer to another on disk."""
    other = Parser.open(studio, threads=1)
    other.parse(KEPT)
    other.close()
    made = Parser.open(studio, threads=1)
    made.parse(KNOWN)
    yield made
    made.close()


def test_what_is_known_does_not_wait_for_another_thread(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = BusyModel(monkeypatch)
    thread = threading.Thread(target=parser.parse, args=[NEW])
    thread.start()
    assert busy.begun.wait(30)
    types: list[str] = []
    asking = threading.Thread(
        target=lambda: types.extend(parser.parse(text).edit_type for text in (KNOWN, KEPT, "移除帽子")), daemon=True
    )
    asking.start()
    asking.join(20)
    busy.let_go.set()
    thread.join()
    assert types == ["color", "remove", "other"]
    assert busy.asked == [NEW]


def test_threads_that_ask_the_same_ask_the_model_once(studio: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = Parser.open(studio, threads=1, keep=False)
    busy = BusyModel(monkeypatch)
    types: list[str] = []
    threads = [threading.Thread(target=lambda: types.append(parser.parse(NEW).edit_type)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert busy.begun.wait(30)
    busy.let_go.set()
    for thread in threads:
        thread.join()
    parser.close()
    assert types == ["add"] * 4
    assert busy.asked == [NEW]


def test_not_everything_is_remembered(parser: Parser) -> None:
    """What the memory has lost is found on disk, or asked again."""
    parsed = parser.parse(KNOWN)
    for number in range(REMEMBERED + 1):
        parser.parse(f"雪 {number}")
    assert len(parser._remembered) == REMEMBERED
    assert parser.parse(KNOWN) == parsed
