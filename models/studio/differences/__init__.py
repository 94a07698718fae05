"""Pairs of pictures of which it is known what differs, of what kind that is, and whether it was asked for."""
