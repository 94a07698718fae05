"""Picture files as other programs write them, and whether they are read right."""
