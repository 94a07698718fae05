"""What GPUs can do at most, as their manufacturer publishes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuPeaks:
    """The peaks of one GPU.

    Attributes:
        name: As it is sold.
        fp32: FLOP/s of its plain cores.
        fp16: FLOP/s of its tensor cores, dense, accumulating in float32.
        bandwidth: Bytes/s of its memory.
        source: Where the figures are published.
    """

    name: str
    fp32: float
    fp16: float
    bandwidth: float
    source: str


GPUS = (
    GpuPeaks(
        "RTX 4090",
        fp32=82.6e12,
        fp16=165.2e12,
        bandwidth=1008e9,
        source="NVIDIA Ada GPU Architecture, whitepaper, appendix A: 82.6 TFLOPS in FP32; 165.2 in FP16 with FP32 "
        "accumulation, dense; 1008 GB/s",
    ),
    GpuPeaks(
        "RTX 3060 12 GB",
        fp32=12.7e12,
        fp16=25.5e12,
        bandwidth=360e9,
        source="NVIDIA's product page: 3584 cores at 1.78 GHz, 192 bits of GDDR6 at 15 Gb/s (3584 x 2 x 1.777 GHz = "
        "12.7 TFLOPS; 192 / 8 x 15 = 360 GB/s); tensor cores in FP16 with FP32 accumulation, dense, at twice the FP32 "
        "rate, as the Ampere GA102 whitepaper has it for this family",
    ),
    GpuPeaks(
        "Jetson AGX Orin 64 GB",
        fp32=5.3e12,
        fp16=42.5e12,
        bandwidth=204.8e9,
        source="NVIDIA Jetson AGX Orin Series, technical brief: 5.3 TFLOPS in FP32; 170 sparse INT8 TOPS of the GPU's "
        "tensor cores, of which half when dense, and of that half in FP16; 204.8 GB/s",
    ),
)
