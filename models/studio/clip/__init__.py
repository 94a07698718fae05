"""The studio's CLIP."""
