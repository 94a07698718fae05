"""The commands that make an index of edits, and find edits in it."""
