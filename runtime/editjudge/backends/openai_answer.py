"""What an endpoint of OpenAI's form sends back where it answers."""

from __future__ import annotations

import json
from typing import Any

from editjudge.backends.openai_faults import Fault, shorten_text
from editjudge.backends.vision_language import VisionAnswer
from editjudge.utils.text import mask_key, mask_keys

MOST_TOKENS = 2**40
"""Of one answer; a number beyond is none."""


def read_completion(body: bytes, *, model: str, place: str, key: str | None) -> VisionAnswer | Fault:
    """The answer in what a server sent.

    Args:
        model: As messages name it.
        place: The address, likewise.
        key: To be masked, in answers too: they are kept and shown.
    """
    try:
        content = json.loads(body)
        choice = content["choices"][0]
        message, end, usage = choice["message"], choice.get("finish_reason"), content.get("usage")
        text, refusal = _join_parts(message.get("content")), message.get("refusal")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        said = shorten_text(mask_keys(body.decode(errors="replace"), key))
        return Fault(
            f"the server at {place} answered in another form than OpenAI's ({said!r}); check its address", True
        )
    if refusal or end == "content_filter":
        why = shorten_text(mask_keys(str(refusal or "its content filter"), key))
        return Fault(f"the model {model} refused to judge this edit ({why}); ask another model")
    if end == "length":
        return Fault(f"the answer of {model} was cut off before its end; ask a model that keeps to a form")
    if not isinstance(text, str) or not text.strip():
        return Fault(f"the model {model} answered nothing; check the model and its server")
    spent = (_read_count(usage, name) for name in ("prompt_tokens", "completion_tokens"))
    return VisionAnswer(mask_key(text, key), *spent)


def _join_parts(content: Any) -> Any:
    """The text of an answer, which some servers send in parts."""
    if not isinstance(content, list):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _read_count(usage: Any, name: str) -> int | None:
    number = usage.get(name) if isinstance(usage, dict) else None
    return number if type(number) is int and 0 <= number <= MOST_TOKENS else None
