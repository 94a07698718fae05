"""Examples of bodies and answers: those of bodies are taken by a service, those of answers come from one, shortened."""

from __future__ import annotations

from typing import Any

from editjudge.metrics.registry import DEFAULT

RED = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGM8wSXCgA0wYRUdtBIAuaAA9iOLU3wAAAAASUVORK5CYII="
BLUE = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGPkEjnBgA0wYRUdtBIAuC4A9qaN+H4AAAAASUVORK5CYII="
"""Pictures of 8 x 8 pixels, of one colour each."""
INSTRUCTION = "Make the car blue."

_SEMANTIC = {"score": 1.74, "modify": 0.91, "preserve": 0.83, "modify_raw": 0.12, "preserve_raw": 0.96}
_REGION = {"score": 2.0, "position": 1.0, "size": 1.0}
_INTENT = {
    "edit_type": "color", "source": "car", "target": "blue car", "anchor": None,
    "size": "unchanged", "position": "unchanged", "keep": None, "text": None,
}  # fmt: skip
_ALIGNMENT = {"shift": [0.0, 0.0], "scale": 1.0, "gain": [1.0, 1.0, 1.0], "offset": [0.0, 0.0, 0.0]}
_DIFFERENCE = {
    "change": "EDIT", "element": "car", "box": [240.0, 104.0, 377.0, 193.0], "share": 0.07, "confidence": 0.99,
    "coherent": True, "coherence": 0.97, "rationale": "Asked for: it is blue now.", "partner": None, "energy": 1.0,
}  # fmt: skip
_TIMINGS = {"parse": 0.1, "detect": 36.8, "segment": 75.2, "embed": 18.4, "judge": 24.8, "total": 171.1}

SCORE: dict[str, Any] = {
    DEFAULT.name: 1.82,
    "semantic": _SEMANTIC,
    "region": _REGION,
    "confidence": 0.91,
    "verdict": {"decision": "accept", "probability": 0.94},
    "headline": "Accept: the car turned blue.",
    "kind": "edit",
    "changed_share": 0.07,
    "alignment": _ALIGNMENT,
    "flags": [],
    "explanation": "The car turned blue.",
    "intent": _INTENT,
    "parts": [{"intent": _INTENT, "semantic": _SEMANTIC, "region": _REGION, "flags": [], "done": 1.0}],
    "regions": {
        "original": [{"phrase": "car", "box": [239.8, 105.1, 377.0, 193.1], "score": 0.8}],
        "edited": [{"phrase": "blue car", "box": [241.4, 103.7, 374.4, 191.3], "score": 0.72}],
    },
    "timings_ms": _TIMINGS,
    "bundle": "studio",
    "version": "0.1.0",
    "models": {
        "detector": {
            "device": "cpu", "provider": "CPUExecutionProvider", "form": "model", "cpu_nodes": None, "reason": None,
        },
    },
    "differences": [_DIFFERENCE],
    "unasked_share": 0.0,
    "looked_at": {"share": 1.0, "boxes": [[0.0, 0.0, 512.0, 512.0]], "reason": "look is all"},
    "expected_rating": None,
    "left_out": [],
}  # fmt: skip
RANKING: dict[str, Any] = {
    "instruction": INSTRUCTION,
    "ranking": [
        {
            "rank": 1, "index": 1, "file": "second.png", "ordered_by": "score", "score": SCORE,
            "error": None, "bound": None, "left_out": None,
        },
        {
            "rank": 2, "index": 0, "file": "first.png", "ordered_by": None, "score": None,
            "error": "the picture is empty: 0 bytes were handed in", "bound": None, "left_out": None,
        },
    ],
}  # fmt: skip
DIFFERENCES: dict[str, Any] = {
    "original": "original.png", "edited": "edited.png", "instruction": INSTRUCTION, "width": 512, "height": 512,
    "kind": "edit", "alignment": _ALIGNMENT, "changed_share": 0.07, "differences": [_DIFFERENCE], "left_out": 0,
    "element_reason": None, "unasked_share": 0.0, "detector": "network", "flags": [], "timings_ms": _TIMINGS,
    "bundle": "studio", "version": "0.1.0", "worst": None,
}  # fmt: skip
REWARD: dict[str, Any] = {
    "following": {"score": 4.7, "pass": True, "feedback": "None"},
    "preserving": {"score": 4.4, "pass": True, "feedback": "None"},
    "quality": {"score": None, "pass": None, "feedback": "Not judged: the pictures are too small."},
    "judge": {"name": "local", "model": "studio", "prompts": None, "seed": None},
}
ITEMS: dict[str, Any] = {
    "protocol_version": "1",
    "requests": [
        {
            "history": [{"text": INSTRUCTION, "image_b64": RED}, {"text": INSTRUCTION, "image_b64": BLUE}],
            "required_rewards": ["reward", "l2"],
            "request_id": "sample-1",
            "metadata": None,
        }
    ],
}
ITEM_RESULTS: dict[str, Any] = {
    "protocol_version": "1",
    "results": [{"l2": {"l2": 0.62}}],
    "errors": [{"reward": "not measured: the car was not found by this bundle"}],
    "identities": [
        {
            "request_id": "sample-1", "sample_id": None, "group_id": None, "source_rank": None,
            "policy_version": None, "idempotency_key": None, "scorer_version": f"sha256:{64 * '0'}",
        }
    ],
}  # fmt: skip
HEALTH: dict[str, Any] = {
    "status": "ready", "problem": None, "bundle": "studio", "bundle_hash": f"sha256:{64 * '0'}", "version": "0.1.0",
    "device": "cpu", "waiting": 0, "rewards": {"l2": ["ready"]},
}  # fmt: skip
REWARDS: dict[str, Any] = {
    "rewards": ["reward"],
    "about": [
        {
            "name": "reward", "title": "Reward", "range": [0.0, 5.0], "higher_is_better": True,
            "meaning": "0 to 5: followed, all else preserved, and clean",
        }
    ],
}  # fmt: skip
EDIT: dict[str, Any] = {"original": RED, "edited": BLUE, "instruction": INSTRUCTION}
