"""Where two pictures differ, and how: what was added, removed or edited, and what moved."""
