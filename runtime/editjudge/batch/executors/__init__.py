"""Where the rows of a data set are scored: worker processes, or Ray."""
