"""The experiments of the paper, a file each."""
