"""What the project measures of itself; README.md says which question each script answers."""
