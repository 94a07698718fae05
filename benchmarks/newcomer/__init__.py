"""The way from `pip install` to the first scored photograph."""
