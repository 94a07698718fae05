"""The devices that Vulkan shows on this machine, by which WebGPU reaches a GPU on Linux; software ones are told."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

from editjudge.errors import DeviceError, OutOfMemoryError
from editjudge.utils.oom import ADVICE, lacks_memory

_LOADER = "libvulkan.so.1"
_CREATE_INSTANCE = 1  # VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO
_NO_MEMORY = (-1, -2)  # VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY
_NO_DRIVER = -9  # VK_ERROR_INCOMPATIBLE_DRIVER
_SOFTWARE = 4  # VK_PHYSICAL_DEVICE_TYPE_CPU
_PROPERTIES_BYTES = 4096  # VkPhysicalDeviceProperties takes 824


@dataclass(frozen=True)
class VulkanDevice:
    """A device of Vulkan; `software` is one that the CPU plays."""

    name: str
    software: bool


class _InstanceCreateInfo(ctypes.Structure):
    """VkInstanceCreateInfo: no application, layers or extensions."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("flags", ctypes.c_uint32),
        ("application", ctypes.c_void_p),
        ("layer_count", ctypes.c_uint32),
        ("layers", ctypes.c_void_p),
        ("extension_count", ctypes.c_uint32),
        ("extensions", ctypes.c_void_p),
    )


class _Properties(ctypes.Structure):
    """The beginning of VkPhysicalDeviceProperties."""

    _fields_ = (
        ("api", ctypes.c_uint32),
        ("driver", ctypes.c_uint32),
        ("vendor", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
        ("type", ctypes.c_int),
        ("name", ctypes.c_char * 256),
    )


@cache
def find_vulkan_devices() -> tuple[VulkanDevice, ...]:
    """List the devices that Vulkan's drivers show to this process, real ones first.

    Raises DeviceError, which says what is missing, where there is none; OutOfMemoryError where that cannot be told.
    """
    try:
        loader = ctypes.CDLL(_LOADER)
    except OSError as error:
        if lacks_memory(error):
            raise OutOfMemoryError(f"there is not enough memory to load Vulkan; {ADVICE}") from error
        raise DeviceError(
            f"Vulkan is not installed ({_LOADER} is missing; on Debian: apt install libvulkan1)"
        ) from error
    instance = ctypes.c_void_p()
    info = _InstanceCreateInfo(type=_CREATE_INSTANCE)
    _call(loader, "vkCreateInstance", ctypes.byref(info), None, ctypes.byref(instance))
    try:
        count = ctypes.c_uint32()
        _call(loader, "vkEnumeratePhysicalDevices", instance, ctypes.byref(count), None)
        handles = (ctypes.c_void_p * count.value)()
        _call(loader, "vkEnumeratePhysicalDevices", instance, ctypes.byref(count), handles)
        devices = [_describe(loader, handle) for handle in handles[: count.value]]
    finally:
        loader.vkDestroyInstance(instance, None)
    if not devices:
        raise DeviceError("Vulkan's drivers show no GPU")
    return tuple(sorted(devices, key=lambda device: device.software))


def _describe(loader: ctypes.CDLL, handle: int | None) -> VulkanDevice:
    buffer = ctypes.create_string_buffer(_PROPERTIES_BYTES)
    loader.vkGetPhysicalDeviceProperties(ctypes.c_void_p(handle), buffer)
    properties = _Properties.from_buffer(buffer)
    return VulkanDevice(properties.name.decode(errors="replace"), properties.type == _SOFTWARE)


def _call(loader: ctypes.CDLL, function: str, *arguments: object) -> None:
    status = getattr(loader, function)(*arguments)
    if status in _NO_MEMORY:
        raise OutOfMemoryError(f"there is not enough memory to start Vulkan; {ADVICE}")
    if status == _NO_DRIVER:
        raise DeviceError("no Vulkan driver of a GPU is installed")
    if status < 0:
        raise DeviceError(f"Vulkan fails (error {status} of {function})")
