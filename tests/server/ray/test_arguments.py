"""What a deployment is told."""

from __future__ import annotations

from typing import Any

import pytest

from editjudge.errors import InputError
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.server.ray.arguments import ReplicaPlan, read_arguments


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDITJUDGE_TOKEN", raising=False)


def test_without_any_a_replica_has_one_core_and_stays_on_it() -> None:
    options, plan = read_arguments({})
    assert plan == ReplicaPlan(replicas=1, cpus=1, gpus=0.0)
    assert options == ServiceOptions(device="cpu", inference_threads=1, threads=1)


def test_numbers_come_as_texts_from_the_command_line_and_as_numbers_from_a_file() -> None:
    typed = {"bundle": "photo-edge", "replicas": "3", "gpus": "0.5", "queue": "8", "max_mb": "2", "answer_seconds": "9"}
    written = {"bundle": "photo-edge", "replicas": 3, "gpus": 0.5, "queue": 8, "max_mb": 2, "answer_seconds": 9.0}
    limits = RequestLimits(max_bytes=2 * 2**20, answer_seconds=9.0)
    expected = ServiceOptions(bundle="photo-edge", queue=8, limits=limits), ReplicaPlan(replicas=3, gpus=0.5)
    assert read_arguments(typed) == read_arguments(written) == expected


def test_the_rest_is_as_the_command_has_it() -> None:
    arguments = {"compat": "released", "accept_at": "0.4", "look": "all", "cpus": 4, "max_pixels": 4096, "max_items": 2}
    options, plan = read_arguments(arguments | {"receive_seconds": 3, "max_request_pixels": 8192})
    assert (options.compat, options.accept_at, options.look) == ("released", 0.4, "all")
    assert (options.inference_threads, options.threads, plan.cpus) == (4, 1, 4)
    assert options.limits == RequestLimits(max_pixels=4096, max_request_pixels=8192, max_items=2, receive_seconds=3.0)
    assert ServiceOptions.from_json(options.to_json()) == options


def test_the_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITJUDGE_TOKEN", " 0123456789abcdef\n")
    assert read_arguments({})[0].token == "0123456789abcdef"
    monkeypatch.setenv("EDITJUDGE_TOKEN", "short")
    with pytest.raises(InputError, match="the token of EDITJUDGE_TOKEN cannot be used; write at least 16"):
        read_arguments({})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"workers": 2}, "there is no argument workers; there are replicas, cpus"),
        ({"replicas": 0}, "replicas is 0; give a whole number from 1"),
        ({"replicas": "1.5"}, "replicas is '1.5'; give a whole number"),
        ({"replicas": "many"}, "replicas is 'many'; give a whole number"),
        ({"replicas": True}, "replicas is True; give a whole number"),
        ({"queue": None}, "queue is None; give a whole number"),
        ({"queue": "nan"}, "queue is 'nan'; give a whole number"),
        ({"queue": "inf"}, "queue is 'inf'; give a whole number"),
        ({"gpus": -1}, "gpus is -1; give a number from 0"),
        ({"answer_seconds": 0}, "answer_seconds is 0; give a number from 0.1"),
        ({"bundle": 3}, "bundle is 3; give a text"),
        ({"compat": "guessed"}, "compat"),
        ({"look": "twice"}, "look"),
        ({"accept_at": "two"}, "accept_at"),
        ({"device": "abacus"}, "there is no device 'abacus'"),
        ({"device": "cuda"}, "device is 'cuda', and no GPU is set aside; add gpus=1"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_arguments(arguments)
    assert words in str(caught.value)


def test_a_gpu_is_used_where_one_is_set_aside() -> None:
    options, plan = read_arguments({"gpus": "1", "device": "cuda"})
    assert (options.device, options.inference_threads, options.threads, plan.gpus) == ("cuda", None, None, 1.0)
