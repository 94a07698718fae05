"""Artefacts that an edit may add to a picture: a file for each kind, and one list of them."""
