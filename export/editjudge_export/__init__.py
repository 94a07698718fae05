"""Hugging Face checkpoints to the ONNX graphs of a bundle; `python -m editjudge_export --help`.

Only the command line and `editjudge.errors` are imported without the `export` extra (torch, transformers, onnx).
"""
