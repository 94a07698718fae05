"""The findings of `doctor` in a terminal: wide or narrow, coloured or piped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from editjudge.bundles.roles import GRAPHS, ROLES
from editjudge.utils.text import printable

FORMS = {"model": "", "compiled": ", compiled and cached", "engine": ", the bundle's engine"}


def render_diagnostics(findings: dict[str, Any]) -> RenderableType:
    """Sections of a few lines each; what is broken is red, what is in order green."""
    plan = findings["plan"]
    sections: list[RenderableType] = []
    for title, rows in (
        ("This machine", _machine(findings)),
        (f"What would run where, with bundle {plan['bundle']} and device {plan['device']}", _plan(plan)),
        ("Devices", _devices(findings)),
        ("Judges that see", _judges(findings["judges"])),
        ("Bundles", _bundles(findings["bundles"])),
        ("Packages", _packages(findings)),
        ("To use more", _more(findings["more"])),
    ):
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        for name, text in rows:
            grid.add_row(printable(name), text)
        sections += [Text(printable(title), style="bold"), Padding(grid, (0, 0, 1, 2), expand=False)]
    return Group(*sections)


def _machine(findings: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    cpu, gpus, cache = findings["cpu"], findings["gpus"], findings["cache"]
    memory = f", {_size(cpu['memory'])} of memory" if cpu["memory"] else ""
    yield "CPU", Text(f"{cpu['name']}, {cpu['cores']} cores{memory}")
    for gpu in gpus["found"]:
        yield "GPU", Text(f"{printable(gpu['name'])}, {_size(gpu['memory'])} of memory, {gpu['capability']}")
    if gpus["problem"]:
        yield "GPU", Text(gpus["problem"], style="dim")
    compiled = f", compiled models {_size(cache['compiled'])} of it" if cache["compiled"] else ""
    if cache["folder"] is not None:
        yield "cache", Text(f"{printable(cache['folder'])} ({_size(cache['bytes'])}{compiled})")
    problem = findings["telemetry"]["problem"]
    yield "telemetry", Text(printable(problem), style="yellow") if problem else Text("off", style="green")
    if cache["problem"] is not None:
        yield "", Text(f"nothing is kept: {printable(cache['problem'])}")


def _plan(plan: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    if plan["problem"]:
        yield "problem", Text(printable(plan["problem"]), style="red")
    reasons: dict[str, list[str]] = {}
    for role, placement in plan["models"].items():
        left = f", {placement['cpu_nodes']} operators on the CPU" if placement["cpu_nodes"] else ""
        provider = f" ({placement['provider']}{FORMS[placement['form']]}{left})"
        yield ROLES[role].title, Text.assemble((placement["device"], "green"), provider)
        if placement["reason"]:
            reasons.setdefault(placement["reason"], []).append(ROLES[role].title)
    for reason, names in reasons.items():
        yield "", Text(f"{', '.join(names)}: {printable(reason)}", style="yellow")


def _devices(findings: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    for name, device in findings["devices"].items():
        if device["problem"] is None:
            hardware = f", on {printable(device['hardware'])}" if device["hardware"] else ""
            yield name, Text.assemble(("ready", "green"), hardware)
        elif device["installed"]:
            yield name, Text(printable(device["problem"]), style="yellow")
        elif device["possible"]:
            yield name, Text(f"not installed; it needs {device['needs']}", style="dim")


def _judges(judges: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    for name, judge in judges.items():
        problem = judge["problem"]
        yield name, Text("ready", style="green") if problem is None else Text(printable(problem), style="dim")


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


def _packages(findings: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    yield "Python", Text(f"{findings['python']} on {findings['platform']}")
    missing = [name for name, version in findings["packages"].items() if version is None]
    installed = {**findings["packages"], **findings["optional"]}
    yield "here", Text(", ".join(f"{name} {version}" for name, version in installed.items() if version))
    if missing:
        yield "missing", Text(f"{', '.join(missing)}; pip install --force-reinstall editjudge", style="red")


def _more(more: dict[str, list[str]]) -> Iterator[tuple[str, Text]]:
    """A command a line, so that it can be copied; commands that begin as those before them refer to them."""
    if not more:
        yield "", Text("all is installed", style="dim")
    previous, before = "", [""]
    for name, commands in more.items():
        new, start = commands, ""
        if commands[: len(before)] == before:
            new, start = commands[len(before) :], f"as {previous}, then "
        for number, command in enumerate(new):
            yield ("", Text(command)) if number else (name, Text(f"{start}{command}"))
        previous, before = name, commands


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
