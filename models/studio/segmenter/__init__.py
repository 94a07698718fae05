"""The studio's SAM."""
