"""Outputs and whole scores beside those of PyTorch and transformers."""
