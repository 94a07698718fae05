"""The time that a call may take, of which as much is kept aside as what follows the models took before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real

from editjudge.errors import InputError, quote_value
from editjudge.utils.deadlines.deadline import Deadline

FIRST = 0.015
"""Seconds that are kept aside before anything was measured."""
REMEMBERED = 32
"""Calls: of what these took the most but one is kept aside, as one of them may have met with anything."""
MOST = 0.5
"""The share of a budget that is kept aside at most: with less for them, models need not begin."""
LONGEST = 86_400_000.0
"""Milliseconds, a day: the largest budget."""


class Reserve:
    """How long what follows the models takes, by what it took before. May be shared by threads."""

    def __init__(self) -> None:
        self._spent: tuple[float, ...] = (FIRST,)

    @property
    def seconds(self) -> float:
        """What to keep aside."""
        return sorted(self._spent)[-2:][0]

    def note(self, seconds: float) -> None:
        self._spent = (*self._spent, seconds)[-REMEMBERED:]


class Budget:
    """The time of one call, which begins now.

    Args:
        milliseconds: As `check_budget` has them; None: as long as it takes.
        reserve: What is to be kept aside.
    """

    def __init__(self, milliseconds: float | None, reserve: Reserve) -> None:
        self._reserve = reserve
        self.deadline: Deadline | None = None
        """For the models; None: there is none."""
        if milliseconds is not None:
            seconds = milliseconds / 1000
            self.deadline = Deadline(seconds - min(reserve.seconds, MOST * seconds))

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within the block the work of this thread stops in time."""
        if self.deadline is None:
            yield
        else:
            with self.deadline.in_force():
                yield

    @property
    def is_over(self) -> bool:
        """Whether there is no time left for models."""
        return self.deadline is not None and self.deadline.left <= 0

    def spend(self, begun: float, ended: float) -> None:
        """Takes down what follows the models as done; they began and ended at these times of the monotonic clock.

        To stop them takes its time too, which counts from the deadline on.
        """
        if self.deadline is not None:
            self._reserve.note(time.monotonic() - min(ended, max(begun, self.deadline.end)))


def check_budget(milliseconds: float | None) -> float | None:
    """The budget itself; None: as long as it takes. Raises InputError for what is no time."""
    if milliseconds is None:
        return None
    is_number = isinstance(milliseconds, Real) and not isinstance(milliseconds, bool)
    if not is_number or not 0 < milliseconds <= LONGEST:
        raise InputError(
            f"budget_ms (--budget-ms) is {quote_value(milliseconds)}; give milliseconds, a number over 0, and "
            f"{LONGEST:,.0f} at most"
        )
    return float(milliseconds)
