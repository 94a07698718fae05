"""The devices that Vulkan shows: none where nothing is installed, which is said; SwiftShader's in test_webgpu.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from editjudge.backends.onnx.vulkan import find_vulkan_devices
from editjudge.errors import DeviceError
try:
    find_vulkan_devices()
except DeviceError as error:
    print(error)
"""


def test_no_driver_is_a_sentence(tmp_path: Path) -> None:
    """Whether the loader is installed or not."""
    environment = {"VK_DRIVER_FILES": str(tmp_path / "none.json"), "VK_ICD_FILENAMES": str(tmp_path / "none.json")}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {
        "no Vulkan driver of a GPU is installed",
        "Vulkan is not installed (libvulkan.so.1 is missing; on Debian: apt install libvulkan1)",
    }
    assert done.stderr == ""
