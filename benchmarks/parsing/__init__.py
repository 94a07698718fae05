"""How well instructions are parsed."""
