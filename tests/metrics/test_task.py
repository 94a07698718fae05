"""How pictures are brought into one frame, and what of them is looked at closely."""

from __future__ import annotations

from editjudge.metrics.looking.framing import Framing
from support.groundings import HERE, MOVES, NOWHERE, grounding, region_at


def test_crops_enclose_all_boxes() -> None:
    boxes = Framing().crop_boxes(grounding(region_at(HERE, MOVES["right"]), region_at(HERE)))
    assert [box.tolist() for box in boxes] == [[20, 40, 90, 65], [20, 40, 40, 60]]
    assert Framing().crop_boxes(grounding(region_at(HERE), NOWHERE)) is None
    assert [box.tolist() for box in Framing().crop_boxes(grounding(None, region_at(HERE)))] == [[20, 40, 40, 60]] * 2
