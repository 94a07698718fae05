"""Whether what changed was asked for, and why."""
