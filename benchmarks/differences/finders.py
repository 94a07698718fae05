"""What finds differences: pixels alone, and the bundle's network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.models.model_set import ModelSet

ROLE = "difference"


def open_finders(name: str, threads: int) -> Mapping[str, Scorer]:
    """A Scorer of the bundle for each way of finding that it has, by name; the last is what its users get."""
    whole = Bundle.load(name)
    finders = {"pixels": Scorer(ModelSet(leave_out(whole, ROLE), "cpu", threads))}
    if whole.has(ROLE):
        finders["network"] = Scorer(ModelSet(whole, "cpu", threads))
    return finders


def leave_out(bundle: Bundle, role: str) -> Bundle:
    """The bundle as if it had no model of that role."""
    files = {name: entry for name, entry in bundle.manifest.files.items() if name != role}
    return replace(bundle, manifest=replace(bundle.manifest, files=files))
