"""Whether a device computes what the CPU provider computes: the outputs of single graphs, and sub-scores."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.gpu.parts.gaps import Arrays
from benchmarks.speedup.edits import edits
from benchmarks.speedup.rounds import sub_scores
from editjudge import EditIntent, Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_image
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.sam import Segmenter

MOST = 2
"""Runs of a graph that are kept."""
WHOLE_BOX = [[60.0, 80.0, 330.0, 300.0], [200.0, 10.0, 480.0, 220.0]]
INTENTS = {
    "color": EditIntent("color", "car", "blue car"),
    "add": EditIntent("add", None, "cat", "sofa", position="right"),
    "remove": EditIntent("remove", "umbrella", None),
    "replace": EditIntent("replace", "apple", "lemon"),
    "move": EditIntent("move", "dog", "dog", position="left"),
    "size": EditIntent("size", "penguin", "penguin", size="larger"),
}
"""What the demo's instructions ask for, by the id of the input."""


class RecordedRunner:
    """A session that keeps what went in and what came out."""

    def __init__(self, session: Runner, kept: list[tuple[Arrays, Arrays]]) -> None:
        self._session, self._kept = session, kept
        self.placement = session.placement

    def run(self, feeds: Arrays) -> Arrays:
        outputs = self._session.run(feeds)
        if len(self._kept) < MOST:
            copies = [{name: np.array(array) for name, array in arrays.items()} for arrays in (feeds, outputs)]
            self._kept.append((copies[0], copies[1]))
        return outputs


def record_on_cpu(bundle: Bundle, threads: int | None) -> dict[str, list[tuple[Arrays, Arrays]]]:
    """What goes into the graphs of an edit, and what comes out on the CPU provider, by role."""
    kept: dict[str, list[tuple[Arrays, Arrays]]] = defaultdict(list)

    def open_recorded(graph: GraphFile, device: str, count: int | None) -> Runner:
        return RecordedRunner(open_model(graph, device, count), kept[graph.role])

    models = ModelSet(bundle, "cpu", threads, open_session=open_recorded)
    ((edit,),) = edits(1, kinds=("color",))
    pictures = [edit.original, edit.candidates[0]]
    models.model(Detector).find(pictures, [["car"], ["blue car"]])
    segmenter = models.model(Segmenter)
    boxes = np.array(WHOLE_BOX, dtype=np.float32)
    shapes = [picture.shape[:2] for picture in pictures]
    segmenter.decode(segmenter.encode(pictures), [boxes, boxes], shapes)
    clip = models.model(Clip)
    clip.images([picture[100:300, 100:300] for picture in pictures])
    clip.texts(["car", "blue car"])
    models.close()
    return dict(kept)


def score_demo(scorer: Scorer) -> list[dict[str, float]]:
    """The raw sub-scores of all candidates of the demo, whose intents are given: no parser is needed."""
    return [
        sub_scores(scorer.score(original, load_image(candidate.file), INTENTS[entry.id]))
        for entry in load_demo()
        for original in [load_image(entry.original)]
        for candidate in entry.candidates
    ]


def score_photographs(scorer: Scorer, rounds: int) -> list[dict[str, float]]:
    """The raw sub-scores of timed edits (`speedup.edits`)."""
    return [
        sub_scores(scorer.score(edit.original, edit.candidates[0], edit.intent))
        for kinds in edits(rounds)
        for edit in kinds
    ]
