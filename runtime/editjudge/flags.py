"""What each flag of a score means, in one sentence for whoever reads a report."""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "source_not_found": "What was to be changed was not found in the original; the score rests on a fallback.",
    "target_not_found": "What should have resulted was not found in the edited picture; it counts as not modified.",
    "anchor_not_found": "The object the instruction refers to was not found; the position could not be judged by it.",
    "nothing_outside": "The objects of the edit fill the whole picture, so its preservation could not be judged.",
    "no_op": "The two pictures are the same, but for noise at most: nothing was edited.",
    "resized": "The edited picture has another size than the original and was scaled to it before comparing.",
    "aspect_changed": "The edited picture has other proportions than the original and was stretched to them.",
    "out_of_domain": "The pictures or the words are unlike those this bundle was made for; trust the score less.",
    "unknown_words": "The instruction names something this bundle has not learned; trust the score less.",
    "global": "The edit concerns the whole picture, so no region and no preservation is judged.",
    "several_boxes": "More than one object matches the phrase; all of them were judged together.",
    "parse_uncertain": "The instruction could be understood in more than one way; check the parsed intent.",
    "not_an_edit": "The instruction asks for no edit that can be told; the picture is compared with its words.",
    "compound": "The instruction asks for several edits; this is about the first one.",
}

NOTES = frozenset({"global", "resized", "several_boxes"})
"""Flags that explain a score without casting doubt on it."""


def meaning(flag: str) -> str:
    """The sentence for a flag; a flag without one speaks for itself."""
    return MEANINGS.get(flag, flag.replace("_", " ").capitalize() + ".")
