"""OpenCV, imported without what its package leaves in the environment: all of the runtime takes `cv2` from here."""

from __future__ import annotations

from editjudge.utils.libraries.environment import keep_variables

# Its package adds a folder of its own to the variable, for sub-processes: those of the app that embeds us as well.
with keep_variables("LD_LIBRARY_PATH"):
    import cv2

__all__ = ["cv2"]
