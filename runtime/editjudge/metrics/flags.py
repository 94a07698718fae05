"""The flags of a score: what each means, what to be wary of, and how far it lowers the confidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A flag.

    Attributes:
        name: In JSON and columns.
        meaning: A sentence for whoever reads a report.
        caveat: A clause for the explanation, with {source}, {anchor}, {keep} for phrases; None: not spoken of there.
        doubt: What the confidence is multiplied with: under 1 for what casts doubt on models or the comparison. Ours.
        is_note: Whether it explains a score without casting doubt on it.
    """

    name: str
    meaning: str
    caveat: str | None = None
    doubt: float = 1.0
    is_note: bool = False


FLAGS: dict[str, Flag] = {
    flag.name: flag
    for flag in (
        Flag(
            "source_not_found",
            "What was to be changed was not found in the original by this bundle, so nothing can be judged.",
            "this bundle did not find {source} in the original",
        ),
        Flag(
            "target_not_found",
            "What should have resulted was not found in the edited picture by this bundle.",
        ),
        Flag(
            "anchor_not_found",
            "The object the instruction refers to was not found by this bundle, so the position could not be judged.",
            "this bundle did not find {anchor}, so the position was not judged",
        ),
        Flag(
            "keep_not_found",
            "What was named as staying was not found in the original by this bundle, so nothing can be judged.",
            "this bundle did not find {keep}, which the edit was to spare",
        ),
        Flag(
            "keep_changed",
            "What was named as staying changed, or is no longer where it was.",
        ),
        Flag(
            "nothing_outside",
            "The objects of the edit fill the whole picture, so its preservation could not be judged.",
            "the objects fill the whole picture, so there is no rest to be preserved",
        ),
        Flag("no_op", "The two pictures are the same, but for drift and noise at most: nothing was edited."),
        Flag(
            "contrary",
            "The picture changed against what was asked for: the other way, or away from the words.",
        ),
        Flag(
            "shifted",
            "The content of the edited picture lies a little aside; it was put back before comparing.",
            is_note=True,
        ),
        Flag(
            "cropped",
            "The content of the edited picture is scaled or cropped a little; it was put back before comparing.",
            is_note=True,
        ),
        Flag(
            "tone_changed",
            "Brightness or colours of the whole picture changed; the change was taken away before comparing.",
            is_note=True,
        ),
        Flag(
            "resized",
            "The edited picture has another size than the original and was scaled to it before comparing.",
            "the edited picture has another size and was scaled",
            is_note=True,
        ),
        Flag(
            "profile_converted",
            "One or both pictures have a colour profile other than sRGB; their colours were brought to sRGB.",
            is_note=True,
        ),
        Flag(
            "aspect_changed",
            "The edited picture has other proportions than the original and was stretched to them.",
            "the edited picture has other proportions and was stretched",
            doubt=0.9,
        ),
        Flag(
            "out_of_domain",
            "The pictures or the words are unlike those this bundle was made for, so nothing can be judged.",
            doubt=0.5,
        ),
        Flag(
            "unknown_picture",
            "The original looks like a photograph, or like other pictures that this bundle was not made for.",
            "the original looks like a photograph, or another kind of picture that this bundle was not made for",
        ),
        Flag(
            "unknown_words",
            "The instruction names something that this bundle has not learned.",
            "the instruction names things that this bundle has not learned",
            doubt=0.7,
        ),
        Flag(
            "global",
            "The edit or a part of it concerns the whole picture: only what is named as staying is to be preserved.",
            is_note=True,
        ),
        Flag(
            "several_boxes",
            "More than one object matches the phrase; all of them were judged together.",
            "more than one object answers to the description",
            is_note=True,
        ),
        Flag(
            "located_by_change",
            "No object of the edit was found by name; the regions are where the picture changed, and are not judged.",
            is_note=True,
        ),
        Flag(
            "parse_uncertain",
            "The instruction could be understood in more than one way; check the parsed intent.",
            "the instruction may have been misread",
            doubt=0.7,
        ),
        Flag(
            "not_an_edit",
            "The instruction asks for no edit that can be told, so nothing can be judged.",
            "the instruction asks for no edit that can be told",
            doubt=0.5,
        ),
        Flag(
            "not_english",
            "The instruction is in another language than English: nothing was guessed, and nothing can be judged.",
            "the instruction is in another language than English",
            doubt=0.5,
        ),
        Flag(
            "cut_short",
            "The instruction is longer, or asks for more, than what is read of one; only its beginning was judged.",
            "only the beginning of the instruction was read",
            doubt=0.7,
        ),
        Flag(
            "out_of_time",
            "The time that was allowed was up before all was done; what was left out was not measured.",
            "the time that was allowed was up before all was done",
            doubt=0.7,
        ),
        Flag(
            "compound",
            "The instruction asks for several edits; each was judged by itself, the rest of the picture once for all.",
            is_note=True,
        ),
    )
}
"""By name, in the order in which a score lists them."""

CAVEATS = (
    "source_not_found", "anchor_not_found", "keep_not_found", "nothing_outside", "several_boxes", "not_english",
    "cut_short", "parse_uncertain", "not_an_edit", "unknown_words", "unknown_picture", "aspect_changed", "resized",
    "out_of_time",
)  # fmt: skip
"""The order in which an explanation speaks of them: objects first, then the instruction, then the pictures."""

NOT_FOUND = frozenset({"source_not_found", "target_not_found"})
"""Those of an object of the edit that has no region; then the whole picture is the rest that is to be preserved."""


UNREAD = ("not_english", "parse_uncertain", "not_an_edit")
"""Those that say why no edit can be told from an instruction; the first that it has is the reason."""


def explain_flag(name: str) -> str:
    """The sentence for a flag; one that is not known speaks for itself."""
    return FLAGS[name].meaning if name in FLAGS else name.replace("_", " ").capitalize() + "."
