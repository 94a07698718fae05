"""A BPM score in plain sentences."""
