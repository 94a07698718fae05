"""Two or three instructions in one: joins templates of single edits, with pronouns for what was named before."""

from __future__ import annotations

import re
from random import Random

from editjudge.parser.intent_syntax import AND
from parser.manner import QUESTION
from parser.templates import Template, templates

EDITS = ("add", "remove", "replace", "color", "texture", "size", "move", "action", "style")
JOINTS = (
    " and ", " and ", ", and ", ", then ", " and then ", "; ", ". ", ". also, ", ", also ", " and also ", ", ",
    " plus ", "; also ", ". then ", ". after that, ", ". oh, and ", ". and ", " & ", " + ", " - ", ". next, ",
    ", plus ", "; then ", ". finally, ", ". while you're at it, ", " but also ", ", and after that ",
)  # fmt: skip
SENTENCES = (". ", ". ", "; ", ", ", ", and ", ". also, ", ". and ", " - ", ". besides, ", ". oh, and ", " / ")
"""What may stand between two instructions that are not both commands."""
LISTS = (
    ("first, ", ". second, ", ". third, "), ("1. ", " 2. ", " 3. "), ("1) ", ", 2) ", ", 3) "), ("a) ", " b) ", " c) "),
    ("- ", " - ", " - "), ("some edits: ", "; ", "; "), ("", ". then, ", ". and finally, "),
)  # fmt: skip
COMMANDS = 0.75
LISTED = 0.07
PRONOUN = 0.4
SAME_KIND = 0.2

SUBJECTS = {
    **dict.fromkeys(("thing", "old", "new", "oldwear", "newwear", "actor"), "thing"),
    **dict.fromkeys(("person", "newperson", "oldperson"), "person"),
    **dict.fromkeys(("animal", "newanimal", "oldanimal"), "animal"),
}
"""The names that a pronoun may stand for, and what sort of thing they are."""
NAME = re.compile(r"(?<=[{+])[a-z]\w*")
NAMELESS = re.compile(r"\ball\b")
"""How a line says that a pronoun stands for nothing; after another instruction it would stand for something."""
PARTICLE = re.compile(r"\b(?:up|out|off|away|down|back|open)$")
"""What a pronoun may not follow: "blow up it"."""


def join_templates(random: Random) -> Template:
    """A template made of two or, less often, three others."""
    count = random.choice((2, 2, 2, 2, 3))
    kinds = random.choices(EDITS, k=count) if random.random() < SAME_KIND else random.sample(EDITS, count)
    commands = random.random() < COMMANDS
    parts = [_number_gaps(random.choice(_single(kinds[0], commands)), 1)]
    for number, kind in enumerate(kinds[1:], 2):
        named = [template for template in _single(kind, commands) if not NAMELESS.search(template.line)]
        part = _number_gaps(random.choice(named), number)
        parts.append(_refer_to(_subject(parts[-1]), part) if random.random() < PRONOUN else part)
    if random.random() < LISTED:
        marks = random.choice(LISTS)
        text = "".join(mark + part.text for mark, part in zip(marks, parts, strict=False))
        return Template(text, False, _line(parts))
    text = parts[0].text
    for part in parts[1:]:
        text += random.choice(JOINTS if commands else SENTENCES) + part.text
    return Template(text, commands, _line(parts))


def _line(parts: list[Template]) -> str:
    return AND.join(part.line for part in parts)


def _single(kind: str, commands: bool) -> list[Template]:
    """The commands of a kind, or all that are no questions."""
    return [
        template for template in templates(kind) if template.command or not (commands or QUESTION.match(template.text))
    ]


def _number_gaps(template: Template, number: int) -> Template:
    """Gives the gaps other names than those of the templates that it is joined with."""
    text, line = (NAME.sub(rf"\g<0>{number}", part) for part in (template.text, template.line))
    return Template(text, template.command, line)


def _subject(template: Template) -> str:
    """The name of what a pronoun after the template would stand for; empty where there is none."""
    names = NAME.findall(template.line)
    if not names or template.line.startswith(("remove", "style")):
        return ""
    return names[1] if template.line.startswith("replace") and len(names) > 1 else names[0]


def _refer_to(subject: str, template: Template) -> Template:
    """Puts a pronoun for the subject in the place of the template's object or anchor, where it can stand there."""
    kind, _, _ = template.line.partition(" ")
    sort = SUBJECTS.get(_plain(subject))
    objects = NAME.findall(template.line)[:1] if kind not in ("add", "remove", "replace", "style") else []
    for name in objects:
        wanted = SUBJECTS.get(_plain(name))
        before, gap, after = template.text.partition(f"{{{name}.the}}")
        if sort and gap and wanted in ("thing", sort) and not PARTICLE.search(before.rstrip()) and after[:1] != "'":
            text, line = (
                re.sub(rf"\{{{name}(?=[.+}}])", f"{{{subject}", part)
                for part in (f"{before}{{{name}.it}}{after}", template.line)
            )
            return Template(text, template.command, line)
    place = re.search(r"\{((?:place|spot)\d+)\.said\}", template.text)
    if sort and place and f"{{{place[1]}}}" in template.line:
        relation = place[1].replace("place", "relation").replace("spot", "relation")
        text = template.text.replace(place[0], f"{{{relation}.said}} {{{subject}.it}}")
        return Template(
            text, template.command, template.line.replace(f"{{{place[1]}}}", f"{{{relation}}} {{{subject}}}")
        )
    return template


def _plain(name: str) -> str:
    return name.rstrip("0123456789")
