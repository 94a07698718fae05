"""PyTorch modules to ONNX files, and their precision."""
