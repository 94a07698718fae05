"""DICE's two JSON files: the differences, one object for each, and the decisions whether they were asked for.

A pair without differences has no object there, and so is not in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from editjudge.errors import InputError, quote_value
from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair
from editjudge.evaluation.annotations.fields import (
    read_box,
    read_change,
    read_confidence,
    read_optional_text,
    read_text,
    read_whole_number,
)
from editjudge.evaluation.annotations.json_file import check_item, read_items
from editjudge.utils import atomic_file
from editjudge.utils.arguments import whole_number
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

WORD = re.compile(r"\w+")
ANSWERS: Mapping[str, bool] = {"YES": True, "NO": False}
TEXTS = {answer: text for text, answer in ANSWERS.items()}


def parse_differences(items: Sequence[Any], path: Path, decisions: Path | None) -> list[AnnotatedPair]:
    """The pairs of `predicted_differences.json`, in the order in which they begin.

    Args:
        items: The list that the file holds.
        decisions: `coherence_results.json`, on the differences of this list. Raises InputError, OSError.
    """
    with_names = [check_item(path, number, item, _parse_difference) for number, item in enumerate(items, 1)]
    answers = _read_decisions(decisions, path, items) if decisions else {}
    pairs: dict[tuple[str, str], AnnotatedPair] = {}
    for index, (names, prompt, difference) in enumerate(with_names):
        pair = pairs.setdefault(names, AnnotatedPair(*names, (), prompt))
        if pair.instruction != prompt:
            raise InputError(
                f"item {index + 1} of {shorten(str(path))} has the gt_prompt {quote_value(prompt)}, and an item before "
                f"it of the same two pictures {quote_value(pair.instruction)}; give a pair one instruction"
            )
        coherent, rationale = answers.get(index, (None, None))
        decided = replace(difference, coherent=coherent, rationale=rationale)
        pairs[names] = replace(pair, differences=(*pair.differences, decided))
    return list(pairs.values())


def write_dice(path: Path, pairs: Iterable[AnnotatedPair], decisions: Path | None = None) -> None:
    """Writes the differences, and the decisions beside them where that is wanted. Raises InputError for a file that
    cannot be written."""
    differences, results = dice_items(pairs)
    atomic_file.write(path, f"{to_json(differences)}\n")
    if decisions:
        atomic_file.write(decisions, f"{to_json(results)}\n")


def dice_items(pairs: Iterable[AnnotatedPair]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The objects of both files; a difference that nobody decided on has none in the second."""
    differences: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for pair in pairs:
        for one in pair.differences:
            shared = {"bbox": list(one.box), "confidence": one.confidence}
            text = f"{one.change}: {one.element or ''}".rstrip()
            if one.coherent is not None:
                results.append({
                    "index": len(differences),
                    "difference": text,
                    "prompt": pair.instruction or "",
                    "coherence_evaluation": f"{one.rationale or ''} {TEXTS[one.coherent]}".lstrip(),
                    **shared,
                })  # fmt: skip
            differences.append({
                "original_path": pair.original,
                "edited_path": pair.edited,
                "complete_difference": text,
                "operation": one.change,
                "gt_prompt": pair.instruction or "",
                **shared,
            })  # fmt: skip
    return differences, results


def read_answer(text: str) -> tuple[bool | None, str | None]:
    """The decision of a `coherence_evaluation`, and the reasoning before it.

    The decision is the last word, if that is yes or no, else the last YES or NO in capitals; None where there is none.
    """
    words = list(WORD.finditer(text))
    if words and (answer := ANSWERS.get(words[-1][0].upper())) is not None:
        return answer, text[: words[-1].start()].strip() or None
    capitals = [word[0] for word in words if word[0] in ANSWERS]
    return (ANSWERS[capitals[-1]] if capitals else None), text.strip() or None


def _parse_difference(item: Mapping[str, Any]) -> tuple[tuple[str, str], str | None, AnnotatedDifference]:
    """The names of the two pictures, the instruction, and a difference; what follows the first colon is its element."""
    names = read_text(item, "original_path"), read_text(item, "edited_path")
    command, colon, element = read_text(item, "complete_difference").partition(":")
    if not colon:
        raise ValueError('has no colon in its complete_difference; write it as "COMMAND: element"')
    change = read_change(command)
    operation = item.get("operation")
    if operation is not None and read_change(operation) != change:
        raise ValueError(f"is {change} in its complete_difference and {operation} in its operation; make them one")
    box, confidence = read_box(item, "bbox", None), read_confidence(item)
    return names, read_optional_text(item, "gt_prompt"), AnnotatedDifference(
        change, element.strip() or None, box, confidence
    )  # fmt: skip


def _read_decisions(path: Path, of: Path, differences: Sequence[Any]) -> dict[int, tuple[bool | None, str | None]]:
    """By the index of the difference: the decision and the reasoning."""
    decided, indices = read_items(path), whole_number(0, len(differences) - 1)
    if decided and not differences:
        raise InputError(f"{shorten(str(path))} decides on differences, and {shorten(str(of))} has none; give its list")
    answers: dict[int, tuple[bool | None, str | None]] = {}

    def parse(item: Mapping[str, Any]) -> tuple[int, tuple[bool | None, str | None]]:
        index, text = read_whole_number(item, "index", indices), read_optional_text(item, "difference")
        if index in answers:
            raise ValueError(f"has the index {index}, as one before it has; decide on each difference once")
        whole = differences[index]["complete_difference"]
        if text and not whole.strip().startswith(text.strip()):  # the published script cuts it at a comma
            raise ValueError(
                f"is on {quote_value(text)}, and item {index + 1} of {shorten(str(of))} is {quote_value(whole)}; "
                "give the decisions on that list"
            )
        return index, read_answer(read_text(item, "coherence_evaluation"))

    for number, item in enumerate(decided, 1):
        index, answer = check_item(path, number, item, parse)
        answers[index] = answer
    return answers
