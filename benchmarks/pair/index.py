"""How long does it take to make an index of 100,000 edits from their embeddings, and to find the nearest in it?

python -m benchmarks.pair.index

The vectors are random: no cell of a library holds the nearest of such, which is the worst that it can meet. Beside them
stand vectors in clusters, as those of edits are that do the same to other pictures. The library is asked whatever the
size; `editjudge index` lays out its cells from `neighbours.LARGE` on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge import __version__
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.image.decode import load_image
from editjudge.image.vectors import to_unit_length
from editjudge.models.clip import Embeddings
from editjudge.retrieval import EditIndex, IndexedEdit, IndexManifest, Thumbnails
from editjudge.retrieval.build import finish_index
from editjudge.retrieval.draft import DraftEdit, IndexDraft
from editjudge.retrieval.manifest import FORMAT, EncoderIdentity
from editjudge.retrieval.neighbours import Neighbours, find_exactly, has_library, lay_out_cells, search_cells
from editjudge.retrieval.thumbnails import encode_thumbnail

TOP = 10
TOGETHER = 128
"""Edits that are written at once: about a second's work of the models."""
CLUSTER, SPREAD = 500, 0.3
"""Vectors of a cluster, and the deviation of each number of theirs, where that of the centres is 1."""


def draw_random(count: int, dimensions: int, queries: int) -> tuple[Embeddings, Embeddings]:
    """Vectors, and others to look for."""
    drawn = np.random.default_rng(0).standard_normal((count + queries, dimensions), np.float32)
    return _split(drawn, count)


def draw_clusters(count: int, dimensions: int, queries: int) -> tuple[Embeddings, Embeddings]:
    """The same, in clusters."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((max(1, count // CLUSTER), dimensions), np.float32)
    drawn = centres[random.integers(len(centres), size=count + queries)]
    return _split(drawn + SPREAD * random.standard_normal(drawn.shape, np.float32), count)


def _split(drawn: Embeddings, count: int) -> tuple[Embeddings, Embeddings]:
    unit = to_unit_length(drawn)
    return unit[:count], unit[count:]


def build(folder: Path, vectors: Embeddings) -> float:
    """Writes an index of edits with a picture of the demo each; returns the seconds."""
    demo = load_demo()[0]
    pictures = [load_image(path) for path in (demo.original, demo.candidates[0].file)]
    thumbnails = Thumbnails(*map(encode_thumbnail, pictures))
    identity = EncoderIdentity.of_bundle(Bundle.load("studio"), "vifi_clip")
    manifest = IndexManifest(
        **vars(identity),
        format=FORMAT,
        version=__version__,
        data="random",
        count=len(vectors),
        dimensions=vectors.shape[1],
        left_out=0,
    )
    start = time.perf_counter()
    with IndexDraft(folder.with_name("draft"), {}) as draft:
        for first in progress(range(0, len(vectors), TOGETHER), -(-len(vectors) // TOGETHER), "writing"):
            rows = range(first, min(first + TOGETHER, len(vectors)))
            edits = [IndexedEdit(row, str(row), "a.png", "b.png", demo.instruction) for row in rows]
            written = zip(edits, vectors[rows.start : rows.stop], strict=True)
            draft.add([DraftEdit(edit, thumbnails, vector) for edit, vector in written], [], {})
        finished = draft.vectors()
    finish_index(folder.with_name("draft"), folder, finished, manifest)
    return time.perf_counter() - start


def time_queries(search: Callable[[Embeddings], object], queries: Embeddings) -> dict[str, float]:
    """Milliseconds of one, and those of all cores' work, which other programs lengthen less than the time."""
    took, worked = [], []
    for query in queries:
        start, work = time.perf_counter(), time.process_time()
        search(query)
        took.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - work))
    p50, p95 = np.quantile(took, (0.5, 0.95)).tolist()
    return {"p50 ms": p50, "p95 ms": p95, "CPU ms": float(np.median(worked))}


def measure_search(vectors: Embeddings, queries: Embeddings) -> dict[str, dict[str, float]]:
    """By search: milliseconds of a query, and for the library the seconds of the layout and what it finds."""
    rows = {"exact": time_queries(lambda query: find_exactly(vectors, query, TOP), queries)}
    if has_library():
        start = time.perf_counter()
        cells = lay_out_cells(vectors)
        seconds = time.perf_counter() - start
        times = time_queries(lambda query: search_cells(cells, query, TOP), queries)
        found = [(find_exactly(vectors, query, TOP), search_cells(cells, query, TOP)) for query in queries]
        rows["faiss"] = {**times, "layout s": seconds, "recall@10": measure_recall(found)}
    return rows


def measure_recall(found: Sequence[tuple[Neighbours, Neighbours]]) -> float:
    """The share of the nearest that were found as well."""
    shares = [np.isin(exact.positions, other.positions).mean() for exact, other in found]
    return float(np.mean(shares))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--edits", type=int, default=100_000)
    options.add_argument("--dimensions", type=int, default=128)
    options.add_argument("--queries", type=int, default=200)
    asked = options.parse_args()
    size = asked.edits, asked.dimensions, asked.queries
    vectors, queries = draw_random(*size)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "index"
        seconds = build(folder, vectors)
        megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        start = time.perf_counter()
        index = EditIndex.open(folder)
        opening = 1000 * (time.perf_counter() - start)
        whole = time_queries(lambda query: index.find(query, TOP), queries)
    searches = {f"{name}, random": row for name, row in measure_search(vectors, queries).items()}
    searches |= {f"{name}, in clusters": row for name, row in measure_search(*draw_clusters(*size)).items()}
    exact = searches["exact, random"]
    figures = [
        Figure("build", f"index of {asked.edits:,} edits from their embeddings", seconds, 300, False, " s"),
        Figure("query_p50", f"the nearest {TOP} by the exact product: p50", exact["p50 ms"], 10, False, " ms"),
        Figure("query_p95", "p95", exact["p95 ms"], unit=" ms"),
        Figure("query_cpu", "work of all cores: p50", exact["CPU ms"], unit=" ms"),
        Figure("find_p50", "and what they are, with their pictures: p50", whole["p50 ms"], 10, False, " ms"),
        Figure("open", "opening the index", opening, unit=" ms"),
        Figure("disk", "size of the index", megabytes, unit=" MB"),
    ]
    show("index of edits", figures, edits=asked.edits, dimensions=asked.dimensions, searches=searches)


if __name__ == "__main__":
    main()
