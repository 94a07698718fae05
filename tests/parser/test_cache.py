"""The answers that are kept on disk: whatever becomes of the file, an answer is right, or there is none."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from editjudge.bundles import cache as home_cache
from editjudge.errors import EditJudgeWarning
from editjudge.parser import cache as parse_cache
from editjudge.parser.cache import FILE_NAME, ParseCache
from editjudge.parser.calibration import SURE
from editjudge.parser.language_model import ModelAnswer
from support.fresh_process import run_python

ANSWER = ModelAnswer("remove hat", (SURE,), 3)


@pytest.fixture
def kept(tmp_path: Path) -> ParseCache:
    """A cache with one answer in it."""
    made = ParseCache(tmp_path, "a")
    made.put("text", ANSWER)
    assert made.get("text") == ANSWER
    return made


@pytest.fixture
def first_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not warned yet."""
    monkeypatch.setattr(home_cache, "_warnings", [])


@contextmanager
def open_file(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as connection:
        yield connection


def test_answers_of_another_model_do_not_count(tmp_path: Path, kept: ParseCache) -> None:
    assert ParseCache(tmp_path, "a").get("text") == ANSWER
    assert ParseCache(tmp_path, "b").get("text") is None
    assert kept.get("another") is None


def change_certainty(value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda answer: {**answer, "certainty": [{**answer["certainty"][0], "whole": value}]}


@pytest.mark.parametrize(
    "change",
    [
        *map(change_certainty, [float("nan"), float("inf"), -0.1, 1.5, 10**400, "1", None, True, [1], {}]),
        lambda answer: {**answer, "certainty": []},
        lambda answer: {**answer, "certainty": answer["certainty"] * 2},
        lambda answer: {**answer, "certainty": [{"whole": 1}]},
        lambda answer: {**answer, "certainty": "certain"},
        lambda answer: {**answer, "line": "hack > me"},
        lambda answer: {**answer, "line": "remove hat + remove"},
        lambda answer: {**answer, "line": ""},
        lambda answer: {**answer, "line": None},
        lambda answer: {**answer, "line": ["remove hat"]},
        lambda answer: {**answer, "tokens": -1},
        lambda answer: {**answer, "tokens": "3"},
        lambda answer: {**answer, "cut_short": "no"},
        lambda answer: {"line": "remove hat"},
        lambda answer: [answer],
        lambda answer: None,
        lambda answer: 7,
    ],
)
def test_what_no_model_answered_is_dropped_and_asked_anew(tmp_path: Path, kept: ParseCache, change: Any) -> None:
    with open_file(tmp_path) as connection:
        connection.execute("UPDATE answers SET answer = ?", [json.dumps(change(asdict(ANSWER)))])
    assert kept.get("text") is None
    kept.put("text", ANSWER)
    assert kept.get("text") == ANSWER


@pytest.mark.parametrize("value", ["", "{", "[" * 50_000, b"\x80\x04", 7, "9" * 5000, "x" * 10**6])
def test_values_that_are_not_even_json(tmp_path: Path, kept: ParseCache, value: Any) -> None:
    with open_file(tmp_path) as connection:
        connection.execute("UPDATE answers SET answer = ?", [value])
    assert kept.get("text") is None
    kept.put("text", ANSWER)
    assert kept.get("text") == ANSWER


def write_text(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says" * 100)


def cut_in_two(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def claim_a_newer_format(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[18:20] = b"\x09\x09"  # the versions of SQLite's format that are needed to write and to read it
    path.write_bytes(content)


def lay_out_otherwise(path: Path) -> None:
    path.unlink()
    with open_file(path.parent) as connection:
        connection.execute("CREATE TABLE answers (id, content)")


def never_end(path: Path) -> None:
    path.unlink()
    with open_file(path.parent) as connection:
        endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x FROM n"
        connection.execute(f"CREATE VIEW answers (question, answer) AS {endless}")


@pytest.mark.parametrize("damage", [write_text, cut_in_two, overwrite, claim_a_newer_format, lay_out_otherwise])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, kept: ParseCache, damage: Callable[[Path], None]) -> None:
    damage(tmp_path / FILE_NAME)
    assert kept.get("text") is None
    kept.put("text", ANSWER)
    assert kept.get("text") == ANSWER


def test_a_file_that_would_be_read_for_ever(tmp_path: Path, kept: ParseCache) -> None:
    never_end(tmp_path / FILE_NAME)
    started = time.monotonic()
    assert kept.get("text") is None
    kept.put("text", ANSWER)
    assert time.monotonic() - started < 5


def test_a_locked_file_is_not_waited_for(tmp_path: Path, kept: ParseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs 100 ms at most, once in a while; what was read meanwhile is not kept, and nothing is lost."""
    looks: list[float] = []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *all, **named: looks.append(0) or connect(*all, **named))
    with closing(connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        for _ in range(100):
            assert kept.get("text") is None
            kept.put("other", ANSWER)
        assert time.monotonic() - started < 2  # the figure is 0.04: the rest is for a busy machine
        assert len(looks) == 1
    monkeypatch.setattr(parse_cache, "REST", 0)
    assert ParseCache(tmp_path, "a").get("text") == ANSWER
    assert kept.get("text") is None  # as it still rests
    kept._resting_until = 0
    assert kept.get("text") == ANSWER


@pytest.mark.usefixtures("first_warning")
@pytest.mark.parametrize("kind", ["a file for the folder", "a folder for the file"])
def test_where_nothing_can_be_kept(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "answers"
    if kind == "a folder for the file":
        (folder / FILE_NAME / "more").mkdir(parents=True)
    else:
        folder.touch()
    nowhere = ParseCache(folder, "a")
    with pytest.warns(EditJudgeWarning, match="so nothing is kept for the next process; set EDITJUDGE_HOME"):
        nowhere.put("text", ANSWER)
    assert nowhere.get("text") is None  # without another warning, which would be an error here


def test_the_oldest_answers_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_cache, "MOST", 3)
    kept = ParseCache(tmp_path, "a")
    for text in "abcde":
        kept.put(text, ANSWER)
    assert [text for text in "abcde" if kept.get(text)] == ["c", "d", "e"]


def test_many_threads_begin_the_file_together(tmp_path: Path) -> None:
    caches = [ParseCache(tmp_path / "answers", "a") for _ in range(4)]
    wrong: list[object] = []

    def use(cache: ParseCache, own: int) -> None:
        for number in range(20):
            cache.put(f"{own} {number}", ANSWER)
            if cache.get(f"{own} {number}") not in (ANSWER, None):
                wrong.append((own, number))

    threads = [threading.Thread(target=use, args=(caches[own % 4], own)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_processes_begin_the_file_together_and_fork_while_they_use_it(tmp_path: Path) -> None:
    """No answer is wrong, nothing is raised, and no descriptor stays open."""
    program = """
        import os, sys, threading
        from pathlib import Path
        from editjudge.parser.cache import ParseCache
        from editjudge.parser.calibration import SURE
        from editjudge.parser.language_model import ModelAnswer

        answer, kept = ModelAnswer("remove hat", (SURE,), 3), ParseCache(Path(sys.argv[1]), "a")

        def use():
            for number in range(100):
                kept.put(str(number % 7), answer)
                assert kept.get(str(number % 7)) in (answer, None)

        thread = threading.Thread(target=use)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        thread.start()
        children = []
        for _ in range(6):
            child = os.fork()
            if child == 0:
                use()
                os._exit(7)
            children.append(child)
        thread.join()
        statuses = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
        after = len(os.listdir("/proc/self/fd")) if before else 0
        print(statuses, after - before)
    """
    done = run_python(program, tmp_path / "answers")
    assert (done.stdout.split(), done.stderr) == (["{7}", "0"], "")
