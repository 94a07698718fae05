"""Judges by what they are called, opened once in a process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from editjudge.backends.vision_language import VisionLanguageModel
from editjudge.errors import InputError, quote_value
from editjudge.metrics.vlm_judge.answer_store import AnswerStore
from editjudge.metrics.vlm_judge.judge import MOST_REQUESTS, REQUESTS, VlmJudge
from editjudge.metrics.vlm_judge.names import BACKENDS
from editjudge.metrics.vlm_judge.prompts.catalog import find_prompts
from editjudge.metrics.vlm_judge.request_pool import RequestPool
from editjudge.metrics.vlm_judge.sent_picture import LONGEST
from editjudge.utils.arguments import TEXT, number
from editjudge.utils.forks import new_lock

TIMEOUT = 300.0
SECONDS = number(1, 86_400)

_opening = new_lock()
_opened: dict[tuple[Any, ...], Any] = {}
"""Models, pools and judges by what they depend on: a model of gigabytes is loaded once, whatever it is asked."""


def open_judge(
    prompts: str,
    backend: str,
    model: str,
    *,
    passes: int = 1,
    seed: int = 0,
    temperature: float | None = None,
    requests: int = REQUESTS,
    longest_side: int = LONGEST,
    mmproj: str | None = None,
    base_url: str | None = None,
    timeout: float = TIMEOUT,
    keep_answers: bool = True,
) -> VlmJudge:
    """A judge; the same one for the same arguments, so leave it open. No more than `requests` questions are under way
    to one model, whichever judges ask it.

    Args:
        prompts: The name of a prompt set.
        backend: llama or openai.
        model: The path of a GGUF, or a model's name at the endpoint.
        passes, seed, temperature, longest_side: As VlmJudge has them.
        mmproj: The path of the GGUF with the model's eyes; None: the only one beside the model.
        base_url: Of the endpoint; None: OPENAI_BASE_URL, else OpenAI's own. The key is that of OPENAI_API_KEY.
        timeout: Seconds that an endpoint has for a question, all tries together.
        keep_answers: Whether answers are kept on disk, and taken from there.

    Raises InputError for an argument that makes no sense, JudgeError for want of a key, DeviceError for want of a
    package, BundleError or OutOfMemoryError for a model that cannot be loaded.
    """
    TEXT.check(prompts=prompts, backend=backend, model=model)
    MOST_REQUESTS.check(requests=requests)
    SECONDS.check(timeout=timeout)
    asked = find_prompts(prompts)
    if backend not in BACKENDS:
        raise InputError(f"there is no judge {quote_value(backend)}; choose {' or '.join(BACKENDS)}")
    for name, value, owner in (("mmproj", mmproj, "llama"), ("base_url", base_url, "openai")):
        if value is not None and backend != owner:
            raise InputError(f"{name} means nothing to the judge {backend}; leave it out, or take the judge {owner}")
    environment = tuple(os.environ.get(name) for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"))
    of_model = (backend, model, mmproj, base_url, timeout, environment if backend == "openai" else ())
    settings = (passes, seed, temperature, longest_side, keep_answers)
    with _opening:
        key = (*of_model, requests, prompts, *settings)
        if key not in _opened:
            opened = _opened.get(of_model) or _open_model(backend, model, mmproj, base_url, timeout)
            _opened[of_model] = opened
            pool = _opened.setdefault((*of_model, requests), RequestPool(requests))
            _opened[key] = VlmJudge(
                opened,
                asked,
                passes=passes,
                seed=seed,
                temperature=temperature,
                store=AnswerStore() if keep_answers else None,
                longest_side=longest_side,
                pool=pool,
            )
        judge: VlmJudge = _opened[key]
    return judge


def _open_model(
    backend: str, model: str, mmproj: str | None, base_url: str | None, timeout: float
) -> VisionLanguageModel:
    if backend == "openai":
        from editjudge.backends.openai_api import OpenAiModel, Patience  # noqa: PLC0415  (few need it)

        return OpenAiModel(model, base_url, Patience(seconds=timeout))
    from editjudge.backends.llama_vision import LlamaVisionModel  # noqa: PLC0415  (few need it)

    return LlamaVisionModel(Path(model), Path(mmproj) if mmproj else None)
