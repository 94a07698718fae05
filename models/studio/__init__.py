"""The studio: rendered scenes and edits, and the training of the embedded bundle's models."""
