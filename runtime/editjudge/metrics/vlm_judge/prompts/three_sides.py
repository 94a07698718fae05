"""Was the instruction followed, were the details kept, is the picture clean: three questions, as in Multi-Reward.

Which pictures each is asked with, and the scale, are the paper's (section 3.1); the words are ours.
"""

from __future__ import annotations

from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    SYSTEM,
    AnswerField,
    ChoiceField,
    JudgeQuestion,
    PromptSet,
    ScoreField,
    SentenceField,
    multiply_least,
)


def _fields(passes: str, worst: str, best: str, wrong: str) -> tuple[AnswerField, ...]:
    return (
        ChoiceField("pass", passes),
        ScoreField("score", 5, f"0: {worst}; 5: {best}"),
        SentenceField("feedback", f'{wrong}, and where, in one sentence; "None" where nothing is wrong'),
    )


THREE_SIDES = PromptSet(
    "three_sides",
    1,
    "three sides",
    "whether the instruction was followed, the rest kept, and the picture is clean",
    SYSTEM,
    (
        JudgeQuestion(
            "following",
            "Does the edited picture do what the instruction asks for? Look for everything that it names: what was to "
            "change, into what, where and how much. Do not judge how well the rest was kept, or how clean it looks.",
            ("original", "edited"),
            True,
            _fields(
                "whether the instruction was followed in all that matters",
                "nothing of it was done, or its contrary",
                "all of it was done as asked",
                "what was not done as asked",
            ),
        ),
        JudgeQuestion(
            "preserving",
            "Is everything that the instruction does not ask to change the same in both pictures? Compare objects, "
            "people, faces, texts, background, colours and places. What the instruction asks for may change, and what "
            "follows from it by necessity. Do not judge whether the instruction was followed.",
            ("original", "edited"),
            True,
            _fields(
                "whether all that was to stay has stayed",
                "it is another picture altogether",
                "nothing else has changed",
                "what changed without being asked for",
            ),
        ),
        JudgeQuestion(
            "quality",
            "Is this picture of good quality? Look for noise, blur, blocks, bands and halos, seams and smears, bodies, "
            "objects and letters that are deformed or cut off, and light or perspective that cannot be.",
            ("edited",),
            False,
            _fields(
                "whether it could pass as a good picture that nobody edited",
                "it is spoilt beyond use",
                "it has no flaw that can be seen",
                "what is flawed",
            ),
        ),
    ),
    5.0,
    multiply_least("following", "preserving", "quality"),
)
