"""OpenCV, imported without what its package leaves in the environment: all of the runtime takes `cv2` from here."""

from __future__ import annotations

import editjudge.utils.calls  # noqa: F401  (a fork waits for our calls before it pauses what follows)
from editjudge.utils.forks import pause_at_fork
from editjudge.utils.libraries.environment import keep_variables

# Its package adds a folder of its own to the variable, for sub-processes: those of the app that embeds us as well.
with keep_variables("LD_LIBRARY_PATH"):
    import cv2

__all__ = ["cv2"]


class _Threads:
    """OpenCV's pool. Each of its threads has a lock, which it holds for a moment as it falls asleep. A process that is
    forked in that moment waits for the lock for ever, with its first picture.
    """

    def __init__(self) -> None:
        self._count: int | None = None

    def pause(self) -> None:
        """With one thread OpenCV ends the others at once, and computes in the caller's."""
        self._count = cv2.getNumThreads()
        cv2.setNumThreads(1)

    def resume(self) -> None:
        """They start with the next picture."""
        if self._count is not None:
            cv2.setNumThreads(self._count)
            self._count = None


_THREADS = _Threads()
pause_at_fork(_THREADS.pause, _THREADS.resume)
