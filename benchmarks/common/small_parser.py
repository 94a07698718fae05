"""Swaps the parser of a recipe for the only one that a package registry offers: Gemma 3 270M with its adapter."""

from __future__ import annotations

import tomllib
from typing import Any

import editjudge_models

PARSER_SECTIONS = ("parser", "fallback_parser", "file", "copy", "parse")

ADAPTER = "parser_adapter"


def with_small_parser(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the parser of `photo-edge`, and without a fallback parser."""
    path = editjudge_models.recipe_path("photo-edge")
    photo_edge = tomllib.loads(path.read_text(encoding="utf-8"))
    rest = {name: value for name, value in recipe.items() if name not in PARSER_SECTIONS}
    # Of its own copies those of another bundle's files: others lie beside the recipe, which may be written elsewhere.
    own = [table for table in recipe.get("copy", ()) if "bundle" in table and table.get("role") != ADAPTER]
    adapter = [table for table in photo_edge["copy"] if table["role"] == ADAPTER]
    return {**rest, "file": photo_edge["file"], "copy": own + adapter, "parse": photo_edge["parse"]}
