"""How rules frame pictures, and what of them they look at closely."""

from __future__ import annotations

from editjudge.image.boxes import Box
from editjudge.image.transforms import fit_frame, resize
from editjudge.metrics.grounding import Grounding
from editjudge.types import Detections, Image


class Framing:
    """How pictures are brought into one frame, and what of them is looked at closely."""

    crop_scale = 1.2  # crops show the object with some of its surroundings
    falls_back = False  # without the source, the whole edited picture is compared with the text
    judges_parts = True  # of a compound instruction
    pixels_decide = False  # that nothing was edited, without a look by the models
    undoes_drift = True  # shift, scale, tone and borders are no part of an edit; ours
    spares = True  # what an instruction names as staying
    needs_an_edit = True  # what asks for none is not compared with its words

    def frame(self, picture: Image, longest: int) -> Image:
        """An original of any size in the frame that it is worked on in, of a bundle that looks at `longest` pixels."""
        return fit_frame(picture, longest)

    def fit(self, edited: Image, height: int, width: int) -> Image:
        """An edited picture of any size in a frame of height x width."""
        return resize(edited, width, height, "area")

    def crop_boxes(self, where: Grounding) -> tuple[Box, Box] | None:
        """What to crop in the original and in the edited picture; None: an object is missing."""
        return where.regions and (where.regions[0].enclosing_box, where.regions[1].enclosing_box)

    def choose_prompts(self, source: Detections | None, target: Detections | None) -> Detections | None:
        """By whose boxes the edited picture is segmented."""
        return target

    def describe_global(self, instruction: str | None, target: str | None) -> str | None:
        """The text that a global edit is compared with; None: there is none."""
        return target or instruction
