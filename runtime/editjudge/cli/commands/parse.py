"""`editjudge parse`: what instructions are understood to ask for, one or many."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer
from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from editjudge.backends.onnx.providers import check_device
from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console, progress
from editjudge.cli.options import BundleName, Debug
from editjudge.cli.outputs import JSON_LINES, check_outputs
from editjudge.datasets.readers.text_file import decode_text
from editjudge.errors import InputError, InstructionError
from editjudge.parser.parser import Parser
from editjudge.parser.result import ParseResult
from editjudge.reports.terminal import render_flags, render_intent
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import SURROGATES, printable, replace_surrogates, shorten

STDIN = Path("-")
LARGEST = 2**26
"""Bytes of a file of instructions, and characters of what comes through stdin: over half a million instructions."""
LONGEST_LINE = 2**20
"""Characters; the longest instruction is far shorter."""

_Content = TypeVar("_Content", str, bytes)


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
    bundle: BundleName = "studio",
    device: Annotated[str, typer.Option(help="cpu, or auto for a GPU that llama.cpp was built for.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each, and nothing else.")] = False,
    cache: Annotated[bool, typer.Option(help="Take and keep answers on disk.")] = True,
    debug: Debug = False,
) -> None:
    """Show what an instruction is understood to ask for, and how surely; of many, those that cannot be read as well."""
    check_outputs([file] if file else [], output=(output, JSON_LINES))
    texts = [*(instructions or []), *(_read_lines(file) if file else [])]
    if not texts:
        raise InputError('there is no instruction; give one, as in editjudge parse "make the car blue", or --file FILE')
    check_device(device)
    parser = Parser.open(Bundle.load(bundle), device, keep=cache)
    try:
        if len(texts) > 1 or file or output:
            _parse_many(parser, texts, output, as_json)
        elif as_json:
            print(to_json({"instruction": texts[0], **parser.parse(texts[0]).to_dict()}))
        else:
            console().print(_render(parser.parse(texts[0])))
    finally:
        parser.close()


def _parse_many(parser: Parser, texts: list[str], output: Path | None, as_json: bool) -> None:
    lines: list[str] = []
    failed = 0
    printer = console()
    with progress(TextColumn("parsing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        for text in bar.track(texts):
            row: dict[str, Any] = {"instruction": text}
            try:
                parsed = parser.parse(text)
                row |= parsed.to_dict()
                rendered = _render(parsed)
            except InstructionError as error:
                failed += 1
                row["error"] = str(error)
                rendered = Text(printable(str(error)), style="red")
            line = replace_surrogates(json.dumps(row, ensure_ascii=False))
            if output is not None:
                lines.append(f"{line}\n")
            elif as_json:
                print(line, flush=True)
            else:
                printer.print(Text(printable(text), style="bold"))
                printer.print(rendered)
    if output is not None:
        atomic_file.write(output, "".join(lines))
        broken = f"; {failed} could not be read" if failed else ""
        printer.print(
            f"{len(lines)} {'instruction' if len(lines) == 1 else 'instructions'} in {output}{broken}", soft_wrap=True
        )


def _render(parsed: ParseResult) -> RenderableType:
    lines = []
    for intent, certainty in zip(parsed.intents, parsed.certainty, strict=True):
        percent = "over 99 %" if certainty.whole > 0.99 else f"{100 * certainty.whole:.0f} %"
        lines.append(render_intent(intent).append(f"  {percent} sure", style="dim"))
    return Group(*lines, *render_flags(parsed.flags))


def _read_lines(path: Path) -> Iterator[str]:
    """The instructions of a file. Raises InputError."""
    try:
        lines = io.StringIO(_check_size(sys.stdin.read(LARGEST + 1))) if path == STDIN else _open_file(path)
    except (OSError, ValueError) as error:  # no text; no name of a file
        reason = getattr(error, "strerror", None) or str(error)
        where = shorten(str(path))
        raise InputError(f"{where} cannot be read: {reason}; give a text file, one instruction a line") from error
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"line {number} of {path} has over {LONGEST_LINE:,} characters; write one instruction a line"
            )
        if "\0" in line:
            raise InputError(f"line {number} of {path} is no text; save the file as UTF-8")
        if SURROGATES.search(line):
            raise InputError(f"line {number} of {path} is not UTF-8; save the file as UTF-8")
        if line.strip():
            is_object = path.suffix == ".jsonl"
            yield _read_instruction(line, f"line {number} of {path}") if is_object else line.rstrip("\r\n")


def _open_file(path: Path) -> TextIO:
    """The text of a file or of a pipe. Raises OSError or ValueError."""
    kind = path.stat().st_mode  # before it is opened: a device may never end, and opening one may set something off
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
        raise ValueError("it is a folder" if stat.S_ISDIR(kind) else "it is a device or a socket and not a file")
    with path.open("rb") as stream:
        return decode_text(io.BytesIO(_check_size(stream.read(LARGEST + 1))))


def _check_size(content: _Content) -> _Content:
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST:,} bytes")
    return content


def _read_instruction(line: str, where: str) -> str:
    try:
        instruction = json.loads(line)["instruction"]
        if isinstance(instruction, str):
            return instruction
        raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f'{where} is no JSON object with an "instruction"; correct it, or give plain text') from None
