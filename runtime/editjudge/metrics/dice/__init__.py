"""DICE (2025): the differences of two pictures, their kind, and whether they were asked for."""
