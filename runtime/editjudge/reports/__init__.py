"""Scores for people: HTML, terminal, pictures, plots."""
