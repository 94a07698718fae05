"""Where ONNX Runtime's sessions take their memory from."""
