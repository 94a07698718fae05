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
    for section in ("clip", "detector", "segmenter", "norm", "domain", "parse"):
        assert recipe[section] == manifest[section], section
    revisions = {entry["role"]: entry.get("revision") for entry in manifest["file"]}
    for copy in recipe["copy"]:
        if "role" in copy:
            assert copy.get("revision") == revisions[copy["role"]], copy["role"]
