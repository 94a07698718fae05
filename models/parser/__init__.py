"""The parser's adapter: its training instructions, and its training."""
