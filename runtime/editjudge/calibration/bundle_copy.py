"""A bundle with the models of another and other numbers: its files are copied, its manifest is written anew."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from editjudge.bundles.bundle import Bundle, check_name
from editjudge.bundles.cache import cache_folder
from editjudge.bundles.manifest import FILE_NAME
from editjudge.errors import BundleError
from editjudge.utils.atomic_file import check_new_folder, new_folder

CALIBRATED = "-calibrated"
"""What the version of a bundle with fitted numbers ends with."""
HEADER = re.compile(r"^\[\[?\s*([\w.-]+)\s*\]\]?\s*(#.*)?$")


def check_folder(folder: Path) -> None:
    """Raises InputError where no bundle can be written to the folder."""
    check_name(folder.name)
    check_new_folder(folder)


def place_bundle(name: str) -> Path:
    """Where --bundle finds one of this name; the folder that it is to stand in is there then. Raises BundleError."""
    folder = cache_folder() / "bundles" / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(f"{folder.parent} cannot be made: {error.strerror}; name a folder with --output") from error
    return folder


def copy_bundle(bundle: Bundle, folder: Path, sections: Mapping[str, Any]) -> Bundle:
    """Writes a bundle with these sections in the place of its own; it is whole, or not there.

    Args:
        bundle: The one that the models are of.
        folder: Where to; its name becomes that of the bundle.
        sections: Dataclasses by the names of the sections.

    Raises InputError where it cannot be written, and BundleError.
    """
    check_folder(folder)
    manifest = bundle.manifest
    text = (bundle.folder / FILE_NAME).read_text("utf-8-sig")
    head = {"name": folder.name, "version": f"{manifest.version.removesuffix(CALIBRATED)}{CALIBRATED}"}
    changed = change_sections(text, head, {name: _to_table(section) for name, section in sections.items()})
    paths = {entry.path for entry in manifest.listed if entry.path is not None}
    for engine in bundle.engines:
        paths |= {engine.path, engine.data}
    with new_folder(folder) as made:
        for path in sorted(paths):
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.folder / path, target)
        (made / FILE_NAME).write_text(changed, "utf-8")
        Bundle.load(made)
    return Bundle.load(folder.absolute())


def change_sections(text: str, head: Mapping[str, Any], sections: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a manifest with other values at its head, and these sections in the place of its own.

    All else stays as it is, with its comments. Raises BundleError for a text that is laid out too strangely for that.
    """
    kept: list[str] = []
    section = ""
    for line in text.splitlines():
        found = HEADER.match(line)
        section = found[1] if found else section
        key = line.partition("=")[0].strip()
        if section in sections:
            if line.startswith("#") and not found:
                kept.append(line)
        elif not section and key in head:
            kept.append(f"{key} = {_show(head[key])}")
        else:
            kept.append(line)
    for name, table in sections.items():
        kept += ["", f"[{name}]", *(f"{key} = {_show(value)}" for key, value in table.items())]
    changed = "\n".join(kept) + "\n"
    wanted = {**tomllib.loads(text), **head, **sections}
    try:
        is_right = tomllib.loads(changed) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise BundleError(f"the layout of {FILE_NAME} is not understood; write each section as a table of its own")
    return changed


def _to_table(section: Any) -> dict[str, Any]:
    """A dataclass as a table has it, which has lists, and lacks what is None."""
    values = {key: value for key, value in asdict(section).items() if value is not None}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _show(value: Any) -> str:
    """A text, a number or a list of them, as TOML has it; of these it has what JSON has."""
    return json.dumps(value, ensure_ascii=False)
