"""What the pages of a study answer, also to who does not play by the rules; and what they do not tell."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient

from editjudge.study.database import StudyDatabase
from editjudge.study.pages import PicturePlace
from editjudge.study.web.app import build_study
from editjudge.study.web.pictures import StudyPictures
from support.studies import EDITORS, RatedSet, begin, write_set

ADDRESS = "http://127.0.0.1:8401"
SIDES = ("overall", "modify", "preserve", "size", "position")


@pytest.fixture
def rated(tmp_path: Path) -> RatedSet:
    return write_set(tmp_path)


@pytest.fixture
def study(rated: RatedSet, tmp_path: Path) -> Iterator[StudyDatabase]:
    with begin(rated, tmp_path / "r.sqlite", checks=2) as opened:
        yield opened


@pytest.fixture
def pictures(study: StudyDatabase, rated: RatedSet) -> StudyPictures:
    return StudyPictures(study, rated.dataset)


def open_client(study: StudyDatabase, pictures: StudyPictures, code: str | None = None) -> TestClient:
    client = TestClient(build_study(study, pictures), base_url=ADDRESS)
    if code is not None:
        assert client.post("/enter", data={"code": code}).url == f"{ADDRESS}/instructions"
    return client


def fill(value: float = 3, candidates: int = 3, **more: str) -> dict[str, str]:
    """The form of a page."""
    return {f"c{n}-{side}": str(value) for n in range(1, candidates + 1) for side in SIDES} | more


def test_from_the_code_to_the_end(study: StudyDatabase, pictures: StudyPictures) -> None:
    client = open_client(study, pictures, "anna")
    for number in range(1, 7):
        page = client.get("/next")
        assert page.url == f"{ADDRESS}/pages/{number}"
        assert f"{number - 1} of 6 answered" in page.text
        after = client.post(f"/pages/{number}", data=fill(number % 5 + 1))
    assert after.url == f"{ADDRESS}/end"
    assert "All 6 pages are answered" in after.text
    assert study.answered(1, 2) == {place: dict.fromkeys(SIDES, 3.0) for place in (1, 2, 3)}


def test_nothing_tells_whose_an_edit_is(study: StudyDatabase, pictures: StudyPictures, rated: RatedSet) -> None:
    open_client(study, pictures, "secret-other")
    client = open_client(study, pictures, "anna")
    seen = []
    for number in range(1, study.page_count + 1):
        page = client.get(f"/pages/{number}")
        tokens = re.findall(r'src="/pictures/([^"]+)"', page.text)
        assert len(tokens) == 4
        for answer in (page, *(client.get(f"/pictures/{token}") for token in tokens)):
            seen += [str(answer.headers), str(answer.url)]
            seen += [answer.text if "html" in answer.headers["content-type"] else answer.content.decode("latin-1")]
    known = [*EDITORS, "original-", ".png", "input-", "secret-other", "unchanged", "check", "bpm", "EXIF", "ICCP"]
    assert [word for word in known if any(word in text for text in seen)] == []


def test_pictures_are_the_files_pixels(study: StudyDatabase, pictures: StudyPictures, tmp_path: Path) -> None:
    client = open_client(study, pictures, "anna")
    places = [study.picture(one.picture) for number in range(1, 7) for one in study.page(1, number).candidates]
    assert sum(place.made == "again" for place in places) == 2  # one of each check
    for candidate in (one for number in range(1, 7) for one in study.page(1, number).candidates):
        place: PicturePlace = study.picture(candidate.picture)
        sent = PIL.Image.open(io.BytesIO(client.get(f"/pictures/{candidate.picture}").content))
        kind = "original" if place.column == "original" else EDITORS[place.row % 3]
        wanted = np.asarray(PIL.Image.open(tmp_path / f"{kind}-{place.row // 3}.png").convert("RGB"))
        assert sent.format == "WEBP"
        difference = np.abs(np.asarray(sent.convert("RGB"), np.int16) - wanted)
        assert difference.max() == (1 if place.made else 0)
        assert (difference > 0).mean() < 1 / 4


@pytest.mark.parametrize("query", ["", "?zoom=1"])
def test_no_picture_of_a_page_has_the_bytes_of_another(
    study: StudyDatabase, pictures: StudyPictures, query: str
) -> None:
    """The original that stands as an edit on a check would be told by them."""
    client = open_client(study, pictures, "anna")
    for number in range(1, study.page_count + 1):
        tokens = re.findall(r'src="/pictures/([^"]+)"', client.get(f"/pages/{number}").text)
        sent = {client.get(f"/pictures/{token}{query}").content for token in tokens}
        assert (len(tokens), len(sent)) == (4, 4)


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_picture_that_cannot_be_read_names_no_file(
    study: StudyDatabase,
    pictures: StudyPictures,
    tmp_path: Path,
    content: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for file in tmp_path.glob("*.png"):
        file.unlink() if content is None else file.write_bytes(content)
    client = open_client(study, pictures, "anna")
    answer = client.get(f"/pictures/{study.page(1, 1).candidates[0].picture}")
    assert (answer.status_code, "this picture cannot be shown" in answer.text) == (404, True)
    assert [word for word in (*EDITORS, ".png", "row", str(tmp_path)) if word in answer.text] == []
    assert ".png" in caplog.text


def test_a_rater_whose_code_was_taken_away_is_not_known_any_more(study: StudyDatabase, pictures: StudyPictures) -> None:
    study.allow(["anna", "ben"])
    client = open_client(study, pictures, "ben")
    token = study.page(1, 1).original
    assert client.get("/pages/1").status_code == client.get(f"/pictures/{token}").status_code == 200
    study.allow(["anna"])
    assert client.get("/pages/1").url == f"{ADDRESS}/"
    assert client.get(f"/pictures/{token}").status_code == 401
    assert client.post("/pages/1", data=fill()).status_code == 401
    assert study.progress(1) == (0, 6)


def test_who_is_not_known_sees_nothing(study: StudyDatabase, pictures: StudyPictures) -> None:
    client = open_client(study, pictures)
    token = study.page(study.join("anna"), 1).original
    assert client.get("/next").url == client.get("/pages/1").url == client.get("/end").url == f"{ADDRESS}/"
    assert client.get(f"/pictures/{token}").status_code == 401
    answer = client.post("/pages/1", data=fill())
    assert (answer.status_code, "enter your code again" in answer.text) == (401, True)
    refused = client.post("/enter", data={"code": "<b>no</b>"})
    assert refused.status_code == 400
    assert "&lt;b&gt;no&lt;/b&gt;" in refused.text
    assert "<b>no" not in refused.text
    assert study.progress(1) == (0, 6)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "Overall has no answer yet"),
        (fill(candidates=2), "Overall has no answer yet"),
        (fill(6), "Overall is 6"),
        (fill() | {"c1-size": "many"}, "Size is no number"),
        (fill() | {"c1-size": "nan"}, "Size is nan"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(
    study: StudyDatabase, pictures: StudyPictures, form: dict[str, str], message: str
) -> None:
    answer = open_client(study, pictures, "anna").post("/pages/1", data=form or {"opened": "1"})
    assert answer.status_code == 400
    assert message in answer.text
    assert study.progress(1) == (0, 6)


def test_what_was_chosen_stays_where_an_answer_is_not_whole(study: StudyDatabase, pictures: StudyPictures) -> None:
    answer = open_client(study, pictures, "anna").post("/pages/1", data=fill(4, 2))
    assert len(re.findall(r'value="4" required checked', answer.text)) == 10


def test_two_tabs_and_a_change(study: StudyDatabase, pictures: StudyPictures) -> None:
    client, other = open_client(study, pictures, "anna"), open_client(study, pictures, "anna")
    client.post("/pages/1", data=fill(2))
    late = other.post("/pages/1", data=fill(5))
    assert (late.status_code, "that answer stays" in late.text) == (409, True)
    assert study.answered(1, 1) == {place: dict.fromkeys(SIDES, 2.0) for place in (1, 2, 3)}
    again = client.get("/pages/1")
    assert 'name="revise" value="1"' in again.text
    assert len(re.findall(r'value="2" required checked', again.text)) == 15
    client.post("/pages/1", data=fill(5, revise="1"))
    assert study.answered(1, 1) == {place: dict.fromkeys(SIDES, 5.0) for place in (1, 2, 3)}


def test_forms_of_other_sites_are_refused(study: StudyDatabase, pictures: StudyPictures) -> None:
    client = open_client(study, pictures, "anna")
    for headers in ({"Origin": "http://elsewhere.example"}, {"Origin": "null"}, {"Host": "elsewhere.example"}):
        assert client.post("/pages/1", data=fill(), headers=headers).status_code == 403
    assert client.post("/pages/1", data=fill(), headers={"Origin": ADDRESS}).status_code == 200
    assert study.progress(1) == (1, 6)


@pytest.mark.parametrize(
    "path", ["/pages/0", "/pages/7", f"/pages/{'9' * 5000}", "/pages/-1", "/pages/x", "/elsewhere"]
)
def test_pages_that_are_not_there(study: StudyDatabase, pictures: StudyPictures, path: str) -> None:
    assert open_client(study, pictures, "anna").get(path).status_code == 404


def test_bodies_that_are_no_forms(study: StudyDatabase, pictures: StudyPictures) -> None:
    client = open_client(study, pictures, "anna")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, headers in (
        (b"x=" + b"1" * 70_000, kind),
        (b"&".join(b"a=1" for _ in range(6000)), kind),
        (b"\xff\xfe=1", kind),
        (b"{}", {"Content-Type": "application/json"}),
    ):
        assert client.post("/pages/1", content=body, headers=headers).status_code == 400
    assert client.get("/pictures/none").status_code == 404
    assert study.progress(1) == (0, 6)


def test_a_picture_that_is_gone_is_told(
    study: StudyDatabase, pictures: StudyPictures, rated: RatedSet, tmp_path: Path
) -> None:
    client = open_client(study, pictures, "anna")
    for file in tmp_path.glob("*.png"):
        file.unlink()
    answer = client.get(f"/pictures/{study.page(1, 1).original}")
    assert answer.status_code == 404


def test_preferences_and_masks_have_pages(tmp_path: Path) -> None:
    rated = write_set(tmp_path)
    with begin(rated, tmp_path / "p.sqlite", "prefer") as study:
        client = open_client(study, StudyPictures(study, rated.dataset), "anna")
        page = client.get("/next").text
        assert len(re.findall("<fieldset", page)) == 5
        assert client.post("/pages/1", data={f"c1-{side}": "-1" for side in SIDES}).url == f"{ADDRESS}/pages/2"
        assert study.answered(1, 1) == {1: dict.fromkeys(SIDES, -1.0)}


def test_a_mask_is_shown_over_the_edit(tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[:, 8:] = 255
    PIL.Image.fromarray(mask).save(tmp_path / "mask.png")
    write_set(tmp_path, inputs=1)
    lines = (tmp_path / "edits.jsonl").read_text().splitlines()[:1]
    (tmp_path / "edits.jsonl").write_text(lines[0][:-1] + ', "mask_ours": "mask.png", "mask_theirs": "mask.png"}')
    from editjudge.datasets import open_dataset  # noqa: PLC0415  (anew, as the file is another one)

    rated = RatedSet(open_dataset(tmp_path / "edits.jsonl"), {})
    with begin(rated, tmp_path / "m.sqlite", "masks") as study:
        client = open_client(study, StudyPictures(study, rated.dataset), "anna")
        page = study.page(1, 1)
        assert page.edited is not None
        edited = np.asarray(PIL.Image.open(tmp_path / "painter-0.png").convert("RGB"))
        for candidate in page.candidates:
            assert candidate.mask is not None
            sent = PIL.Image.open(io.BytesIO(client.get(f"/pictures/{candidate.mask}").content)).convert("RGB")
            shown = np.asarray(sent)
            assert np.array_equal(shown[:, :7], edited[:, :7])
            assert (shown[:, 9:] != edited[:, 9:]).any(axis=2).mean() > 0.9
        assert client.post("/pages/1", data={"c1-mask": "4", "c2-mask": "2"}).url == f"{ADDRESS}/end"
