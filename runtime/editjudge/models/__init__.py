"""The models by architecture: pictures and texts in, arrays out."""
