"""What the tools take and give, as JSON Schema, in the words that an assistant chooses them by."""

from __future__ import annotations

from typing import Any

from editjudge.metrics.registry import ALL, DEFAULT
from editjudge.server.mcp.calls import NAMES, ToolName
from editjudge.server.options import RequestLimits

JsonSchema = dict[str, Any]

NUMBER_OR_NULL: JsonSchema = {"type": ["number", "null"]}
TEXT_OR_NULL: JsonSchema = {"type": ["string", "null"]}

DESCRIPTIONS: dict[ToolName, str] = {
    "score": (
        "Scores one edited picture against its original and the instruction that was given: a number from 0 to 2, "
        "whether to accept the edit, what changed that was not asked for, and why. What could not be measured is null, "
        "never 0."
    ),
    "rank": (
        "Ranks several edited pictures of one original by how well they follow the instruction, best first. One that "
        "cannot be read comes last, with its error."
    ),
    "differences": (
        "Lists what was added, removed and edited between two pictures, each with its place in pixels of the original; "
        "with an instruction also whether it was asked for."
    ),
}

VERDICT: JsonSchema = {
    "type": "object",
    "properties": {
        "decision": {"enum": ["accept", "reject", "unsure", "not_judged"]},
        "probability": NUMBER_OR_NULL | {"description": "That the edit was well done, 0 to 1."},
    },
    "required": ["decision", "probability"],
}

DIFFERENCE: JsonSchema = {
    "type": "object",
    "properties": {
        "change": {"enum": ["ADD", "REMOVE", "EDIT"]},
        "element": TEXT_OR_NULL,
        "box": {"type": "array", "items": {"type": "number"}, "description": "x0, y0, x1, y1."},
        "share": {"type": "number", "description": "Of the picture, 0 to 1."},
        "confidence": {"type": "number"},
        "coherent": {"type": ["boolean", "null"], "description": "Whether it was asked for."},
        "coherence": NUMBER_OR_NULL,
        "rationale": TEXT_OR_NULL,
    },
    "required": ["change", "element", "box", "coherent"],
}

SCORE: JsonSchema = {
    "type": "object",
    "properties": {
        DEFAULT.name: NUMBER_OR_NULL | {"description": "0 to 2, higher is better; null: not measured."},
        "confidence": {"type": "number", "description": "In that number, 0 to 1."},
        "verdict": VERDICT,
        "headline": {"type": "string", "description": "The one sentence to read first."},
        "explanation": {"type": "string"},
        "kind": {"enum": ["edit", "unchanged", "noise", "other_picture"]},
        "changed_share": {"type": "number"},
        "flags": {"type": "array", "items": {"type": "string"}},
        "differences": {"type": "array", "items": DIFFERENCE},
    },
    "required": [DEFAULT.name, "confidence", "verdict", "headline", "kind"],
}

CANDIDATE: JsonSchema = {
    "type": "object",
    "properties": {
        "rank": {"type": "integer"},
        "index": {"type": "integer", "description": "In the list that was handed in, from 0."},
        "file": TEXT_OR_NULL,
        "ordered_by": {"enum": ["score", "pictures", "bound", None]},
        "score": {"anyOf": [SCORE, {"type": "null"}]},
        "error": TEXT_OR_NULL,
        "bound": NUMBER_OR_NULL,
        "left_out": TEXT_OR_NULL,
    },
    "required": ["rank", "index", "score", "error"],
}

OUTPUTS: dict[ToolName, JsonSchema] = {
    "score": SCORE,
    "rank": {
        "type": "object",
        "properties": {"instruction": {"type": "string"}, "ranking": {"type": "array", "items": CANDIDATE}},
        "required": ["instruction", "ranking"],
    },
    "differences": {
        "type": "object",
        "properties": {
            "original": TEXT_OR_NULL,
            "edited": TEXT_OR_NULL,
            "instruction": TEXT_OR_NULL,
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "kind": {"enum": ["edit", "unchanged", "noise", "other_picture"]},
            "changed_share": {"type": "number"},
            "differences": {"type": "array", "items": DIFFERENCE},
        },
        "required": ["width", "height", "kind", "differences"],
    },
}


def describe_input(tool: ToolName, limits: RequestLimits) -> JsonSchema:
    """What a tool takes."""
    properties: JsonSchema = {
        "original": _describe_picture("The picture before the edit."),
        "edited": _describe_picture("The picture after the edit."),
        "instruction": {"type": "string", "description": "What was asked for, in English."},
    }
    if tool == "rank":
        several = {"type": "array", "minItems": 1, "maxItems": limits.max_items, "description": "The candidates."}
        properties["edited"] = several | {"items": _describe_picture("An edited picture.")}
    if tool == "score":
        properties["metrics"] = {
            "type": "array",
            "minItems": 1,
            "items": {"enum": [ALL, *NAMES]},
            "description": f'To measure as well; ["{ALL}"]: all that the models at hand can.',
        }
    required = ["original", "edited"] if tool == "differences" else ["original", "edited", "instruction"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _describe_picture(meaning: str) -> JsonSchema:
    return {
        "type": "object",
        "description": f"{meaning} Either of the two.",
        "properties": {
            "path": {"type": "string", "description": "Of a file in an allowed folder."},
            "base64": {"type": "string", "description": "The bytes of the file: PNG, JPEG, WebP and others."},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
