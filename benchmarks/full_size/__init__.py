"""Exports of the published architectures at their full size."""
