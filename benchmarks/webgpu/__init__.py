"""WebGPU against the CPU."""
