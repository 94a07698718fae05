"""editjudge against the recipe that the authors of the paper released."""
