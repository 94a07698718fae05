"""Recipes with the one parser that a package registry has, in place of their own: Gemma 3 270M with its adapter."""

from __future__ import annotations

import tomllib
from typing import Any

import editjudge_models

OTHERS = ("parser", "fallback_parser", "file", "copy", "parse")


def with_small_parser(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the parser that `photo-edge` has, and nothing for what that one is not sure of."""
    origin = editjudge_models.recipe_path("photo-edge")
    given = tomllib.loads(origin.read_text(encoding="utf-8"))
    copies = [{**each, "from": str((origin.parent / each["from"]).resolve())} for each in given["copy"]]
    kept = {name: value for name, value in recipe.items() if name not in OTHERS}
    return {**kept, "file": given["file"], "copy": copies, "parse": given["parse"]}
