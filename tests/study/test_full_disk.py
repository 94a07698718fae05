"""What cannot be kept is said to the rater, who loses no choice, reads of no file, and can send it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from editjudge.study.web.app import build_study
from editjudge.study.web.pictures import StudyPictures
from support.studies import begin, write_set

SIDES = ("overall", "modify", "preserve", "size", "position")


def test_an_answer_that_does_not_fit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite refuses pages beyond a limit with the error that a full disk has."""
    rated = write_set(tmp_path, inputs=40)
    form = {f"c{place}-{side}": "4" for place in (1, 2, 3) for side in SIDES}
    with begin(rated, tmp_path / "r.sqlite") as study:
        client = TestClient(build_study(study, StudyPictures(study, rated.dataset)), base_url="http://127.0.0.1:8401")
        client.post("/enter", data={"code": "anna"})
        (limit,) = study.select("PRAGMA page_count")[0]
        with study.write() as connection:
            connection.execute(f"PRAGMA max_page_count = {limit}")
        number, answer = 0, client.get("/next")
        while answer.status_code == 200 and number < study.page_count:
            number += 1
            answer = client.post(f"/pages/{number}", data=form | {"opened": "0"})
        assert answer.status_code == 503
        assert "send it again in a moment" in answer.text
        assert answer.text.count('value="4" required checked') == 15
        assert "sqlite" not in answer.text
        assert "r.sqlite: database or disk is full" in caplog.text
        assert study.progress(1)[0] == number - 1
        with study.write() as connection:
            connection.execute(f"PRAGMA max_page_count = {limit + 1000}")
        assert client.post(f"/pages/{number}", data=form).status_code == 200
        assert study.progress(1)[0] == number
