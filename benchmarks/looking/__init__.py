"""Looking at edited pictures only where they changed."""
