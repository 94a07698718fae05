"""Three nodes: the scores of edits, their order, and where they took place.

What was not measured is NaN among numbers and a sentence among texts, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editjudge import EditJudgeError, EditScore, InputError
from editjudge.guidance import find_mask
from editjudge_integrations.kept_scorers import ScorerOptions, hash_bundle, open_scorer

from .batches import list_batch, pair_batches

DEVICES = ["auto", "cpu", "cuda", "tensorrt", "rtx", "openvino", "webgpu", "coreml", "directml"]
NAN = float("nan")


class EditNode:
    """What the nodes have in common: their inputs, and when ComfyUI may keep what they gave."""

    CATEGORY = "image/editjudge"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {
            "required": {
                "original": ("IMAGE", {"tooltip": "the picture before the edit; one for all, or one for each"}),
                "edited": ("IMAGE", {"tooltip": "the edited pictures, a batch"}),
                "instruction": ("STRING", {"multiline": True, "default": "", "tooltip": "what was asked for"}),
            },
            "optional": {
                "bundle": ("STRING", {"default": "studio", "tooltip": "the name or the folder of a bundle of models"}),
                "device": (DEVICES, {"default": "auto"}),
            },
        }

    @classmethod
    def VALIDATE_INPUTS(cls, bundle: str | None = None) -> bool | str:  # noqa: N802
        """True, or what is wrong with the bundle, told before anything runs; None where another node will name it."""
        try:
            return bundle is None or bool(hash_bundle(bundle))
        except EditJudgeError as error:
            return str(error)

    @classmethod
    def IS_CHANGED(cls, bundle: str | None = "studio", **_: Any) -> str:  # noqa: N802
        """ComfyUI keeps what a node gave while its inputs and this text stay the same: until the bundle is another."""
        try:
            return "" if bundle is None else hash_bundle(bundle)
        except EditJudgeError as error:
            return str(error)


class EditJudgeScore(EditNode):
    """Scores every edited picture of a batch; each output is a list, an entry for each picture."""

    DESCRIPTION = "Scores edits: how well each did what was asked and left the rest alone."
    RETURN_TYPES = ("FLOAT", "FLOAT", "STRING", "STRING", "STRING")
    RETURN_NAMES = ("bpm", "probability", "decision", "headline", "json")
    OUTPUT_IS_LIST = (True, True, True, True, True)
    OUTPUT_TOOLTIPS = (
        "0 to 2; NaN: not measured",
        "that the edit was done as asked, 0 to 1; NaN: not measured",
        "accept, reject, unsure or not_judged",
        "the sentence to read first",
        "all that is known of the score",
    )
    FUNCTION = "score"
    OUTPUT_NODE = True

    def score(
        self, original: Tensor, edited: Tensor, instruction: str, bundle: str = "studio", device: str = "auto"
    ) -> dict[str, Any]:
        """The outputs as ComfyUI takes them, and what the node itself shows. Raises what a Scorer raises."""
        scores = list(score_batch(original, edited, instruction, ScorerOptions(bundle, device)))
        headlines = [score.headline for score in scores]
        results = (
            [_number(score.bpm) for score in scores],
            [_number(score.verdict.probability) for score in scores],
            [score.verdict.decision for score in scores],
            headlines,
            [json.dumps(score.to_dict(), ensure_ascii=False, allow_nan=False) for score in scores],
        )
        return {"ui": {"text": headlines}, "result": results}


class EditJudgeRank(EditNode):
    """Puts the edited pictures of a batch in order, the best first."""

    DESCRIPTION = "Ranks edits of one picture: the best, all of them in order, and their places in the batch."
    RETURN_TYPES = ("IMAGE", "IMAGE", "INT", "FLOAT", "STRING")
    RETURN_NAMES = ("best", "ranked", "order", "bpm", "headline")
    OUTPUT_IS_LIST = (False, False, True, True, True)
    OUTPUT_TOOLTIPS = (
        "the best picture",
        "all pictures, the best first",
        "their places in the batch, from 0",
        "0 to 2, in that order; NaN: not measured",
        "a sentence for each, in that order",
    )
    FUNCTION = "rank"

    def rank(
        self, original: Tensor, edited: Tensor, instruction: str, bundle: str = "studio", device: str = "auto"
    ) -> tuple[Any, ...]:
        """The pictures themselves are handed on as they came. Raises InputError for several originals, and what a
        Scorer raises.
        """
        originals = list_batch(original)
        if len(originals) != 1:
            raise InputError(f"there are {len(originals)} originals; give one, as edits of one picture are ranked")
        prepared = open_scorer(ScorerOptions(bundle, device)).prepare(originals[0], instruction)
        ranked = prepared.rank(list_batch(edited))
        order = [one.index for one in ranked]
        pictures = edited[order]
        values = [_number(None if one.score is None else one.score.bpm) for one in ranked]
        sentences = [one.score.headline if one.score else str(one.error) for one in ranked]
        return pictures[:1], pictures, order, values, sentences


class EditJudgeMask(EditNode):
    """Where the edits of a batch took place."""

    DESCRIPTION = "The region that each edit concerns, at the size of the original."
    RETURN_TYPES = ("MASK", "STRING")
    RETURN_NAMES = ("mask", "note")
    OUTPUT_IS_LIST = (False, True)
    OUTPUT_TOOLTIPS = ("1 inside, 0 outside", "what is to be known of each mask: empty where it is what it seems")
    FUNCTION = "mask"

    def mask(
        self, original: Tensor, edited: Tensor, instruction: str, bundle: str = "studio", device: str = "auto"
    ) -> tuple[Tensor, list[str]]:
        """float32[B, H, W]. An edit without a region has an empty mask, and its note says why. Raises what a Scorer
        raises.
        """
        masks, notes = [], []
        for score in score_batch(original, edited, instruction, ScorerOptions(bundle, device)):
            try:
                region = find_mask(score)
                masks.append(region.mask > 0)
                notes.append(region.note)
            except InputError as error:
                masks.append(np.zeros(original.shape[1:3], bool))
                notes.append(str(error))
        return torch.from_numpy(np.stack(masks)).float(), notes


def score_batch(original: Tensor, edited: Tensor, instruction: str, options: ScorerOptions) -> Iterator[EditScore]:
    """The score of each edited picture of a batch. Raises what a Scorer raises."""
    pairs = pair_batches(original, edited)
    scorer = open_scorer(options)
    if len(original) == 1 < len(pairs):
        prepared = scorer.prepare(pairs[0][0], instruction)
        for _, after in pairs:
            yield prepared.score(after)
    else:
        for before, after in pairs:
            yield scorer.score(before, after, instruction)


def _number(value: float | None) -> float:
    return NAN if value is None else value
