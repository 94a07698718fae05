"""Every flag that code raises or looks for is in the table, with words for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import editjudge
from editjudge.metrics.flags import CAVEATS, FLAGS, explain_flag

RUNTIME = Path(editjudge.__file__).parent
VARIABLES = {"flags", "raised", "LOCATED"}
"""What code calls the flags that it gathers, and one that has a name."""
FUNCTIONS = {"missing", "doubts"}
"""Functions that return flags."""
SENTENCES = tuple(RUNTIME / path for path in ("metrics/bpm/explanation", "metrics/dice/coherence/rationale.py"))
"""Where generators give clauses of sentences."""


def strings(node: ast.AST) -> Iterator[str]:
    """The strings of an expression: of a dictionary its keys, of a call what is turned into a collection."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Dict(keys=parts) | ast.Call(func=ast.Name(id="tuple") | ast.Attribute(attr="fromkeys"), args=parts):
            for part in parts:
                yield from strings(part)
        case ast.Call():
            return
        case _:
            for part in ast.iter_child_nodes(node):
                yield from strings(part)


def is_flags(node: ast.AST) -> bool:
    """Whether an expression is a variable, or an attribute, of flags."""
    return (node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")) in VARIABLES


def raised_by(node: ast.AST) -> Iterator[str]:
    """The flags that a piece of code raises."""
    match node:
        case (
            ast.Call(func=ast.Name(id="SubScore"), args=[_, _, flag])
            | ast.Call(func=ast.Attribute(value=ast.Name(id="SubScore"), attr="unmeasured"), args=[flag])
        ):
            yield from strings(flag)
        case ast.Call(func=ast.Attribute(attr="append", value=gathered), args=[flag]) if is_flags(gathered):
            yield from strings(flag)
        case ast.Assign(targets=[gathered], value=value) if is_flags(gathered):
            yield from strings(value)
        case ast.For(target=target, iter=pairs) if any(
            isinstance(child, ast.Name) and child.id == "flag" for child in ast.walk(target)
        ):
            yield from strings(pairs)
        case ast.Yield(value=ast.Constant(value=str() as flag)):
            yield flag
        case ast.Yield(value=ast.IfExp(body=one, orelse=other)):
            yield from (*strings(one), *strings(other))
        case ast.FunctionDef(name=name) if name in FUNCTIONS:
            for child in ast.walk(node):
                if isinstance(child, ast.Return) and child.value:
                    yield from strings(child.value)


def looked_for_by(node: ast.AST) -> Iterator[str]:
    """The flags that a piece of code asks a score for."""
    match node:
        case ast.Compare(left=flag, ops=[ast.In() | ast.NotIn()], comparators=[flags]) if is_flags(flags):
            yield from strings(flag)
        case ast.Call(func=ast.Attribute(attr="isdisjoint", value=wanted), args=[flags]) if is_flags(flags):
            yield from strings(wanted)


def nodes(*folders: str, without: tuple[Path, ...] = ()) -> Iterator[ast.AST]:
    """All code in folders of the runtime, but for some files and folders."""
    for file in sorted(file for folder in folders for file in (RUNTIME / folder).rglob("*.py")):
        if not any(file.is_relative_to(path) for path in without):
            yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def test_every_flag_that_is_raised_is_in_the_table_and_the_other_way_round() -> None:
    """A flag that is not in the table would be lost without a word, for a score lists those of the table."""
    assert all(path.exists() for path in SENTENCES)
    code = nodes("metrics", "models", "parser", without=SENTENCES)
    raised = {flag for node in code for flag in raised_by(node)}
    assert raised == set(FLAGS)


def test_every_flag_that_is_looked_for_is_in_the_table() -> None:
    wanted = {flag for node in nodes("") for flag in looked_for_by(node)}
    assert {"source_not_found", "target_not_found"} <= wanted  # those that change what is said
    assert wanted <= set(FLAGS)


def test_a_flag_has_a_name_and_a_meaning_that_is_a_sentence() -> None:
    for name, flag in FLAGS.items():
        assert flag.name == name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        assert re.fullmatch(r"[A-Z][^\n]*[^\s.]\.", flag.meaning), name
        assert explain_flag(name) == flag.meaning
        assert 0 < flag.doubt <= 1
        assert flag.doubt == 1 or not flag.is_note, name  # a note casts no doubt
    meanings = [flag.meaning for flag in FLAGS.values()]
    assert len(set(meanings)) == len(meanings)


def test_a_flag_that_is_not_known_speaks_for_itself() -> None:
    assert explain_flag("made_by_a_later_version") == "Made by a later version."


def test_caveats_are_clauses_of_known_flags() -> None:
    assert len(set(CAVEATS)) == len(CAVEATS)
    assert set(CAVEATS) == {name for name, flag in FLAGS.items() if flag.caveat is not None}
    for name in CAVEATS:
        clause = FLAGS[name].caveat.format(source="the car", anchor="the sofa", keep="the rose")
        assert re.fullmatch(r"[a-z][^\n{}]*[^\s.]", clause), name
