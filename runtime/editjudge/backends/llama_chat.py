"""A question in the form that a model's chat template gives it, and the grammar of its answer, for llama.cpp."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from editjudge.backends.llama_library import load_llama_cpp
from editjudge.errors import InputError

GEMMA_TEMPLATE = (
    "{% for message in messages %}<start_of_turn>{{ message.role }}\n{{ message.content }}<end_of_turn>\n{% endfor %}"
    "{{ '<start_of_turn>model\n' }}"  # Jinja leaves out a line break that ends a template
)
"""For a model that brings none, as base models do."""
PLACE = re.compile("\ue000(\\d+)\ue001")
"""Stands in the template for a piece of the question: a character of private use is in no template."""
RULES = {"char": r'[^"\\\x00-\x1F\x7F] | "\\" ["\\/bfnrt]', "space": '" "?'}
"""In the place of llama-cpp-python's own: theirs let a line break into a text, which JSON does not, and the escape of
half a character, which cannot be encoded; and white space must not go on and on."""


@dataclass(frozen=True)
class ChatPart:
    """A text, or the bytes of a picture's file. Names of special tokens mean these only in the template's own text."""

    content: str | bytes
    special: bool = False


def render_chat(template: str | None, end: str, system: str, content: Sequence[str | bytes]) -> list[ChatPart]:
    """A turn of the user, and the beginning of the model's.

    Only what the template adds is read for special tokens, so that no instruction can end the user's turn, and nothing
    that it holds is taken for a picture.

    Args:
        template: In Jinja, as GGUF files hold them; None: that of Gemma.
        end: The text of the model's last token.
        system: What the model is told before, or "". Where a template has no such turn, it goes before the content.
        content: As in `VisionQuestion`.

    Raises InputError for a template that cannot be used.
    """
    pieces = [*([system] if system else []), *content]
    places = [f"\ue000{index}\ue001" for index in range(len(pieces))]
    first = 1 if system else 0
    user = {"role": "user", "content": "".join(places[first:])}
    try:
        if template is None:
            template, first = GEMMA_TEMPLATE, 0
        if first:
            try:
                text = _render(template, end, [{"role": "system", "content": places[0]}, user])
            except (TemplateError, ValueError):
                first = 0
        if not first:
            user["content"] = f"{places[0]}\n\n{''.join(places[1:])}" if system else "".join(places)
            text = _render(template, end, [user])
    except (TemplateError, ValueError, TypeError) as error:
        raise InputError(f"the model's chat template cannot be used ({error}); name another model") from error
    split = PLACE.split(text)
    if split[1::2] != [str(index) for index in range(len(pieces))]:
        raise InputError("the model's chat template leaves out what it is to hold; name another model")
    parts = [ChatPart(split[0], special=True)]
    for index, after in enumerate(split[2::2]):
        parts += [ChatPart(pieces[index]), ChatPart(after, special=True)]
    return [part for part in parts if part.content != ""]


def _render(template: str, end: str, messages: list[dict[str, str]]) -> str:
    formatter = load_llama_cpp().llama_chat_format.Jinja2ChatFormatter(template, eos_token=end, bos_token="")
    return str(formatter(messages=messages).prompt)  # the first token is added when it is read


def write_grammar(schema: Mapping[str, Any]) -> str:
    """The GBNF of the JSON texts that fit a schema. Its numbers must be enumerated: bounds of numbers are passed over.

    Raises InputError for a schema that has no grammar.
    """
    try:
        grammar = load_llama_cpp().llama_grammar.json_schema_to_gbnf(json.dumps(schema))
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"the schema of the answer cannot be made a grammar ({error}); change it") from error
    lines = (line.split(" ::= ", 1) for line in grammar.splitlines())
    return "\n".join(f"{name} ::= {RULES.get(name, rule)}" for name, rule in lines)
