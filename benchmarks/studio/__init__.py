"""The studio bundle on rendered edits of known quality."""
