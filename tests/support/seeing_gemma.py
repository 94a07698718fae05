"""Gemma 3 270M with eyes: questions with pictures for it, and its file with a chat template of ours."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from editjudge.backends.vision_language import VisionQuestion

SCHEMA = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string", "maxLength": 12},
        "pass": {"type": "string", "enum": ["yes", "no"]},
        "score": {"type": "integer", "enum": [0, 1, 2, 3, 4, 5]},
    },
    "required": ["reasoning", "pass", "score"],
    "additionalProperties": False,
}
TEMPLATE = """{%- set ns = namespace(before='') -%}
{%- for message in messages -%}
{%- set text = message.content if message.content is string else message.content | map(attribute='text') | join -%}
{%- if message.role == 'system' -%}{%- set ns.before = text + '\\n\\n' -%}
{%- else -%}{{ '<start_of_turn>' + message.role + '\\n' + ns.before + text | trim + '<end_of_turn>\\n' }}{%- endif -%}
{%- endfor -%}
{{ '<start_of_turn>model\\n' }}"""
"""Takes texts as well as lists of parts, and tells what the model is told before in the user's turn, as Gemma 3's."""
HEAD, ALIGNED = 24, 32
"""Bytes of a GGUF before its entries, and of what its tensors are aligned to."""


def draw_png(seed: int, size: int = 96) -> bytes:
    """A picture of noise as a PNG file."""
    noise = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    return cv2.imencode(".png", noise)[1].tobytes()


def ask(text: str = " Was 'make it red' followed?", **changes: object) -> VisionQuestion:
    """A question about two pictures."""
    settings = {"schema": SCHEMA, "name": "side", "longest": 200, "system": "You judge edits.", **changes}
    return VisionQuestion(("Before: ", draw_png(0), " After: ", draw_png(1), text), **settings)


def add_chat_template(source: Path, target: Path) -> None:
    """Copies a GGUF that has no chat template, and gives it one."""
    content = source.read_bytes()
    version, tensors, entries = struct.unpack_from("<IQQ", content, 4)
    key, template = b"tokenizer.chat_template", TEMPLATE.encode()
    layout = f"<Q{len(key)}sIQ"
    template += b" " * (-(struct.calcsize(layout) + len(template)) % ALIGNED)  # so that no tensor moves out of line
    entry = struct.pack(layout, len(key), key, 8, len(template)) + template
    target.write_bytes(content[:4] + struct.pack("<IQQ", version, tensors, entries + 1) + entry + content[HEAD:])
