"""The network that finds differences: what it learns from, its losses, its training and its figures."""
