"""What a larger frame gains for small objects in large photographs, and what it costs."""
