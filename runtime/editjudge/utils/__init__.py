"""Small helpers that every floor may use: files, JSON, timing, memory errors, text."""
