"""Metrics that see both pictures at once: how well an edit, as one embedding, fits its instruction."""
