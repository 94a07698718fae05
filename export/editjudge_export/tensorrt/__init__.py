"""Engines, compiled ahead of time."""
