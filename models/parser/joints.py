"""Two or three instructions in one: templates made of those of single edits, with pronouns for what was named."""

from __future__ import annotations

import re
from random import Random

from editjudge.parsing.line import AND
from parser.manner import QUESTION
from parser.templates import Template, templates

EDITS = ("add", "remove", "replace", "color", "texture", "size", "move", "action", "style")
JOINTS = (
    " and ", " and ", ", and ", ", then ", " and then ", "; ", ". ", ". also, ", ", also ", " and also ", ", ",
    " plus ", "; also ", ". then ", ". after that, ", ". oh, and ", ". and ", " & ", " + ", " - ", ". next, ",
    ", plus ", "; then ", ". finally, ", ". while you're at it, ", " but also ", ", and after that ",
)  # fmt: skip
SENTENCES = (". ", ". ", "; ", ", ", ", and ", ". also, ", ". and ", " - ", ". besides, ", ". oh, and ", " / ")
"""What stands between two instructions of which one is no command."""
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
"""What a pronoun may stand for, and its sort."""
NAME = re.compile(r"(?<=[{+])[a-z]\w*")
NAMELESS = re.compile(r"\ball\b")
"""How a line says that a pronoun stands for nothing: after another instruction it would stand for something."""
PARTICLE = re.compile(r"\b(?:up|out|off|away|down|back|open)$")
"""What no pronoun stands after: "blow up it"."""


def joined(random: Random) -> Template:
    """A template of two or, rarely, three others."""
    count = random.choice((2, 2, 2, 2, 3))
    kinds = random.choices(EDITS, k=count) if random.random() < SAME_KIND else random.sample(EDITS, count)
    commands = random.random() < COMMANDS
    parts = [_numbered(random.choice(_single(kinds[0], commands)), 1)]
    for number, kind in enumerate(kinds[1:], 2):
        named = [each for each in _single(kind, commands) if not NAMELESS.search(each.line)]
        part = _numbered(random.choice(named), number)
        parts.append(_about(_subject(parts[-1]), part) if random.random() < PRONOUN else part)
    if random.random() < LISTED:
        marks = random.choice(LISTS)
        return Template(
            "".join(mark + part.text for mark, part in zip(marks, parts, strict=False)), False, _line(parts)
        )
    text = parts[0].text
    for part in parts[1:]:
        text += random.choice(JOINTS if commands else SENTENCES) + part.text
    return Template(text, commands, _line(parts))


def _line(parts: list[Template]) -> str:
    return AND.join(part.line for part in parts)


def _single(kind: str, commands: bool) -> list[Template]:
    """Commands, or all that is no question."""
    return [each for each in templates(kind) if each.command or not (commands or QUESTION.match(each.text))]


def _numbered(template: Template, number: int) -> Template:
    """With other names for its gaps than those of its neighbours."""
    text, line = (NAME.sub(rf"\g<0>{number}", part) for part in (template.text, template.line))
    return Template(text, template.command, line)


def _subject(template: Template) -> str:
    """The name of what a pronoun after it stands for, or nothing."""
    names = NAME.findall(template.line)
    if not names or template.line.startswith(("remove", "style")):
        return ""
    return names[1] if template.line.startswith("replace") and len(names) > 1 else names[0]


def _about(subject: str, template: Template) -> Template:
    """With a pronoun for its object or its place, where that can stand for the subject."""
    kind, _, _ = template.line.partition(" ")
    sort = SUBJECTS.get(_plain(subject))
    objects = NAME.findall(template.line)[:1] if kind not in ("add", "remove", "replace", "style") else []
    for name in objects:
        wanted = SUBJECTS.get(_plain(name))
        before, said, after = template.text.partition(f"{{{name}.the}}")
        if sort and said and wanted in ("thing", sort) and not PARTICLE.search(before.rstrip()) and after[:1] != "'":
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
