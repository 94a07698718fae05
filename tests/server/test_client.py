"""The client against a service that runs: the answers of a Scorer, its errors, and patience with bounds."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from benchmarks.reliability.edits import VARYING
from editjudge import ImageError, InputError, InstructionError, Scorer
from editjudge.datasets.demo import load_demo
from editjudge.server.client import Retries, ScoreClient
from editjudge.server.client_answers import ServiceError, UnreachedError
from editjudge.server.engine.refusal import NotReadyError, QueueFullError, RefusedError
from editjudge.utils.json_safe import to_json
from support.running_service import RunningService, serving

EDIT = load_demo()[0]
EDITED = [candidate.file for candidate in EDIT.candidates]
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """With a token, on a Unix socket and so without a port."""
    path = tmp_path_factory.mktemp("service") / "service.sock"
    with serving(
        "--uds", str(path), "--device", "cpu", "--queue", "4", environment={"EDITJUDGE_TOKEN": TOKEN}
    ) as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[ScoreClient]:
    assert service.address is not None
    with ScoreClient(service.address, TOKEN) as asking:
        yield asking


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    with Scorer.load("studio", "cpu", threads=1) as opened:  # as each thread of a service runs the models
        yield opened


def settled(answer: Any) -> Any:
    """An answer without what differs from call to call."""
    if isinstance(answer, dict):
        return {name: settled(value) for name, value in answer.items() if name not in VARYING}
    return list(map(settled, answer)) if isinstance(answer, list) else answer


def near(answer: Any) -> Any:
    """What equals an answer of which the last digits are others, as pictures that are scored together may have them."""
    if isinstance(answer, dict):
        return {name: near(value) for name, value in settled(answer).items()}
    if isinstance(answer, list):
        return list(map(near, answer))
    return pytest.approx(answer, rel=1e-4, abs=1e-4) if isinstance(answer, float) else answer


def expected(content: Any) -> Any:
    return near(json.loads(to_json(content)))


def test_scores_are_those_of_a_scorer(client: ScoreClient, scorer: Scorer) -> None:
    score = scorer.score(EDIT.original, EDITED[0], EDIT.instruction, metrics=("l2", "ssim"))
    answer = client.score(EDIT.original, EDITED[0], EDIT.instruction, metrics=("l2", "ssim"))
    assert answer.pop("metrics_left_out") == []
    assert settled(answer) == expected(score.to_dict())


def test_pictures_in_every_form(client: ScoreClient) -> None:
    """What is no file is sent as its pixels."""
    answers = [
        client.score(first, second, EDIT.instruction)
        for first, second in [
            (EDIT.original, EDITED[0]),
            (str(EDIT.original), EDITED[0].read_bytes()),
            (PIL.Image.open(EDIT.original), PIL.Image.open(EDITED[0])),
            (np.asarray(PIL.Image.open(EDIT.original).convert("RGB")), EDITED[0]),
        ]
    ]
    assert all(settled(answer) == near(answers[0]) for answer in answers[1:])


def test_a_ranking(client: ScoreClient, scorer: Scorer) -> None:
    ranked = scorer.prepare(EDIT.original, EDIT.instruction).rank(EDITED)
    answer = client.rank(EDIT.original, EDIT.instruction, EDITED)
    assert answer["instruction"] == EDIT.instruction
    assert [row["file"] for row in answer["ranking"]] == [EDITED[one.index].name for one in ranked]
    assert [row["score"]["bpm"] for row in answer["ranking"]] == near([one.score.bpm for one in ranked if one.score])
    best = client.rank(EDIT.original, EDIT.instruction, EDITED, best=1)
    assert best["ranking"][0]["file"] == answer["ranking"][0]["file"]


def test_a_candidate_that_cannot_be_read_has_its_error(client: ScoreClient) -> None:
    answer = client.rank(EDIT.original, EDIT.instruction, [EDITED[0], b"no picture"])
    assert [row["error"] is None for row in answer["ranking"]] == [True, False]


def test_a_candidate_that_cannot_even_be_sent_has_its_error(client: ScoreClient, scorer: Scorer) -> None:
    """All are as in the ranking of a Scorer, in its order."""
    candidates = ["nowhere.png", EDITED[1], b"", EDITED[0], b"no picture"]
    expected_rows = scorer.prepare(EDIT.original, EDIT.instruction).rank(candidates)
    for given in (candidates, iter(candidates)):
        rows = client.rank(EDIT.original, EDIT.instruction, given)["ranking"]
        assert [(row["rank"], row["index"]) for row in rows] == [
            (place, one.index) for place, one in enumerate(expected_rows, 1)
        ]
        assert [row["error"] is None for row in rows] == [True, True, False, False, False]
        assert "nowhere.png does not exist" in rows[2]["error"]
        assert "empty" in rows[3]["error"]
        assert [row["file"] for row in rows[2:]] == ["nowhere.png", "picture", "picture"]
        assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
    nothing = client.rank(EDIT.original, EDIT.instruction, ["nowhere.png", b""])["ranking"]
    assert [(row["rank"], row["index"], row["score"]) for row in nothing] == [(1, 0, None), (2, 1, None)]


def test_numbers_may_be_numpys_and_texts_no_texts(client: ScoreClient) -> None:
    pictures = (EDIT.original, EDIT.instruction, EDITED)
    plain = client.rank(*pictures, best=1)["ranking"]
    assert client.rank(*pictures, best=np.int64(1))["ranking"][0]["index"] == plain[0]["index"]  # type: ignore[arg-type]
    assert client.score(EDIT.original, EDITED[0], EDIT.instruction, budget_ms=np.float32(1e5))["bpm"] is not None  # type: ignore[arg-type]
    assert client.score(EDIT.original, EDITED[0], f"{EDIT.instruction} \ud800")["headline"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"instruction": 7}, "instruction is 7; give a text"),
        ({"metrics": {"l2"}}, "metrics is of type set; give a list of texts"),
        ({"metrics": 7}, "metrics is 7; give a list of texts"),
        ({"metrics": (7,)}, "metrics is of type tuple; give a list of texts"),
        ({"compat": b"paper"}, "compat is b'paper'; give a text"),
        ({"budget_ms": "soon"}, "budget_ms is 'soon'; give a number"),
        ({"budget_ms": float("nan")}, "budget_ms is nan; give a number"),
        ({"best": True}, "best is True; give a whole number"),
        ({"best": 1.5}, "best is 1.5; give a whole number"),
        ({"candidates": "a.png"}, "candidates is 'a.png'; give a list"),
    ],
)
def test_what_is_no_argument_is_refused_before_it_is_sent(changed: dict[str, Any], words: str) -> None:
    arguments = {"original": EDIT.original, "instruction": EDIT.instruction, "candidates": EDITED, **changed}
    with ScoreClient("http://127.0.0.1:9") as client, pytest.raises(InputError) as raised:
        client.rank(**arguments)
    assert words in str(raised.value)


def test_differences_and_rewards(client: ScoreClient, scorer: Scorer) -> None:
    found = scorer.differences(EDIT.original, EDITED[0], EDIT.instruction)
    answer = client.differences(EDIT.original, EDITED[0], EDIT.instruction)
    assert settled(answer["differences"]) == expected(found.to_dict()["differences"])
    assert client.differences(EDIT.original, EDITED[0])["kind"] == found.kind
    rewarded = client.reward(EDIT.original, EDITED[0], EDIT.instruction)
    assert set(rewarded) == {"following", "preserving", "quality", "judge"}


def test_errors_are_those_of_a_scorer(client: ScoreClient, scorer: Scorer) -> None:
    for calling in (client, scorer):
        with pytest.raises(InstructionError):
            calling.score(EDIT.original, EDITED[0], " ")
        with pytest.raises(InputError, match="there is no metric"):
            calling.score(EDIT.original, EDITED[0], EDIT.instruction, metrics=("l3",))
        with pytest.raises(ImageError, match=r"nowhere\.png"):
            calling.score("nowhere.png", EDITED[0], EDIT.instruction)
        with pytest.raises(ImageError):
            calling.score(b"no picture", EDITED[0], EDIT.instruction)


def test_another_token_is_not_tried_again(service: RunningService) -> None:
    assert service.address is not None
    for token in (None, "another-token-than-that"):
        with ScoreClient(service.address, token) as stranger:
            with pytest.raises(InputError, match="token"):
                stranger.score(EDIT.original, EDITED[0], EDIT.instruction)
            assert stranger.health()["status"] == "ready"


def test_many_threads_share_a_client(client: ScoreClient) -> None:
    """The queue is bounded: some are refused, and come again."""
    answers: list[Any] = []
    known = near(client.score(EDIT.original, EDITED[0], EDIT.instruction))

    def ask() -> None:
        answers.append(settled(client.score(EDIT.original, EDITED[0], EDIT.instruction)))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert all(answer == known for answer in answers)


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[float]]]:
    """A server that gives these answers in turn, and hangs up after each; its address, and when it was asked."""
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for content in answers:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(time.monotonic())
                    connection.settimeout(5)
                    received = b""
                    while not received.endswith(b"--\r\n"):
                        received += connection.recv(1 << 20) or b"--\r\n"
                    connection.sendall(content)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        with suppress(OSError):  # macOS: it has no peer
            listener.shutdown(socket.SHUT_RDWR)  # on Linux a thread that waits for a client would wait on
    thread.join(5)


def written(status: int, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


def error(status: int, kind: str, *headers: str) -> bytes:
    return written(status, json.dumps({"error": {"kind": kind, "message": "told so"}}), *headers)


def ask(address: str, retries: Retries | None = None, timeout: float = 5.0) -> dict[str, Any]:
    with ScoreClient(address, retries=retries, timeout=timeout) as client:
        return client.score(EDIT.original, EDITED[0], EDIT.instruction)


def test_who_is_busy_is_asked_again_when_it_says() -> None:
    busy = error(429, "QueueFullError", "Retry-After: 1")
    lost = b""
    with answering(busy, lost, written(200, '{"bpm": null}')) as (address, asked):
        assert ask(address, Retries(pause=0.01)) == {"bpm": None}
    assert len(asked) == 3
    assert asked[1] - asked[0] >= 1.0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(429, "QueueFullError", "Retry-After: 0"), QueueFullError),
        (error(503, "NotReadyError", "Retry-After: 0"), NotReadyError),
        (error(503, "OverdueError", "Retry-After: 0"), RefusedError),
        (error(503, "BusyMemoryError", "Retry-After: 0"), RefusedError),
        (error(503, "NoQueueFullError", "Retry-After: 0"), ServiceError),
        (written(503, "<html>Service Unavailable</html>"), ServiceError),
        (b"", ServiceError),
    ],
)
def test_patience_has_a_bound(answer: bytes, kind: type[Exception]) -> None:
    with answering(*4 * [answer]) as (address, asked):
        with pytest.raises(kind) as raised:
            ask(address, Retries(tries=3, pause=0.01))
        assert type(raised.value) is kind
        assert len(asked) == 3


def test_a_service_that_asks_for_too_much_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(error(503, "NotReadyError", "Retry-After: 3600")) as (address, asked):
        with pytest.raises(NotReadyError, match="told so") as raised:
            ask(address, Retries(seconds=5))
        assert len(asked) == 1
        assert raised.value.retry_after == 3600


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "no JSON", '"text"', '{"bpm": '], ids=["empty", "list", "null", "text", "string", "cut"]
)
def test_what_is_no_answer_is_none(body: str) -> None:
    with answering(written(200, body)) as (address, _), pytest.raises(ServiceError, match="is no editjudge"):
        ask(address)


def test_a_refusal_is_told_once() -> None:
    with answering(error(413, "TooLargeError")) as (address, asked):
        with pytest.raises(InputError, match="told so"):
            ask(address)
        assert len(asked) == 1
    with answering(error(500, "InternalError")) as (address, asked), pytest.raises(ServiceError, match="told so"):
        ask(address)
    with answering(written(302, "", "Location: http://127.0.0.1:9/")) as (address, _), pytest.raises(ServiceError):
        ask(address)


def test_a_service_that_does_not_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServiceError, match="does not answer in time"):
            ask(address, timeout=0.3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore leaves such a socket open
def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", tmp_path / "no.sock"):
        with ScoreClient(address, retries=Retries(tries=2, pause=0.01)) as client:
            with pytest.raises(ServiceError, match="cannot be asked"):
                client.score(EDIT.original, EDITED[0], EDIT.instruction)
            with pytest.raises(ServiceError, match="cannot be asked"):
                client.health()


@pytest.mark.parametrize("address", ["", "127.0.0.1:8400", "ftp://host", "http://", "http://host:port", "http://[::1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InputError, match="is no address of a service"):
        ScoreClient(address)


@pytest.mark.parametrize("address", [7, None, b"http://127.0.0.1", "http://a.b\ud800", "/tmp/a\0b"])
def test_what_is_not_even_a_text_is_no_address(address: Any) -> None:
    with pytest.raises(InputError, match="is no address of a service"):
        ScoreClient(address)


def test_a_token_as_it_is_read_from_a_file(service: RunningService) -> None:
    assert service.address is not None
    with ScoreClient(service.address, f" {TOKEN}\r\n") as asking:
        assert asking.reward(EDIT.original, EDITED[0], EDIT.instruction)


@pytest.mark.parametrize(
    "token", ["", "short", "a secret of\nseveral lines", "sécret-" * 4, b"a-token-of-the-tests", 7]
)
def test_what_is_no_token_is_not_repeated(token: Any) -> None:
    with pytest.raises(InputError, match="the token is none that a service has; give its at least 16") as raised:
        ScoreClient("http://127.0.0.1:8400", token)
    assert "secret of" not in str(raised.value)


def test_no_message_repeats_a_password() -> None:
    with pytest.raises(InputError, match="is no address") as raised:
        ScoreClient("ftp://anna:pa/ss@word@host")
    assert "ftp://host is" in str(raised.value)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with ScoreClient(f"http://anna:password@127.0.0.1:{port}") as client, pytest.raises(ServiceError) as failed:
        client.health()
    assert f"http://127.0.0.1:{port} cannot be asked" in str(failed.value)
    assert "password" not in str(failed.value)


@pytest.mark.parametrize("proxy", ["socks4://anna:password@host", "http://[::1", "nonsense://host"])
def test_a_proxy_that_cannot_be_used(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    with pytest.raises(
        InputError, match="the environment names a proxy that cannot be used; mend HTTP_PROXY"
    ) as raised:
        ScoreClient("http://service.invalid:8400")
    assert "password" not in str(raised.value)
    ScoreClient("http://127.0.0.1:8400").close()  # on this machine none is asked


def test_what_cannot_be_decoded_is_none_of_ours() -> None:
    with answering(written(200, "no gzip", "Content-Encoding: gzip")) as (address, asked):
        with pytest.raises(ServiceError, match="is no editjudge"):
            ask(address)
        assert len(asked) == 1
    deep = "[" * 100_000
    with answering(written(200, deep)) as (address, _), pytest.raises(ServiceError, match="is no editjudge"):
        ask(address)
    with answering(written(400, deep)) as (address, _), pytest.raises(ServiceError, match="with status 400"):
        ask(address)


def test_one_that_is_not_there_is_left_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(UnreachedError, match="cannot be asked"):
        ask(f"http://127.0.0.1:{port}")
    assert time.monotonic() - begun < 30  # of the 120 s that a busy one has


def test_a_client_that_is_closed() -> None:
    client = ScoreClient("http://127.0.0.1:9")
    client.close()
    client.close()
    for call in (client.health, lambda: client.reward(EDIT.original, EDITED[0], EDIT.instruction)):
        with pytest.raises(InputError, match="this client is closed; make another"):
            call()


@pytest.mark.parametrize("values", [{"tries": 0}, {"tries": 1.5}, {"seconds": -1}, {"pause": float("nan")}])
def test_what_are_no_retries(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(values))} is .*; give a"):
        Retries(**values)
    with pytest.raises(InputError, match="timeout is 'long'; give a number"):
        ScoreClient("http://127.0.0.1:9", timeout="long")  # type: ignore[arg-type]
