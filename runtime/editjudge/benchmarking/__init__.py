"""How long edits take, and on what machine."""
