"""`editjudge doctor`: what is here, what would run where, and what to install for more."""

from __future__ import annotations

import typer

from editjudge.cli.console import console, progress
from editjudge.cli.options import BundleName, Debug, Device, Json
from editjudge.doctor import examine
from editjudge.reports.diagnostics import render_diagnostics
from editjudge.utils.json_safe import to_json


def doctor(bundle: BundleName = "studio", device: Device = "auto", as_json: Json = False, debug: Debug = False) -> None:
    """Show versions, devices, bundles, what would run where, and what to install for more."""
    with progress() as bar:
        bar.add_task("looking at devices and bundles", total=None)
        findings = examine(bundle, device)
    if as_json:
        print(to_json(findings))
    else:
        console().print(render_diagnostics(findings))
    if findings["plan"]["problem"]:
        raise typer.Exit(3)
