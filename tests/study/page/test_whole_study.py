"""A whole study in a browser, with the keyboard alone: three raters, twenty inputs, and the experiments on it."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from editjudge.cli.main import run
from editjudge.study.database import StudyDatabase
from editjudge.study.design import StudyKind
from editjudge.study.web.app import build_study
from editjudge.study.web.pictures import StudyPictures
from support.browsers import find_violations
from support.served_page import Visit, fits, serve_app
from support.studies import RatedSet, begin, write_set

pytestmark = pytest.mark.browser


def serve(study: StudyDatabase, rated: RatedSet) -> AbstractContextManager[str]:
    return serve_app(build_study(study, StudyPictures(study, rated.dataset)))


def enter(page: Page, code: str) -> None:
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/instructions")  # and until its script runs
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/*")


def say(page: Page, study: StudyDatabase, rated: RatedSet, random: np.random.Generator) -> dict[int, int]:
    """Answers all questions of a page by what is seen on it: its quality, with noise. What was said, by row."""
    images = page.locator("section.candidate img")
    tokens = [re.sub(r".*/", "", images.nth(n).get_attribute("src") or "") for n in range(images.count())]
    said = {}
    for token in tokens:
        row = study.picture(token).row
        said[row] = int(np.clip(round(rated.quality[row] + random.normal(0, 0.5)), 1, 5))
        for _ in study.design.sides:
            page.keyboard.press(str(said[row]))
    return said


def test_three_raters_and_twenty_inputs(visit: Visit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rated = write_set(tmp_path, inputs=20)
    with (
        begin(rated, tmp_path / "r.sqlite") as study,
        serve(study, rated) as address,
    ):
        for number, (code, width) in enumerate({"anna": 1280, "ben": 390, "cleo": 1280}.items(), 1):
            random, said = np.random.default_rng(number), dict[int, int]()
            page = visit(address, width)
            enter(page, code)
            for place in range(1, 21):
                page.wait_for_url(f"**/pages/{place}")
                assert fits(page)
                said |= say(page, study, rated, random)
                page.keyboard.press("Enter")
            page.wait_for_url("**/end")
            expect(page.get_by_text("All 20 pages are answered")).to_be_visible()
            values = study.select(
                "SELECT candidate, value FROM ratings JOIN answers ON answer = answers.number WHERE rater = ?", number
            )
            assert len(values) == 20 * 3 * 5
            assert {int(row): int(value) for row, value in values} == {row + 1: said[row] for row in said}
    assert run(["study", "export", str(tmp_path / "r.sqlite"), "-o", str(tmp_path / "human.jsonl")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "human.jsonl").read_text().splitlines()]
    scored = [{**row, "truth": rated.quality[place]} for place, row in enumerate(rows)]
    (tmp_path / "human.jsonl").write_text("\n".join(map(json.dumps, scored)))
    capsys.readouterr()
    command = ["evaluate", "human-alignment", str(tmp_path / "human.jsonl"), "--metrics", "truth:higher", "--json"]
    assert run(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["used"]["rows"] == 60
    assert found["tables"]["mean"]["rows"]["truth"]["mean over models"]["value"] > 0.8


@pytest.mark.parametrize("kind", ["rate", "prefer"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(visit: Visit, tmp_path: Path, kind: StudyKind, width: int) -> None:
    rated = write_set(tmp_path)
    with (
        begin(rated, tmp_path / "r.sqlite", kind) as study,
        serve(study, rated) as address,
    ):
        for scheme in ("light", "dark"):
            page = visit(address, width, color_scheme=scheme)
            assert find_violations(page) == []
            page.keyboard.type(f"anna-{scheme}")
            page.keyboard.press("Enter")
            page.wait_for_url("**/instructions")
            assert find_violations(page) == []
            page.keyboard.press("Enter")
            page.wait_for_url("**/pages/*")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("Not answered yet: Overall")
            assert find_violations(page) == []
            assert fits(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_instruction_leaves_the_pictures_in_sight(visit: Visit, tmp_path: Path, width: int) -> None:
    rated = write_set(tmp_path, inputs=1, more=", and all else as it was" * 100)
    with (
        begin(rated, tmp_path / "r.sqlite") as study,
        serve(study, rated) as address,
    ):
        page = visit(address, width)
        enter(page, "anna")
        assert page.locator("img").first.bounding_box()["y"] < 500  # type: ignore[index]
        assert find_violations(page) == []
        assert fits(page)
        page.locator("#instruction").focus()  # it can be scrolled by keyboard
        for _ in range(15):
            page.keyboard.press("4")
        page.keyboard.press("Enter")
        page.wait_for_url("**/end")


def test_keys_go_back_and_change_an_answer(visit: Visit, tmp_path: Path) -> None:
    rated = write_set(tmp_path, candidates=1)
    with (
        begin(rated, tmp_path / "r.sqlite") as study,
        serve(study, rated) as address,
    ):
        page = visit(address)
        enter(page, "anna")
        for key in ("1", "2", "3", "4", "5", "Enter"):
            page.keyboard.press(key)
        page.wait_for_url("**/pages/2")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_have_attribute("open", "")
        page.keyboard.press("Backspace")
        page.wait_for_url("**/pages/1")
        expect(page.get_by_text("What you send now replaces that")).to_be_visible()
        page.get_by_label("4", exact=True).first.focus()
        page.keyboard.press("5")
        page.keyboard.press("Enter")
        page.wait_for_url("**/pages/2")
        assert study.answered(1, 1) == {1: {"overall": 5, "modify": 2, "preserve": 3, "size": 4, "position": 5}}


def test_it_works_without_the_script(visit: Visit, tmp_path: Path) -> None:
    rated = write_set(tmp_path, inputs=1, candidates=1)
    with (
        begin(rated, tmp_path / "r.sqlite") as study,
        serve(study, rated) as address,
    ):
        page = visit(address, java_script_enabled=False)
        page.get_by_label("Your code").fill("anna")
        page.get_by_role("button", name="Begin or go on").click()
        page.get_by_role("link", name="Begin").click()
        for side in study.design.sides:
            page.get_by_role("group", name=f"{side.title} of Edit 1").locator("label").get_by_text(
                "4", exact=True
            ).click()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("The page is answered")).to_be_visible()
        assert study.answered(1, 1) == {1: dict.fromkeys(study.design.side_names, 4.0)}
