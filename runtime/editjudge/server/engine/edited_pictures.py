"""The edited pictures of a request, decoded within the limits of the service, for a ranking that asks for them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from editjudge.errors import InputError
from editjudge.image.decode import ImageSource, load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.ranking import RankedCandidate
from editjudge.server.engine.job import Job
from editjudge.utils.oom import convert_memory_errors


class GivenUpError(Exception):
    """Nobody waits for the request any more; whoever works on it stops."""


class EditedPictures:
    """Decodes one after the other, as they are asked for, and keeps apart those that cannot be read.

    Attributes:
        indices: Of those that were handed out, in the request.
        unread: The others, each with its error.
    """

    def __init__(self, job: Job, limits: ImageLimits) -> None:
        self.indices: list[int] = []
        self.unread: list[RankedCandidate] = []
        self._job = job
        self._limits = limits

    def read(self) -> Iterator[ImageSource]:
        """Those that can be read. Raises GivenUpError where nobody waits for the rest, and OutOfMemoryError.

        Once the request's budget of time is up, the rest is handed out as it came: nobody looks at it then.
        """
        budget = self._job.request.budget_ms
        end = None if budget is None else time.monotonic() + budget / 1000
        for index, edited in enumerate(self._job.request.edited):
            if self._job.is_over:
                raise GivenUpError
            picture: ImageSource = edited
            if end is None or not index or time.monotonic() < end:
                try:
                    with convert_memory_errors():
                        picture = load_picture(edited, self._limits)
                except InputError as error:
                    self.unread.append(RankedCandidate(index, None, str(error)))
                    continue
            self.indices.append(index)
            yield picture
