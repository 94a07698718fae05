"""The models that only metrics need, each opened when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.bundle import Bundle
from editjudge.embed import picture_inputs
from editjudge.engine import Session
from editjudge.opening import open_model
from editjudge.types import Image


class Models:
    """A bundle's LPIPS, DINO and DINOv2. May be shared by threads."""

    def __init__(self, bundle: Bundle, device: str, threads: int | None) -> None:
        self._bundle = bundle
        self._device = device
        self._threads = threads
        self._sessions: dict[str, Session] = {}
        self._opening = threading.Lock()

    def features(self, role: str, images: Sequence[Image]) -> NDArray[np.float32]:
        """float32[N, D], not normalised: what DINO or DINOv2 makes of N pictures uint8[H, W, 3], in one run."""
        return self._session(role).run(picture_inputs(images, self._bundle.pictures(role)))["features"]

    def distance(self, original: Image, edited: Image) -> float:
        """LPIPS of two pictures uint8[H, W, 3], from 0."""
        pixels = picture_inputs([original, edited], self._bundle.pictures("lpips"))["pixel_values"]
        return float(self._session("lpips").run({"original": pixels[:1], "edited": pixels[1:]})["distance"][0])

    def _session(self, role: str) -> Session:
        with self._opening:
            if role not in self._sessions:
                self._sessions[role] = open_model(self._bundle, role, self._device, self._threads)
            return self._sessions[role]
