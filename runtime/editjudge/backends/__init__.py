"""The libraries that run models: ONNX Runtime and llama.cpp."""
