"""Which prompt sets there are."""

from __future__ import annotations

from editjudge.errors import InputError, quote_value
from editjudge.metrics.vlm_judge.prompts.alignment_coherence import ALIGNMENT_COHERENCE
from editjudge.metrics.vlm_judge.prompts.coherence import COHERENCE
from editjudge.metrics.vlm_judge.prompts.prompt_set import PromptSet
from editjudge.metrics.vlm_judge.prompts.sc_pq import SC_PQ
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES

PROMPT_SETS = {one.name: one for one in (THREE_SIDES, SC_PQ, ALIGNMENT_COHERENCE, COHERENCE)}
"""By name."""
OF_EDITS = tuple(one.name for one in PROMPT_SETS.values() if one.highest is not None)
"""The names of those that give an edit a number."""


def find_prompts(name: str) -> PromptSet:
    """The set of this name. Raises InputError."""
    if name not in PROMPT_SETS:
        raise InputError(f"there is no prompt set {quote_value(name)}; choose one of {', '.join(PROMPT_SETS)}")
    return PROMPT_SETS[name]
