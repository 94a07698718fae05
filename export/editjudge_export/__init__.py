"""Hugging Face checkpoints to the ONNX graphs of a bundle; `python -m editjudge_export --help`.

Only the command line, and what it says of architectures and precisions, is imported without the `export` extra.
"""
