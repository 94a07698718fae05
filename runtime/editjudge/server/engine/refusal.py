"""Why a service does not take a request, though there is nothing wrong with it."""

from __future__ import annotations

from editjudge.errors import EditJudgeError


class RefusedError(EditJudgeError):
    """The service does not take a request now. retry_after: seconds until it may be worth asking again."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QueueFullError(RefusedError):
    """As many requests wait as may wait."""


class NotReadyError(RefusedError):
    """The models are not open yet, or not any more, or nothing is taken as the service is about to end."""
