"""Asking people, and what follows from what they say."""
