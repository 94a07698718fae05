"""The recipe of the studio bundle makes the bundle that is embedded."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "models" / "studio" / "bundle-recipe.toml"
MANIFEST = ROOT / "models" / "editjudge_models" / "studio" / "bundle.toml"


def test_settings_and_revisions_are_those_of_the_embedded_bundle() -> None:
    recipe = tomllib.loads(RECIPE.read_text(encoding="utf-8"))
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    for section in ("clip", "detector", "segmenter", "difference", "norm", "domain", "parse"):
        assert recipe[section] == manifest[section], section
    files = {entry["role"]: entry for entry in manifest["file"]}
    for copy in recipe["copy"]:
        if "role" in copy:
            entry = files[copy["role"]]
            assert (copy.get("revision"), copy["source"]) == (entry.get("revision"), entry["source"]), copy["role"]


def test_every_script_that_made_a_model_is_there() -> None:
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    scripts = [entry["source"] for entry in manifest["file"] if entry["source"].startswith("models/")]
    assert scripts
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_cards_are_those_of_the_recipe() -> None:
    cards = sorted(path.name for path in (MANIFEST.parent / "cards").iterdir())
    assert cards == sorted(path.name for path in (RECIPE.parent / "cards").iterdir() if path.name != "NOTICE.md")
    for name in cards:
        assert (MANIFEST.parent / "cards" / name).read_bytes() == (RECIPE.parent / "cards" / name).read_bytes(), name
