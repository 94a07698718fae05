"""A page with a picture that cannot be read asks nothing, takes no rating, and is gone past once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from editjudge.errors import InputError
from editjudge.study.database import StudyDatabase
from editjudge.study.design import StudyKind
from editjudge.study.exporting import list_rows
from editjudge.study.web.app import build_study
from editjudge.study.web.forms import name_field
from editjudge.study.web.pictures import StudyPictures
from support.studies import RatedSet, begin, write_set

ADDRESS = "http://127.0.0.1:8401"
SAID = "A picture of this page cannot be shown"


@pytest.fixture
def rated(tmp_path: Path) -> RatedSet:
    return write_set(tmp_path, inputs=3)


@pytest.fixture(params=["rate", "prefer"])
def study(request: pytest.FixtureRequest, rated: RatedSet, tmp_path: Path) -> Iterator[StudyDatabase]:
    kind: StudyKind = request.param
    with begin(rated, tmp_path / "ratings.sqlite", kind) as study:
        yield study


@pytest.fixture
def client(study: StudyDatabase, rated: RatedSet) -> TestClient:
    client = TestClient(build_study(study, StudyPictures(study, rated.dataset)), base_url=ADDRESS)
    client.post("/enter", data={"code": "anna"}, headers={"origin": ADDRESS})
    return client


def damage(study: StudyDatabase, folder: Path) -> tuple[Path, bytes]:
    """Cuts the first edit of anna's first page short; its file and what that was."""
    row = study.picture(study.page(1, 1).candidates[0].picture).row
    name = ("painter", "smearer", "guesser")[row % 3]
    path = folder / f"{name}-{row // 3}.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:60])
    return path, whole


def fill_form(study: StudyDatabase) -> dict[str, str]:
    """A whole answer to anna's first page."""
    at = study.design.list_positions(len(study.page(1, 1).candidates))
    return {name_field(position, side.name): "1" for position in at for side in study.design.sides}


def send(client: TestClient, **form: str) -> int:
    answer = client.post("/pages/1", data=form, headers={"origin": ADDRESS}, follow_redirects=False)
    return answer.status_code


def test_it_asks_nothing_and_is_gone_past_once(study: StudyDatabase, client: TestClient, tmp_path: Path) -> None:
    damage(study, tmp_path)
    assert client.get(f"/pictures/{study.page(1, 1).candidates[0].picture}").status_code == 404
    page = client.get("/pages/1").text
    assert SAID in page
    assert 'type="radio"' not in page
    assert send(client, skip="1") == 303
    assert study.answered(1, 1) == {}
    assert study.progress(1)[0] == 1
    assert study.next_page(1) == 2
    with pytest.raises(InputError, match="has no ratings to export"):
        list_rows(study)


def test_no_rating_is_taken_of_what_nobody_could_see(study: StudyDatabase, client: TestClient, tmp_path: Path) -> None:
    """Nor from who sends one without having loaded the picture."""
    damage(study, tmp_path)
    answer = client.post("/pages/1", data=fill_form(study), headers={"origin": ADDRESS})
    assert (answer.status_code, SAID in answer.text) == (409, True)
    assert study.answered(1, 1) is None


def test_what_can_be_seen_is_not_gone_past(study: StudyDatabase, client: TestClient) -> None:
    assert send(client, skip="1") == 400
    assert study.answered(1, 1) is None


def test_a_page_that_can_be_seen_again_may_be_answered(
    study: StudyDatabase, client: TestClient, tmp_path: Path
) -> None:
    path, whole = damage(study, tmp_path)
    assert send(client, skip="1") == 303
    path.write_bytes(whole)  # it is there again: the rater may answer after all
    page = client.get("/pages/1").text
    assert SAID not in page
    assert "went on without a rating" in page
    assert send(client, **fill_form(study), revise="1") == 303
    assert study.answered(1, 1)
