"""Bodies of requests: receiving their bytes, and reading what is asked for out of them."""
