"""Bundles of models: their manifest, their files, the user's cache, and fetching them."""
