"""Time and memory of single edits and of many."""
