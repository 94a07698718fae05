"""From pictures and a request to a task: what is asked of an original, read with the time that there is."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from editjudge.image.decoding.read import LoadedPicture
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.task import EditTask
from editjudge.parser.result import ParseResult, Request, understand
from editjudge.types import ALL, EditIntent, Look
from editjudge.utils.deadlines.deadline import Deadline, OutOfTimeError
from editjudge.utils.timing import StageTimer

EditedPair = tuple[Future[LoadedPicture], Future[LoadedPicture]]
"""An original and an edited picture, as they are being decoded."""


OF_ALL = EditIntent("style", ALL, "anything")
"""Some edit of the whole picture."""


@dataclass(frozen=True)
class TaskReader:
    """Makes tasks.

    Attributes:
        rules: How pictures are framed, and whether of a compound every part is judged.
        read: Reads instructions.
        longest: Pixels of the longest side that pictures are scaled down to.
        look: How much of edited pictures is looked at.
    """

    rules: Framing
    read: Callable[[str], ParseResult]
    longest: int
    look: Look

    def task(self, original: Future[LoadedPicture], request: Request | None, timer: StageTimer) -> EditTask:
        """What is asked of an original; None: nothing. Raises InstructionError."""
        words, intents, flags = understand(request, self.read, timer)
        # The released code knows one edit an instruction.
        intents = intents if self.rules.judges_parts else intents[:1]
        loaded = original.result()  # which was decoded meanwhile
        return EditTask.of(
            loaded.pixels,
            intents,
            self.rules,
            words,
            flags,
            profile_converted=loaded.profile_converted,
            longest=self.longest,
            look=self.look,
        )

    def task_in_time(
        self, pictures: EditedPair, request: Request, timer: StageTimer, deadline: Deadline
    ) -> tuple[EditTask, AlignedImage]:
        """What is asked of an original, and the edited picture in its frame, by a deadline that is in force.

        What was read before is known at once. Anything else is read once the pictures are compared, as that tells
        something by itself; the parser is loaded meanwhile, and to its end, even if that is not in time for this call.
        """
        original, edited = pictures
        try:
            with Deadline(0.0).in_force():
                task = self.task(original, request, timer)
        except OutOfTimeError:
            begun = time.monotonic()
            unread, aligned = self._align_unread(original, edited.result())
            spent = time.monotonic() - begun
            try:
                with Deadline(deadline.left - spent).in_force():  # it is aligned anew
                    task = self.task(original, request, timer)
            except OutOfTimeError:
                return unread, aligned
        return task, task.align_picture(edited.result())

    def _align_unread(self, original: Future[LoadedPicture], edited: LoadedPicture) -> tuple[EditTask, AlignedImage]:
        """With the eyes that overlook least; and another picture is one that no edit of all of it can be."""
        task = replace(self.task(original, None, StageTimer()), not_read=True)
        aligned = task.align_picture(edited)
        if aligned.changes.kind != "other_picture":
            return task, aligned
        return task, replace(task, not_read=False, intent=OF_ALL).align_picture(edited)
