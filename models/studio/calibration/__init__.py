"""Thresholds and ranges of the studio bundle."""
