"""What the models of bodies and answers have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Described(BaseModel):
    """An object of which all keys are told."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


NullableNumber = Annotated[float | None, Field(description="null: not measured.")]
BoxAnswer = Annotated[
    list[float], Field(min_length=4, max_length=4, description="x0, y0, x1, y1 in pixels of the original picture.")
]
