"""ONNX Runtime: devices, sessions, and the best form of a model for a device."""
