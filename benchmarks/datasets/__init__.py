"""Scoring whole data sets."""
