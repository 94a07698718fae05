"""The devices that models can run on: ONNX Runtime's execution providers, and which of them work on this machine."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from editjudge.backends.onnx.gpu_faults import shorten_error
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.backends.onnx.vulkan import find_vulkan_devices
from editjudge.errors import DeviceError, InputError, OutOfMemoryError, quote_value
from editjudge.utils.forks import new_lock
from editjudge.utils.oom import ADVICE, lacks_memory


@dataclass(frozen=True)
class Provider:
    """An execution provider of ONNX Runtime.

    Attributes:
        name: As ONNX Runtime has it.
        install: The commands that bring it.
        needs: The hardware.
        plugin: The package that brings it to an ONNX Runtime that is built without it.
        fallbacks: The providers that take what it leaves, before the CPU's.
        compiles: Whether a model is compiled for it once and kept.
        memory: The GPU's memory as ONNX Runtime names it, where arrays can be laid there from Python.
        systems: The values of `sys.platform` that it exists for; none: all.
    """

    name: str
    install: str
    needs: str
    plugin: str | None = None
    fallbacks: tuple[str, ...] = ()
    compiles: bool = False
    memory: str | None = None
    systems: tuple[str, ...] = ()


# onnxruntime-gpu holds the same files as onnxruntime: the extra brings it and CUDA, then it must be put on top alone.
_GPU = (
    "pip install 'editjudge[gpu]' && pip uninstall --yes onnxruntime && "
    "pip install --force-reinstall --no-deps onnxruntime-gpu"
)

PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", "pip install onnxruntime", "any CPU"),
    "cuda": Provider("CUDAExecutionProvider", _GPU, "an NVIDIA GPU", memory="cuda"),
    "tensorrt": Provider(
        "TensorrtExecutionProvider",
        f"{_GPU} && pip install 'editjudge[tensorrt]'",
        "an NVIDIA GPU",
        fallbacks=("CUDAExecutionProvider",),
        memory="cuda",
    ),
    "rtx": Provider(
        "NvTensorRTRTXExecutionProvider",
        "pip install 'editjudge[rtx]'",
        "an NVIDIA RTX GPU, 30 series or later",
        plugin="onnxruntime_ep_nv_tensorrt_rtx",
        compiles=True,
        memory="gpu",
    ),
    "openvino": Provider(
        "OpenVINOExecutionProvider",
        "pip install 'editjudge[openvino]'",
        "an Intel CPU, GPU or NPU",
        plugin="onnxruntime_ep_openvino",
        compiles=True,
    ),
    # The whole ONNX Runtime onnxruntime-webgpu, which has it built in, does as well in the place of onnxruntime.
    "webgpu": Provider(
        "WebGpuExecutionProvider",
        "pip install 'editjudge[webgpu]'",
        "a GPU",
        plugin="onnxruntime_ep_webgpu",
    ),
    "coreml": Provider(
        "CoreMLExecutionProvider", "pip install --force-reinstall onnxruntime", "a Mac", systems=("darwin",)
    ),
    "directml": Provider(
        "DmlExecutionProvider",
        "pip uninstall --yes onnxruntime && pip install --force-reinstall --no-deps onnxruntime-directml",
        "Windows and a GPU with Direct3D 12",
        memory="dml",
        systems=("win32",),
    ),
}
DEVICES = ("auto", *PROVIDERS)
NVIDIA = ("rtx", "cuda", "tensorrt")

PREFERENCE = ("rtx", "cuda", "cpu")
"""What "auto" tries, best first. Not tensorrt, which builds engines for minutes when a model is opened first; nor
openvino, which on a CPU, in float32, took 1.2 times as long for an edit as ONNX Runtime's own kernels; nor webgpu,
coreml and directml, with which nothing was timed on a real GPU yet, while the first finds GPUs that software plays, and
the second is a part of every ONNX Runtime for Macs: each is for those who ask for it."""

_registering = new_lock()


def check_device(device: str) -> None:
    """Raises InputError, listing the devices, when this is none of them."""
    if not isinstance(device, str) or device not in DEVICES:
        raise InputError(f"there is no device {quote_value(device)}; choose one of {', '.join(DEVICES)}")


def is_installed(device: str) -> bool:
    """Whether the device's provider is in ONNX Runtime, or its plugin beside it; it may still not work.

    Raises OutOfMemoryError where ONNX Runtime cannot be loaded for want of memory.
    """
    try:
        return is_built_in(device) or is_plugin(device)
    except DeviceError:
        return False


def is_built_in(device: str) -> bool:
    """Whether the installed ONNX Runtime has the device's provider without a plugin."""
    return PROVIDERS[device].name in load_onnxruntime().get_available_providers()


def is_plugin(device: str) -> bool:
    """Whether the device's provider comes from a plugin package that is installed."""
    plugin = PROVIDERS[device].plugin
    return plugin is not None and find_spec(plugin) is not None and not is_built_in(device)


def find_problem(device: str) -> str | None:
    """A sentence that says why no model can be tried on this device and what to do; None where one can. It is looked
    for anew each time: what was amiss may have been mended since.

    Raises OutOfMemoryError where that cannot be told for want of memory.
    """
    provider = PROVIDERS[device]
    try:
        load_onnxruntime()
    except DeviceError as error:
        return str(error)
    if provider.systems and sys.platform not in provider.systems:
        return f"device {device} needs {provider.needs}; use auto or cpu"
    if not is_installed(device):
        return f"device {device} needs {provider.name}, which is not installed; {provider.install}"
    try:
        if device in NVIDIA:
            find_gpus()
        if device == "webgpu" and sys.platform == "linux" and is_built_in(device):
            find_vulkan_devices()  # else each session would look for one anew, and print that there is none
    except DeviceError as error:
        return f"device {device} needs {provider.needs}, and {error}"
    return _find_plugin_problem(device, provider) if is_plugin(device) else None


def _find_plugin_problem(device: str, provider: Provider) -> str | None:
    try:
        devices = _list_plugin_devices(provider)
    except Exception as error:  # the plugin's own loader: a missing driver, a library of another version
        if lacks_memory(error):
            raise OutOfMemoryError(f"there is not enough memory to load {provider.name}; {ADVICE}") from error
        return f"device {device} cannot be used, check its driver ({shorten_error(error)})"
    if not devices:
        return f"device {device} needs {provider.needs}, and {provider.name} finds none here"
    return None


def find_plugin_device(device: str) -> Any:
    """Finds the hardware that a plugin's models run on: the OrtEpDevice of its first GPU, else of its CPU or NPU."""
    return _list_plugin_devices(PROVIDERS[device])[0]


def describe_hardware(device: str) -> str | None:
    """The name of the GPU that a device which has no problem runs models on; None where that is not known here."""
    if device in NVIDIA:
        return find_gpus()[0].name
    if device == "webgpu" and sys.platform == "linux" and is_built_in(device):
        first = find_vulkan_devices()[0]
        return f"{first.name}, which is software: slower than cpu" if first.software else first.name
    return None


def find_library_version(device: str) -> str | None:
    """Finds the version of the library that a device's engines are built and run with; None where it is not known."""
    if device == "tensorrt":
        for package in ("tensorrt", "tensorrt-cu13", "tensorrt-cu12"):
            with contextlib.suppress(PackageNotFoundError):
                return version(package)
    plugin = PROVIDERS[device].plugin
    spec = find_spec(plugin) if device == "rtx" and plugin else None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).iterdir():  # libtensorrt_rtx.so.1.7.1, tensorrt_rtx_1_7.dll
            if match := re.fullmatch(r"(?:lib)?tensorrt_rtx(?:\.so\.|_)(\d+[._]\d+(?:[._]\d+)?)(?:\.dll)?", file.name):
                return match[1].replace("_", ".")
    return None


def fingerprint(device: str) -> tuple[str, ...]:
    """What a compiled model depends on beside the model: the provider, its version and ONNX Runtime's, the hardware."""
    parts = [PROVIDERS[device].name, load_onnxruntime().__version__, find_library_version(device) or ""]
    if is_plugin(device):
        plugin_device = find_plugin_device(device)
        hardware = plugin_device.device
        parts += [plugin_device.ep_metadata.get(name, "") for name in ("version", "FULL_DEVICE_NAME")]
        parts += [hardware.type.name, str(hardware.vendor_id), str(hardware.device_id)]
    return tuple(parts)


def _list_plugin_devices(provider: Provider) -> list[Any]:
    """List the hardware that a plugin provider can use, GPUs first; the provider is registered once per process."""
    assert provider.plugin is not None
    with _registering:
        _register(provider.plugin)
    devices = [device for device in load_onnxruntime().get_ep_devices() if device.ep_name == provider.name]
    order = ("GPU", "CPU", "NPU")
    return sorted(devices, key=lambda device: order.index(device.device.type.name))


@cache
def _register(plugin: str) -> None:
    load_onnxruntime().register_execution_provider_library(plugin, import_module(plugin).get_library_path())
