"""Scenes: what is in them, and how they are drawn."""
