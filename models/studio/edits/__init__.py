"""Edits of scenes, their instructions, and candidates of known quality."""
