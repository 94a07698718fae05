"""The one file that knows ONNX Runtime: opens a model on a device and runs it."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from editjudge.errors import BundleError, DeviceError, InputError

Array = NDArray[Any]


@dataclass(frozen=True)
class Provider:
    """An execution provider of ONNX Runtime: built into it, or in a plugin package beside it."""

    name: str
    install: str
    plugin: str | None = None
    fallbacks: tuple[str, ...] = ()


# onnxruntime-gpu holds the same files as onnxruntime: the extra brings it and CUDA, then it must be put on top alone.
_GPU = (
    "pip install 'editjudge[gpu]' && pip uninstall --yes onnxruntime && "
    "pip install --force-reinstall --no-deps onnxruntime-gpu"
)

PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", "pip install onnxruntime"),
    "cuda": Provider("CUDAExecutionProvider", _GPU),
    "tensorrt": Provider(
        "TensorrtExecutionProvider", f"{_GPU} && pip install tensorrt", fallbacks=("CUDAExecutionProvider",)
    ),
    "rtx": Provider(
        "NvTensorRTRTXExecutionProvider", "pip install 'editjudge[rtx]'", plugin="onnxruntime_ep_nv_tensorrt_rtx"
    ),
    "openvino": Provider(
        "OpenVINOExecutionProvider", "pip install 'editjudge[openvino]'", plugin="onnxruntime_ep_openvino"
    ),
}
DEVICES = ("auto", *PROVIDERS)

# What "auto" tries, best first. Not tensorrt, which builds engines for minutes when a model is opened first.
_PREFERENCE = ("rtx", "cuda", "openvino", "cpu")

_registering = threading.Lock()


class Session:
    """A model that was opened on a device. It may be run from several threads at once."""

    def __init__(self, session: Any, path: Path) -> None:
        self._session = session
        self._path = path
        self.inputs: tuple[str, ...] = tuple(each.name for each in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(each.name for each in session.get_outputs())
        self.providers: tuple[str, ...] = tuple(session.get_providers())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Runs the model on arrays by input name; returns its outputs by name.

        Raises BundleError when the model does not take these inputs: it was not made for this version.
        """
        if feeds.keys() != set(self.inputs):
            raise BundleError(
                f"{self._path.name} takes the inputs {', '.join(sorted(self.inputs))} and not "
                f"{', '.join(sorted(feeds))}; build the bundle again"
            )
        try:
            outputs = self._session.run(None, dict(feeds))
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            raise BundleError(f"{self._path.name} failed to run: {_first_line(error)}") from error
        return dict(zip(self.outputs, outputs, strict=True))


def open_session(path: Path, device: str = "auto", threads: int | None = None) -> Session:
    """Opens an ONNX model on a device: cpu, cuda, tensorrt, rtx, openvino, or auto for the best that works here.

    `threads` is the number of CPU threads an operator may use; by default all cores. Raises InputError for a device
    that is not known, DeviceError for one that is not there, and BundleError for a file that is no model.
    """
    check_device(device)
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it must be at least 1")
    if device != "auto":
        return _open(path, device, threads)
    for candidate in _PREFERENCE:
        if candidate == "cpu" or why_not(candidate) is None:
            with contextlib.suppress(DeviceError):
                return _open(path, candidate, threads)
    raise DeviceError("ONNX Runtime has no CPU provider; pip install --force-reinstall onnxruntime")


def check_device(device: str) -> None:
    """Raises InputError, listing the devices, when this is none of them."""
    if device not in DEVICES:
        raise InputError(f"there is no device {device!r}; choose one of {', '.join(DEVICES)}")


def why_not(device: str) -> str | None:
    """None when a model can be tried on this device, else a sentence that says why not and what to do."""
    provider = PROVIDERS[device]
    if provider.plugin is None:
        if provider.name in _runtime().get_available_providers():
            return None
        return f"device {device} needs {provider.name}, which is not installed; {provider.install}"
    if find_spec(provider.plugin) is None:
        return f"device {device} needs {provider.name}, which is not installed; {provider.install}"
    try:
        devices = _plugin_devices(provider.name, provider.plugin)
    except Exception as error:  # the plugin's own loader: a missing driver, a library of another version
        return f"device {device} cannot be used; check its driver, or use auto or cpu ({_first_line(error)})"
    return None if devices else f"device {device}: {provider.name} knows no hardware of this machine; use auto or cpu"


def _open(path: Path, device: str, threads: int | None) -> Session:
    reason = why_not(device)
    if reason is not None:
        raise DeviceError(reason)
    if not path.is_file():
        raise BundleError(f"{path} is missing; fetch or build the bundle again")
    provider = PROVIDERS[device]
    options = _options(threads)
    chosen: dict[str, Any] = {}
    if provider.plugin is not None:
        options.add_provider_for_devices(_plugin_devices(provider.name, provider.plugin)[:1], {})
    else:
        chosen["providers"] = list(dict.fromkeys([provider.name, *provider.fallbacks, "CPUExecutionProvider"]))
    try:
        # enable_fallback would print to stdout and go on with the CPU in silence.
        session = _runtime().InferenceSession(str(path), sess_options=options, enable_fallback=0, **chosen)
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        if device == "cpu":
            raise BundleError(f"{path} cannot be opened as a model: {_first_line(error)}") from error
        raise DeviceError(f"{path.name} cannot be opened on {device}: {_first_line(error)}") from error
    opened = Session(session, path)
    if provider.name not in opened.providers:
        raise DeviceError(f"{provider.name} would not start on this machine; check its driver, or use auto or cpu")
    return opened


def _options(threads: int | None) -> Any:
    options = _runtime().SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    # A thread that waits must not spin: it takes the core from the next model, or from whatever else runs. With both
    # cores of a machine busy an edit took 0.17 s so, and 2.8 s with spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


@cache
def _runtime() -> ModuleType:
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise DeviceError(f"ONNX Runtime cannot be imported ({error}); pip install onnxruntime") from error
    if "CUDAExecutionProvider" in runtime.get_available_providers():
        # Finds the CUDA libraries that pip installed; it prints what it misses, which the system may well have.
        with contextlib.redirect_stdout(io.StringIO()):
            runtime.preload_dlls()
    return runtime


def _plugin_devices(name: str, plugin: str) -> list[Any]:
    """The hardware that a plugin provider can use, GPUs first. Registers it once per process."""
    with _registering:
        _register(plugin)
    devices = [device for device in _runtime().get_ep_devices() if device.ep_name == name]
    order = ("GPU", "CPU", "NPU")
    return sorted(devices, key=lambda device: order.index(device.device.type.name))


@cache
def _register(plugin: str) -> None:
    _runtime().register_execution_provider_library(plugin, import_module(plugin).get_library_path())


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
