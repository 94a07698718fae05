"""What a machine with an NVIDIA GPU makes of editjudge, in one command; only Python and a driver need be there."""
