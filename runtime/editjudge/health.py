"""What `doctor` found, for people: wide or narrow, coloured or piped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from editjudge.entries import GRAPHS
from editjudge.judged import printable
from editjudge.placed import NAMES

FORMS = {"model": "", "compiled": ", compiled and cached", "engine": ", the bundle's engine"}


def health(found: dict[str, Any]) -> RenderableType:
    """Sections of a few lines each; what is broken is red, what is in order green."""
    plan = found["plan"]
    sections: list[RenderableType] = []
    for title, rows in (
        ("This machine", _machine(found)),
        (f"What would run where, with bundle {plan['bundle']} and device {plan['device']}", _plan(plan)),
        ("Devices", _devices(found)),
        ("Bundles", _bundles(found["bundles"])),
        ("Packages", _packages(found)),
        ("To use more", _more(found["more"])),
    ):
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        for name, text in rows:
            grid.add_row(printable(name), text)
        sections += [Text(printable(title), style="bold"), Padding(grid, (0, 0, 1, 2), expand=False)]
    return Group(*sections)


def _machine(found: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    cpu, gpus, cache = found["cpu"], found["gpus"], found["cache"]
    memory = f", {_size(cpu['memory'])} of memory" if cpu["memory"] else ""
    yield "CPU", Text(f"{cpu['name']}, {cpu['cores']} cores{memory}")
    for gpu in gpus["found"]:
        yield "GPU", Text(f"{printable(gpu['name'])}, {_size(gpu['memory'])} of memory, {gpu['capability']}")
    if gpus["problem"]:
        yield "GPU", Text(gpus["problem"], style="dim")
    kept = f", compiled models {_size(cache['compiled'])} of it" if cache["compiled"] else ""
    yield "cache", Text(f"{printable(cache['folder'])} ({_size(cache['bytes'])}{kept})")


def _plan(plan: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    if plan["problem"]:
        yield "problem", Text(printable(plan["problem"]), style="red")
    reasons: dict[str, list[str]] = {}
    for role, ran in plan["models"].items():
        left = f", {ran['cpu_nodes']} operators on the CPU" if ran["cpu_nodes"] else ""
        yield NAMES[role], Text.assemble((ran["device"], "green"), f" ({ran['provider']}{FORMS[ran['form']]}{left})")
        if ran["reason"]:
            reasons.setdefault(ran["reason"], []).append(NAMES[role])
    for reason, names in reasons.items():
        yield "", Text(f"{', '.join(names)}: {printable(reason)}", style="yellow")


def _devices(found: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    for name, device in found["devices"].items():
        if device["problem"] is None:
            yield name, Text("ready", style="green")
        elif device["installed"]:
            yield name, Text(printable(device["problem"]), style="yellow")
        else:
            yield name, Text(f"not installed; it needs {device['needs']}", style="dim")


def _bundles(bundles: list[dict[str, Any]]) -> Iterator[tuple[str, Text]]:
    for bundle in bundles:
        if bundle["problem"]:
            yield bundle["name"], Text(printable(bundle["problem"]), style="red")
            continue
        precision = f", {', '.join(bundle['precision'])}" if bundle["precision"] else ""
        text = Text.assemble(("whole", "green"), f", version {bundle['version']}, {_size(bundle['bytes'])}{precision}")
        for device, engines in bundle.get("engines_here", {}).items():
            text.append(f"; {device} engines for {engines['fitting']} of {len(GRAPHS)} models fit here")
            for reason in engines["reasons"]:
                text.append(f"; {printable(reason)}", style="yellow")
        yield bundle["name"], text


def _packages(found: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    yield "Python", Text(f"{found['python']} on {found['platform']}")
    missing = [name for name, version in found["packages"].items() if version is None]
    installed = {**found["packages"], **found["optional"]}
    yield "here", Text(", ".join(f"{name} {version}" for name, version in installed.items() if version))
    if missing:
        yield "missing", Text(f"{', '.join(missing)}; pip install --force-reinstall editjudge", style="red")


def _more(more: dict[str, list[str]]) -> Iterator[tuple[str, Text]]:
    """A command a line, so that it can be copied; what begins as the command before it is not said again."""
    before, said = "", [""]
    for name, commands in more.items():
        again = commands[: len(said)] == said
        for place, command in enumerate(commands[len(said) :] if again else commands):
            shown = Text(command)
            yield ("" if place else name), Text.assemble(f"as {before}, then ", shown) if again and not place else shown
        before, said = name, commands
    if not more:
        yield "", Text("all is installed", style="dim")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
