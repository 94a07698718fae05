"""What Ray Serve is pointed at: `serve run editjudge.server.ray.deployment:app bundle=studio replicas=2`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from editjudge.errors import DeviceError
from editjudge.server.ray.arguments import read_arguments
from editjudge.server.run import check_packages


def app(arguments: Mapping[str, Any]) -> Any:
    """The application that Ray Serve runs.

    arguments: as `read_arguments` takes them. Raises InputError, and DeviceError where an extra is missing.
    """
    options, plan = read_arguments(arguments)
    check_packages()
    if find_spec("ray") is None:
        raise DeviceError("a deployment needs Ray Serve; pip install 'editjudge[ray,serve]'")
    from editjudge.server.ray.replica import deploy  # noqa: PLC0415  (both extras)

    return deploy(options, plan)
