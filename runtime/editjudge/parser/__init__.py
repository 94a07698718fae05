"""The parts of the parser: an instruction's words, the line a language model writes about it, and how sure it was."""
