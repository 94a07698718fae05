"""`evaluate agreement` on ImagenHub's ratings, beside what is published.

python -m benchmarks.rewards.agreement --ratings FILE

FILE has columns uid, editor, rater1_sc, rater1_pq, ..., gpt4o_sc, gpt4o_pq, lpips, as made of the tables in VIEScore's
repository: 179 inputs, 8 editors, 3 raters.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, Result, read_scores, select_columns

PUBLISHED = {
    ("metrics", "gpt4o", "sc"): 0.454,
    ("metrics", "gpt4o", "pq"): 0.544,
    ("metrics", "gpt4o", "overall"): 0.419,
    ("metrics", "lpips", "sc"): 0.097,
    ("metrics", "lpips", "pq"): 0.251,
    ("metrics", "lpips", "overall"): 0.116,
    ("raters", "1 and 2", "sc"): 0.551,
    ("raters", "1 and 3", "sc"): 0.491,
    ("raters", "2 and 3", "sc"): 0.492,
}
"""By grid, row and side."""
TOLERANCE = 0.001
METRICS = ("gpt4o_{side}:higher", "lpips:lower")


def measure(ratings: Path, group: str = "uid", model: str = "editor") -> Result:
    """`evaluate agreement` on a table whose inputs and editors stand in these columns."""
    table = read_scores(ratings)
    options = EvaluationOptions(sides=("sc", "pq"), model=model, group=group, resamples=0)
    return EXPERIMENTS["agreement"](table, select_columns(table, METRICS), options)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=Path, required=True, help="The table of ratings.")
    result = measure(parser.parse_args().ratings)
    found = {place: result.grids[place[0]].row(place[1])[place[2]].value for place in PUBLISHED}
    figures = [
        Figure(" ".join(place), f"{place[1]}, {place[2]}; published {published:.3f}", found[place])
        for place, published in PUBLISHED.items()
    ]
    furthest = max(abs(found[place] - published) for place, published in PUBLISHED.items())
    figures.append(Figure("furthest", "furthest from what is published", furthest, TOLERANCE, at_least=False))
    figures += [
        Figure(f"{row} {side}", f"{row}, {side}", cell.value)
        for row in result.grids["reliability"].rows
        for side, cell in result.grids["reliability"].row(row).items()
    ]
    show("agreement with ImagenHub's raters", figures, **result.used)


if __name__ == "__main__":
    main()
