"""Damaged pictures are told to who runs a study, beside its pages, before a rater meets them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from editjudge.study.database import StudyDatabase
from editjudge.study.web.picture_check import check_beside
from editjudge.study.web.pictures import StudyPictures
from support.fresh_process import PROGRAM
from support.studies import RatedSet, begin, write_set

CHECKS = 2
DAMAGED = ("painter-1.png", "original-2.png")


@pytest.fixture
def rated(tmp_path: Path) -> RatedSet:
    rated = write_set(tmp_path)
    for name in DAMAGED:
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:60])
    return rated


@pytest.fixture
def study(rated: RatedSet, tmp_path: Path) -> Iterator[StudyDatabase]:
    with begin(rated, tmp_path / "ratings.sqlite", checks=CHECKS) as study:
        yield study


class Waited(StudyPictures):
    """Says when so many were read."""

    def __init__(self, database: StudyDatabase, rated: RatedSet, count: int) -> None:
        super().__init__(database, rated.dataset)
        self.left, self.done = count, threading.Event()

    def read(self, token: str, sample: object = None) -> tuple[object, object]:
        try:
            return super().read(token, sample)
        finally:
            self.left -= 1
            if not self.left:
                self.done.set()


def test_every_damaged_picture_is_told_once(
    study: StudyDatabase, rated: RatedSet, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = Waited(study, rated, 4 * 4)  # an original and three edits of four inputs
    with check_beside(study, rated.dataset, pictures):
        assert pictures.done.wait(60)
        for thread in threading.enumerate():
            if thread.name == "picture check":  # or it has ended
                thread.join(60)
    for name in DAMAGED:
        assert len([record for record in caplog.records if name in record.getMessage()]) == 1
    assert caplog.messages[-1] == "2 of 16 pictures cannot be shown; mend them, and begin anew with another --db"
    assert len(caplog.messages) == 3


def test_it_ends_with_the_pages(study: StudyDatabase, rated: RatedSet) -> None:
    with check_beside(study, rated.dataset, StudyPictures(study, rated.dataset)):
        pass
    assert [thread.name for thread in threading.enumerate() if thread.name == "picture check"] == []


def test_the_command_tells_it_beside_its_address(rated: RatedSet, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "study", str(rated.dataset.path), "--db", str(tmp_path / "r.sqlite")]
    environment = {**os.environ, "EDITJUDGE_HOME": str(tmp_path / "home")}
    with subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        late = threading.Timer(120, server.kill)
        late.start()
        told = []
        for line in server.stderr:
            told.append(line)
            if "pictures cannot be shown" in line:
                break
        server.send_signal(signal.SIGINT)
        server.wait(60)
        late.cancel()
    text = "".join(told)
    assert [name for name in DAMAGED if name not in text] == []
    assert "2 of 16 pictures cannot be shown" in text
