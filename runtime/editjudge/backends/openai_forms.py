"""How a question is put to an endpoint of OpenAI's form: its messages, and the form that the answer is to have."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from editjudge.backends.vision_language import VisionQuestion

Schema = Mapping[str, Any]

OPTIONAL = ("temperature", "seed")
"""What is left out where a server does not take it: models that think often have a temperature of their own."""
_NOT_TAKEN = (
    r"(?:not (?:be )?(?:support|permit|allow|accept)|n't support|unsupported|unrecogni[sz]ed|unknown|unexpected"
    r"|only the default|deprecated)"
)


def find_refused(said: str) -> str | None:
    """The one of OPTIONAL that a server says it does not take; None: it does not say so."""
    for name in OPTIONAL:
        if re.search(rf"\b{name}\b[^.]{{0,80}}{_NOT_TAKEN}|{_NOT_TAKEN}[^.]{{0,80}}\b{name}\b", said, re.IGNORECASE):
            return name
    return None


def to_messages(question: VisionQuestion) -> list[dict[str, Any]]:
    """Pictures go along as data, as no server can fetch them."""
    parts: list[dict[str, Any]] = []
    for part in question.content:
        if isinstance(part, str):
            parts.append({"type": "text", "text": part})
        else:
            url = f"data:image/png;base64,{base64.b64encode(part).decode()}"
            parts.append({"type": "image_url", "image_url": {"url": url}})
    system = [{"role": "system", "content": question.system}] if question.system else []
    return [*system, {"role": "user", "content": parts}]


def _strict(name: str, schema: Schema) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": dict(schema)}}


def _strict_unbounded(name: str, schema: Schema) -> dict[str, Any]:
    fields = {key: {k: v for k, v in field.items() if k != "maxLength"} for key, field in schema["properties"].items()}
    return _strict(name, {**schema, "properties": fields})


def _object_of_schema(name: str, schema: Schema) -> dict[str, Any]:
    return {"type": "json_object", "schema": dict(schema)}


def _any_object(name: str, schema: Schema) -> dict[str, Any]:
    return {"type": "json_object"}


FORMS: tuple[Callable[[str, Schema], dict[str, Any]], ...] = (
    _strict,
    _strict_unbounded,
    _object_of_schema,
    _any_object,
)
"""How the form of an answer is asked for: as vLLM, llama-server and Ollama take it; for services whose strict schemas
have no bounds of texts; for llama-cpp-python's server; and for those that know JSON alone. A server that refuses one is
asked in the next. Whatever it promises, the answer is checked."""
