"""An endpoint of OpenAI's form over a real connection, with a server that misbehaves in every way that is known of."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from email.utils import formatdate

import pytest

from editjudge.backends.openai_api import OpenAiModel, Patience
from editjudge.backends.openai_faults import NO_EYES, read_wait
from editjudge.backends.vision_language import VisionQuestion
from editjudge.errors import DeviceError, EditJudgeError, InputError, JudgeError
from support.fresh_process import run_python
from support.judge_server import Behaviour, Reply, Request, answer_well, complete, free_port, refuse, serve_judge

KEY = "sk-proj-0123456789abcdefGHIJ"
QUICK = Patience(tries=3, seconds=5.0, pause=0.01)
QUESTION = VisionQuestion(
    content=("The picture:", b"\x89PNG", "Is it good?"),
    schema={
        "type": "object",
        "properties": {"reasoning": {"type": "string", "maxLength": 40}, "score": {"type": "integer", "enum": [0, 1]}},
        "required": ["reasoning", "score"],
        "additionalProperties": False,
    },
    name="test_question",
    longest=99,
    seed=7,
    system="You judge.",
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def fail(behave: Behaviour, patience: Patience = QUICK) -> tuple[str, int]:
    """What the error says, and how many requests there were."""
    with serve_judge(behave) as server:
        model = OpenAiModel("m", server.url, patience)
        with pytest.raises(JudgeError) as caught:
            model.answer(QUESTION)
        model.close()
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    assert caught.value.__context__ is None  # which a traceback would show
    return str(caught.value), len(server.requests)


def test_a_question_as_it_is_sent() -> None:
    with serve_judge() as server:
        answer = OpenAiModel("a/model:7b", f"{server.url}/").answer(QUESTION)
    assert (answer.read_tokens, answer.written_tokens) == (100, 20)
    assert json.loads(answer.text) == {"reasoning": "The reasoning of it", "score": 0}
    (sent,) = server.requests
    assert server.keys == {f"Bearer {KEY}"}
    assert {name: sent[name] for name in ("model", "temperature", "seed", "max_tokens")} == {
        "model": "a/model:7b",
        "temperature": 0.0,
        "seed": 7,
        "max_tokens": 99,
    }
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "test_question", "strict": True, "schema": QUESTION.schema},
    }
    system, user = sent["messages"]
    assert system == {"role": "system", "content": "You judge."}
    assert user["content"] == [
        {"type": "text", "text": "The picture:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
        {"type": "text", "text": "Is it good?"},
    ]


@pytest.mark.parametrize(
    "fault",
    [
        refuse(429, "slow down", **{"Retry-After": "0.05"}),
        refuse(500, "oops"),
        refuse(503, "loading model"),
        refuse(408, "too late"),
        Reply(body=complete('{"reasoning": "so", "score": 1}'), cut=60),
        Reply(body='{"choices": [{"mess'),
        Reply(body="", cut=0),
    ],
    ids=["429", "500", "503", "408", "cut", "half", "nothing"],
)
def test_what_passes_is_tried_again(fault: Reply) -> None:
    with serve_judge(lambda request, number: answer_well(request, number) if number == 2 else fault) as server:
        assert OpenAiModel("m", server.url, QUICK).answer(QUESTION).written_tokens == 20
    assert len(server.requests) == 3
    said, requests = fail(lambda request, number: fault)
    assert requests == QUICK.tries
    assert "; " in said


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (400, "what is this", "does not take the question (400: "),
        (401, "no such key", "does not accept the key in OPENAI_API_KEY (401: "),
        (403, "not for you", "does not let this key use m (403: "),
        (404, "The model m does not exist", "knows no model m"),
        (400, "This model's maximum context length is 8192 tokens", "does not fit into the context of m"),
        (400, "Invalid content type. image_url is only supported by certain models.", "does not take pictures"),
        (500, "image input is not supported - hint: you may need to provide the mmproj", "does not take pictures"),
        (400, "m is not a multimodal model", "does not take pictures"),
        (500, "this model is missing data required for image input", "does not take pictures"),
    ],
)
def test_what_does_not_pass_is_told_at_once(status: int, message: str, said: str) -> None:
    told, requests = fail(lambda request, number: refuse(status, message))
    assert requests == 1
    assert said in told
    assert message in told


def test_only_want_of_eyes_is_taken_for_it() -> None:
    for text in ("internal error", "Rate limit reached for images per minute", "the image is too large to process"):
        assert not NO_EYES.search(text)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (complete('{"reasoning": "so', end="length"), "was cut off"),
        (complete(None, refusal="I will not."), "refused to judge this edit (I will not.)"),
        (complete("", end="content_filter"), "refused to judge this edit (its content filter)"),
        (complete(None), "answered nothing"),
        (complete("  "), "answered nothing"),
    ],
    ids=["length", "refusal", "filter", "none", "blank"],
)
def test_answers_that_are_none(body: str, said: str) -> None:
    told, requests = fail(lambda request, number: Reply(body=body))
    assert requests == 1
    assert said in told


@pytest.mark.parametrize(
    "reply",
    [
        refuse(400, f"the request with Authorization: Bearer {KEY} is bad"),
        refuse(500, f"key {KEY} is over its limit"),
        refuse(401, "Incorrect API key provided: sk-proj-01********GHIJ."),
        Reply(body=f"<html>{KEY}</html>"),
        Reply(body=complete(None, refusal=f"not for {KEY}")),
        Reply(200, KEY, {"Content-Encoding": "gzip"}),
    ],
    ids=["400", "500", "401", "html", "refusal", "encoding"],
)
def test_a_key_is_never_told(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told, _ = fail(lambda request, number: reply)
    assert KEY not in told
    assert "01********GHIJ" not in told
    assert KEY not in caplog.text


def test_a_key_in_an_answer_is_masked() -> None:
    with serve_judge(lambda request, number: Reply(body=complete(f'{{"reasoning": "{KEY}", "score": 1}}'))) as server:
        assert OpenAiModel("m", server.url).answer(QUESTION).text == '{"reasoning": "[key]", "score": 1}'


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=complete("{}"), wait=2.0),
        Reply(body=complete("{}"), drip=0.05),
        Reply(500, body=complete("{}"), drip=0.05),
    ],
    ids=["silent", "dripping", "dripping an error"],
)
def test_a_slow_server_is_not_waited_for_without_end(reply: Reply) -> None:
    begun = time.monotonic()
    told, _ = fail(lambda request, number: reply, Patience(tries=3, seconds=0.6, pause=0.01))
    assert time.monotonic() - begun < 1.6
    assert "has not answered in 0.6 seconds" in told


def test_a_server_that_asks_for_more_time_than_there_is() -> None:
    begun = time.monotonic()
    told, requests = fail(lambda request, number: refuse(429, "tomorrow", **{"Retry-After": "86400"}))
    assert (requests, time.monotonic() - begun < 1) == (1, True)
    assert "is busy (429: " in told


def test_when_to_come_back() -> None:
    assert read_wait({"retry-after": "1.5"}) == 1.5
    assert read_wait({"retry-after": "-3"}) == 0
    assert read_wait({"retry-after": formatdate(time.time() + 60)}) == pytest.approx(60, abs=2)
    for value in ("", "soon", "inf", "nan", "Fri, 31 Dec 99999 23:59:59 GMT", "Mon, 99 Foo 2020 99:99:99 GMT"):
        assert read_wait({"retry-after": value}) is None
    assert read_wait({}) is None


def test_nobody_there() -> None:
    model = OpenAiModel("m", f"http://127.0.0.1:{free_port()}/v1", QUICK)
    with pytest.raises(JudgeError, match=r"cannot be reached, or hung up .*; check the address and the server"):
        model.answer(QUESTION)


def test_a_server_that_is_killed_and_comes_back() -> None:
    port = free_port()
    model = OpenAiModel("m", f"http://127.0.0.1:{port}/v1", Patience(tries=60, seconds=20, pause=0.05))
    command = [sys.executable, "-m", "support.judge_server", str(port)]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd="tests") as server:
            assert server.stdout is not None
            server.stdout.readline()
            assert model.answer(QUESTION).written_tokens == 20
            server.kill()
    with pytest.raises(JudgeError, match="cannot be reached"):
        OpenAiModel("m", f"http://127.0.0.1:{port}/v1", QUICK).answer(QUESTION)


def test_servers_that_know_another_form_are_asked_in_it() -> None:
    def llama_cpp_python(request: dict, number: int) -> Reply:
        if request["response_format"]["type"] == "json_schema":
            return refuse(500, "[{'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text'\"}]")
        return answer_well(request, number)

    def bounds_refused(request: dict, number: int) -> Reply:
        if "maxLength" in json.dumps(request["response_format"]):
            return refuse(400, "Invalid schema: In context=('properties', 'reasoning'), 'maxLength' is not permitted.")
        return answer_well(request, number)

    def reasoner(request: dict, number: int) -> Reply:
        if "max_tokens" in request:
            return refuse(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return answer_well(request, number)

    for behave, requests in ((llama_cpp_python, 3), (bounds_refused, 2), (reasoner, 2)):
        with serve_judge(behave) as server:
            model = OpenAiModel("m", server.url, QUICK)
            for _ in range(3):
                assert model.answer(QUESTION).written_tokens == 20
        assert len(server.requests) == requests + 2  # what it takes is found out once
    assert server.requests[-1]["max_completion_tokens"] > QUESTION.longest  # what it thinks is counted
    told, requests = fail(lambda request, number: refuse(400, "response_format is not known"))
    assert requests == 4
    assert "does not take the question" in told


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8000", "is none; give one like"),
        ("ftp://a/v1", "is none"),
        ("http://", "is none"),
        ("http://[::1/v1", "is none"),
        (f"http://me:{KEY}@localhost/v1", "put the key into OPENAI_API_KEY"),
        (f"http://localhost/v1?key={KEY}", "put the key into OPENAI_API_KEY"),
    ],
)
def test_addresses_that_are_none(url: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        OpenAiModel("m", url)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY} {KEY}")
    with pytest.raises(JudgeError, match="copy it anew") as caught:
        OpenAiModel("m")
    assert KEY not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(JudgeError, match=r"there is no key for https://api\.openai\.com/v1; set OPENAI_API_KEY"):
        OpenAiModel("m")
    with serve_judge() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = OpenAiModel("m")
        assert model.identity == f"openai m at {server.url}"
        model.answer(QUESTION)
    assert server.keys == {"Bearer none"}  # the client does not go without


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(DeviceError, match=r"pip install 'editjudge\[judges\]'"):
        OpenAiModel("m", "http://localhost/v1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://localhost:1"),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("OPENAI_ORG_ID", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ],
)
def test_surroundings_that_no_call_can_be_made_in(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "ALL_PROXY":
        monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(name, value)
    with serve_judge() as server, pytest.raises(DeviceError, match=f"cannot be used; see .*{name}"):
        OpenAiModel("m", server.url, QUICK).answer(QUESTION)


def test_a_server_that_drips_headers_is_not_waited_for() -> None:
    """Each byte comes in time, and all of them never do."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n")
                    for number in range(60):
                        connection.sendall(f"X-{number}: y\r\n".encode())
                        time.sleep(0.1)

        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        model = OpenAiModel("m", f"http://127.0.0.1:{listening.getsockname()[1]}/v1", Patience(1, 0.5, 0.01))
        with pytest.raises(JudgeError, match=r"has not answered in 0\.5 seconds"):
            model.answer(QUESTION)
        assert time.monotonic() - begun < 4


def test_a_place_that_is_sent_on_to_gets_nothing() -> None:
    with serve_judge() as other, serve_judge() as server:
        moved = {"Location": f"{other.url}/chat/completions"}
        server.behave = lambda request, number: Reply(307, "", moved)
        with pytest.raises(JudgeError, match="sends on to another place"):
            OpenAiModel("m", server.url, QUICK).answer(QUESTION)
        assert not other.requests


@pytest.mark.parametrize("name", ["temperature", "seed"])
def test_what_a_server_does_not_take_is_left_out_from_then_on(name: str) -> None:
    def answer(request: Request, number: int) -> Reply:
        if name in request:
            return refuse(400, f"Unsupported value: '{name}' does not support 0 with this model.")
        return answer_well(request, number)

    with serve_judge(answer) as server:
        model = OpenAiModel("m", server.url, QUICK)
        for _ in range(2):
            assert model.answer(QUESTION).text
        assert [name in request for request in server.requests] == [True, False, False]


def test_what_an_app_raises_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a handler of signals does, in the middle of a call."""

    class AppError(Exception):
        pass

    def interrupt(*arguments: object) -> None:
        raise AppError

    with serve_judge() as server:
        model = OpenAiModel("m", server.url, QUICK)
        monkeypatch.setattr("editjudge.backends.openai_api._read_body", interrupt)
        with pytest.raises(AppError):
            model.answer(QUESTION)
    assert not issubclass(AppError, EditJudgeError)


FORKED = """
import sys
from editjudge.backends.openai_api import OpenAiModel
from support.forked import fork
from support.seeing_gemma import ask

model = OpenAiModel("m", sys.argv[1])
model.answer(ask())
print(fork(lambda: model.answer(ask())))
model.answer(ask())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_process_that_was_forked_has_a_connection_of_its_own() -> None:
    with serve_judge() as server:
        ended = run_python(FORKED, server.url, environment={"OPENAI_API_KEY": KEY}, seconds=60)
    assert (ended.stdout, len(server.requests), server.connections) == ("ended with 0\n", 3, 2), ended.stderr
