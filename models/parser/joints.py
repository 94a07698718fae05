"""Several instructions in one: joins templates of single edits, with pronouns for what was named before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from random import Random

from editjudge.parser.intent_syntax import AND
from parser.layout import lay_out, tell
from parser.manner import QUESTION
from parser.templates import Template, familiar, templates

EDITS = ("add", "remove", "replace", "color", "texture", "size", "move", "action", "style")
JOINTS = (
    " and ", " and ", ", and ", ", then ", " and then ", "; ", ". ", ". also, ", ", also ", " and also ", ", ",
    " plus ", "; also ", ". then ", ". after that, ", ". oh, and ", ". and ", " & ", " + ", " - ", ". next, ",
    ", plus ", "; then ", ". finally, ", ". while you're at it, ", " but also ", ", and after that ",
)  # fmt: skip
SENTENCES = (". ", ". ", "; ", ", ", ", and ", ". also, ", ". and ", " - ", ". besides, ", ". oh, and ", " / ")
"""What may stand between two instructions that are not both commands."""
COUNTS = {2: 54, 3: 24, 4: 9, 5: 5, 6: 3, 7: 2, 8: 2, 9: 0.5, 11: 0.5}
"""Of a hundred joins, how many have so many parts."""
COMMANDS = 0.75
LISTED, TOLD = 0.4, 0.15
"""The shares that are laid out as lists, and as sentences in a row; lists for all of more than three."""
FAMILIAR = 0.3
"""The share of the parts that are of a family."""
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
    """A template made of several others, mostly of two or three."""
    (count,) = random.choices(tuple(COUNTS), tuple(COUNTS.values()))
    kinds = random.choices(EDITS, k=count) if random.random() < SAME_KIND or count > 5 else random.sample(EDITS, count)
    commands = random.random() < COMMANDS
    listed = random.random() < LISTED or count > 3
    parts = [_number_gaps(_pick(kinds[0], commands, random), 1)]
    for number, kind in enumerate(kinds[1:], 2):
        part = _number_gaps(_pick(kind, commands, random, named=True), number)
        parts.append(_refer_to(_subject(parts[-1]), part) if random.random() < PRONOUN else part)
    texts = [part.text for part in parts]
    if listed:
        return Template(lay_out(texts, random), False, _line(parts))
    if random.random() < TOLD:
        return Template(tell(texts, random), commands, _line(parts))
    text = texts[0]
    for more in texts[1:]:
        text += random.choice(JOINTS if commands else SENTENCES) + more
    return Template(text, commands, _line(parts))


def _pick(kind: str, commands: bool, random: Random, named: bool = False) -> Template:
    """A template of a kind; if `named`, one in which no pronoun stands for nothing."""
    found = _familiar(kind, commands, named) if random.random() < FAMILIAR else ()
    return random.choice(found or _single(kind, commands, named))


def _line(parts: list[Template]) -> str:
    return AND.join(part.line for part in parts)


@cache
def _single(kind: str, commands: bool, named: bool) -> tuple[Template, ...]:
    """The commands of a kind, or all that are no questions."""
    return tuple(_joinable(templates(kind), commands, named))


@cache
def _familiar(kind: str, commands: bool, named: bool) -> tuple[Template, ...]:
    return tuple(_joinable(familiar(kind), commands, named))


def _joinable(found: Iterable[Template], commands: bool, named: bool) -> Iterator[Template]:
    for template in found:
        fits = template.command or not (commands or QUESTION.match(template.text))
        if fits and not (named and NAMELESS.search(template.line)) and ";" not in template.text:
            yield template


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
