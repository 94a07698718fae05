"""`editjudge evaluate`: a file for each kind of data that is evaluated."""
