"""The commands by which other programs use editjudge while it runs."""
