"""Surveys of edits of one original: one for each thing that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from editjudge.metrics.grounding import Grounding
from editjudge.metrics.looking.found import Observation, OriginalFeatures, lack_observation
from editjudge.metrics.looking.looked_at import UNSEEN
from editjudge.metrics.pipeline import Survey
from editjudge.utils.timing import StageTimer

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext


class JointSurvey:
    """Edits of one original go through the models together, stage by stage, and each context gets its share.

    Pictures in which nothing was edited, as their pixels tell, are not looked at; the original is for them too.
    Nothing is where it is not known what was asked for.

    Args:
        contexts: At least one; all of one task.
        timer: Takes the time of each stage.
    """

    def __init__(self, contexts: Sequence[EditContext], timer: StageTimer | None = None) -> None:
        self._contexts = contexts
        self._rows = {place: row for row, place in enumerate(self._list_open())}
        """Of each open context its place among the pictures of the surveys."""
        self._surveys: list[Survey] = []
        if contexts[0].task.not_read:
            return
        edited = [contexts[place].aligned for place in self._rows]
        for part in (contexts[0], *contexts[0].more):
            self._surveys.append(Survey(part.models, part.task, part.known, edited, timer))

    def look(self) -> None:
        """Boxes and features. Raises OutOfTimeError."""
        for survey in self._surveys:
            survey.detect()
        for survey in self._surveys:
            survey.embed()

    def segment(self, place: int | None = None, timer: StageTimer | None = None) -> None:
        """Masks; of all, or of the context at one place, whose original is known. Raises OutOfTimeError."""
        row = None if place is None else self._rows[place]
        for survey in self._surveys:
            survey.segment(row, timer)

    def share(self, place: int | None = None) -> None:
        """Gives all contexts, or the one at a place, what is known by now; so to those of the parts of a compound."""
        for index in range(len(self._contexts)) if place is None else [place]:
            context = self._contexts[index]
            for part, one in enumerate((context, *context.more)):
                if self._surveys:
                    one.known = self._surveys[part].known
                one.observation = self._observe(one, part, self._rows.get(index))

    def _list_open(self) -> list[int]:
        return [place for place, context in enumerate(self._contexts) if context.is_open]

    def _observe(self, context: EditContext, part: int, row: int | None) -> Observation:
        if row is not None and self._surveys:
            observation = self._surveys[part].observe(row)
            # What the detector is not sure of counts where pixels confirm it.
            changed = context.aligned.changes.mask if context.task.framing.undoes_drift else None
            return replace(observation, grounding=observation.grounding.without_weak(changed))
        if row is None and self._surveys:
            survey = self._surveys[part]
            return _leave_unseen(context, survey.known, survey.original_left_out)
        lacking = lack_observation(context.task, context.known)
        return lacking if row is not None else replace(lacking, looked_at=UNSEEN)


def _leave_unseen(context: EditContext, known: OriginalFeatures, left_out: tuple[str, ...]) -> Observation:
    """Of a picture in which nothing was edited, as its pixels tell; left_out: the stages that the original lacks."""
    unseen = Grounding.unseen(known.source, known.anchor, context.original)
    unseen = replace(unseen, masked="segment" not in left_out).without_weak(None)
    undone = tuple(stage for stage in left_out if stage != "segment" or not unseen.masked)
    return Observation(unseen, known.features, UNSEEN, undone)
