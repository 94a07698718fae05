"""Edits that are found by what they do: an index of the edits of a data set, and the nearest of them to another edit
or to an instruction.

>>> from editjudge.retrieval import EditIndex
>>> found = EditIndex.open("edits-index").find(scorer.embed_instruction("make it snow"), top=10)
"""

from __future__ import annotations

from editjudge.retrieval.build import IndexProgress, build_index
from editjudge.retrieval.edit_table import IndexedEdit, Thumbnails
from editjudge.retrieval.index import EditIndex, FoundEdit
from editjudge.retrieval.manifest import IndexManifest

__all__ = ["EditIndex", "FoundEdit", "IndexManifest", "IndexProgress", "IndexedEdit", "Thumbnails", "build_index"]
