"""How much of an edited picture the models look at: only where it changed, as far as that can be told."""
