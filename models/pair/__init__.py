"""The pair model: training of the embedding of edits."""
