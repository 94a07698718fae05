"""`editjudge parse`: what instructions are understood to ask for, one or many."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from editjudge import atomic, flags
from editjudge.bundle import Bundle
from editjudge.console import console, progress
from editjudge.errors import InputError, InstructionError
from editjudge.jsonable import to_json
from editjudge.judged import printable
from editjudge.parse import Parsed, Parser
from editjudge.terminal import intent_text

STDIN = Path("-")

Row = dict[str, Any]


def parse(
    instructions: Annotated[
        list[str] | None, typer.Argument(metavar="INSTRUCTION...", help="What was asked for, in English.")
    ] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="One instruction a line, or JSON lines that have one; - is stdin."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.jsonl", help="Write JSON lines.")
    ] = None,
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder.")] = "studio",
    device: Annotated[str, typer.Option(help="cpu, or auto for a GPU that llama.cpp was built for.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each, and nothing else.")] = False,
    cache: Annotated[bool, typer.Option(help="Take and keep answers on disk.")] = True,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Show what an instruction is understood to ask for, and how surely; of many, those that cannot be read as well."""
    atomic.check_outputs([output], [file] if file else [])
    asked = [*(instructions or []), *(_lines(file) if file else [])]
    if not asked:
        raise InputError('there is no instruction; give one, as in editjudge parse "make the car blue", or --file FILE')
    parser = Parser.of(Bundle.load(bundle), device, keep=cache)
    try:
        if len(asked) == 1 and file is None and output is None:
            _show(asked[0], parser.parse(asked[0]), as_json)
        else:
            _show_all(parser, asked, output, as_json)
    finally:
        parser.close()


def _show(instruction: str, parsed: Parsed, as_json: bool) -> None:
    if as_json:
        print(to_json({"instruction": instruction, **parsed.to_dict()}))
    else:
        console().print(_summary(parsed))


def _show_all(parser: Parser, asked: list[str], output: Path | None, as_json: bool) -> None:
    rows: list[Row] = []
    shown = console()
    with progress(TextColumn("parsing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        for instruction in bar.track(asked):
            parsed, row = _read(parser, instruction)
            if output is not None:
                rows.append(row)
            elif as_json:
                print(json.dumps(row, ensure_ascii=False), flush=True)
            else:
                shown.print(Text(printable(instruction), style="bold"))
                shown.print(_summary(parsed) if parsed else Text(printable(row["error"]), style="red"))
    if output is not None:
        atomic.write(output, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))
        failed = sum("error" in row for row in rows)
        broken = f"; {failed} could not be read" if failed else ""
        shown.print(f"{len(rows)} instructions in {output}{broken}", soft_wrap=True)


def _read(parser: Parser, instruction: str) -> tuple[Parsed | None, Row]:
    try:
        parsed = parser.parse(instruction)
    except InstructionError as error:
        return None, {"instruction": instruction, "error": str(error)}
    return parsed, {"instruction": instruction, **parsed.to_dict()}


def _summary(parsed: Parsed) -> RenderableType:
    lines = []
    for intent, certainty in zip(parsed.intents, parsed.certainty, strict=True):
        line = intent_text(intent)
        lines.append(line.append(f"  {_percent(certainty.whole)} sure", style="dim"))
    for flag in parsed.flags:
        lines.append(Text.assemble((flag.replace("_", " "), "bold yellow"), f": {flags.meaning(flag)}"))
    return Group(*lines)


def _percent(certainty: float) -> str:
    return "over 99 %" if certainty > 0.99 else f"{100 * certainty:.0f} %"


def _lines(path: Path) -> Iterator[str]:
    """The instructions of a file. Raises InputError."""
    try:
        text = sys.stdin.read() if path == STDIN else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}; give a text file, one instruction a line") from error
    for number, line in enumerate(text.splitlines(), 1):
        if path.suffix == ".jsonl":
            yield _instruction(line, f"line {number} of {path}")
        elif line.strip():
            yield line


def _instruction(line: str, where: str) -> str:
    try:
        return str(json.loads(line)["instruction"])
    except (ValueError, KeyError, TypeError):
        raise InputError(f'{where} is no JSON object with an "instruction"; correct it, or give plain text') from None
