"""Do following and preserving say what they should? On held-out scenes of known quality, and on one's photographs.

python -m benchmarks.rewards.sides [--photos FOLDER]

FOLDER is as for `benchmarks.drift.measure`; quality there is good, damaged, wrong or noop.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import EditJudgeError, Scorer
from editjudge.metrics.rewards.reward_score import REWARD_SIDES, RewardResult, RewardScore
from editjudge.types import EditIntent, Image
from studio.edits.compound import compound_set
from studio.edits.edit_set import edit_set
from studio.edits.graded import WAYS, damage_in_steps

SEED, TRAINING_SEED, COMPOUND_SEED = 2026, 13, 31
RIGHT = ("well_done", "damaged")
"""What did as it was told, whatever else it harmed."""
NOTHING = ("unchanged", "noise", "drifted")
NOT_FOLLOWED = ("wrong", "contrary", *NOTHING)


@dataclass(frozen=True)
class GradedReward:
    """A reward of an edit with damage: the way it grows, its step, and whether all of the picture was to change."""

    way: str
    step: int
    is_global: bool
    reward: RewardScore


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--inputs", type=int, default=200, help="rendered edits of known quality")
    options.add_argument("--graded", type=int, default=160, help="rendered edits that are damaged in steps")
    options.add_argument("--compounds", type=int, default=60, help="instructions of two parts")
    options.add_argument("--training", action="store_true", help="the scenes that the constants were chosen on")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    asked = options.parse_args()
    scorer = Scorer.load(asked.bundle)
    seed = TRAINING_SEED if asked.training else SEED
    rewards = record_qualities(scorer, seed, asked.inputs, held_out=not asked.training)
    graded = list(record_graded(scorer, seed, asked.graded, held_out=not asked.training))
    figures = [*summarise_following(rewards), *summarise_compounds(record_compounds(scorer, asked.compounds))]
    figures += [*summarise_preserving(rewards), *summarise_graded(graded)]
    tables = {"studio": tabulate(rewards)}
    if asked.photos:
        tables["photographs"] = tabulate(record_photographs(scorer, asked.photos))
    show("following and preserving", figures, **tables)


def record_qualities(scorer: Scorer, seed: int, count: int, held_out: bool = True) -> dict[str, list[RewardScore]]:
    """The rewards of `count` rendered edits by the quality of the candidate."""
    rewards: dict[str, list[RewardScore]] = defaultdict(list)
    for edit in progress(edit_set(seed, count, held_out), count, "known quality"):
        for quality, reward in zip(
            edit.candidates, judge(scorer, edit.original, edit.intent, edit.candidates.values()), strict=False
        ):
            rewards[quality].append(reward)
    return rewards


def record_graded(scorer: Scorer, seed: int, count: int, held_out: bool = True) -> Iterator[GradedReward]:
    """The rewards of `count` rendered edits, well done and after each step of damage; some have no room for any."""
    generator = np.random.default_rng([seed, int(held_out)])
    for edit in progress(edit_set(seed, count, held_out), count, "graded damage"):
        made = damage_in_steps(generator, edit, edit.candidates["well_done"])
        if made is not None:
            way, pictures = made
            for step, reward in enumerate(judge(scorer, edit.original, edit.intent, pictures)):
                yield GradedReward(way, step, edit.intent.is_global, reward)


def record_compounds(scorer: Scorer, count: int) -> list[dict[str, RewardScore]]:
    """The rewards of the candidates of `count` compounds, of which both parts, one or none were done."""
    inputs = progress(compound_set(COMPOUND_SEED, count), count, "compounds")
    judged = [
        (edit.candidates, judge(scorer, edit.original, edit.instruction, edit.candidates.values())) for edit in inputs
    ]
    return [dict(zip(names, rewards, strict=True)) for names, rewards in judged if rewards]


def record_photographs(scorer: Scorer, folder: Path) -> dict[str, list[RewardScore]]:
    """The rewards of the pairs of a folder, by their quality."""
    rewards: dict[str, list[RewardScore]] = defaultdict(list)
    lines = (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    for entry in progress(map(json.loads, lines), len(lines), "photographs"):
        pictures = str(folder / entry["edited"])
        for reward in judge(scorer, str(folder / entry["original"]), entry["instruction"], [pictures]):
            rewards[f"{entry['quality']} ({entry['set']})"].append(reward)
    return rewards


def judge(
    scorer: Scorer, original: Image | str, request: str | EditIntent, pictures: Iterable[Image | str]
) -> list[RewardScore]:
    """The local reward of each edited picture; none where the request cannot be understood."""
    try:
        ranked = list(scorer.prepare(original, request, metrics="reward").scores(pictures))
    except EditJudgeError:
        return []
    results = [one.score.metrics["reward"] for one in ranked if one.score is not None]
    return [result.reward for result in results if isinstance(result, RewardResult) and result.reward is not None]


def summarise_following(rewards: Mapping[str, Sequence[RewardScore]]) -> list[Figure]:
    right = _list_scores(rewards, RIGHT, "following")
    figures = [
        Figure(
            f"following_{'_'.join(names)}", f"following: right against {' or '.join(names)}, AUC",
            measure_auc(right, _list_scores(rewards, names, "following")), goal,
        )
        for names, goal in ((NOT_FOLLOWED, 0.98), (("wrong",), None), (("contrary",), None), (("misplaced",), None))
    ]  # fmt: skip
    damaged, good = (_list_scores(rewards, (name,), "following") for name in ("damaged", "well_done"))
    return [
        *figures,
        Figure("following_damage", "following: mean lost by damage elsewhere", np.mean(good) - np.mean(damaged)),
        Figure("following_passed", "following: right edits that pass", _share_passed(rewards, RIGHT, "following")),
        Figure(
            "following_false", "following: wrong, contrary and misplaced ones that pass",
            _share_passed(rewards, ("wrong", "contrary", "misplaced"), "following"),
        ),
        Figure("following_null", "following: not measured, of all", _share_null(rewards, "following")),
    ]  # fmt: skip


def summarise_compounds(compounds: Sequence[Mapping[str, RewardScore]]) -> list[Figure]:
    """Of those of which all was measured: whether doing both is worth more than doing one, and that more than none."""
    scores = [{name: reward.following.score for name, reward in rewards.items()} for rewards in compounds]
    measured = [row for row in scores if None not in row.values()]
    ordered = [row["both"] > row[one] > row["none"] for row in measured for one in ("first", "second")]
    return [
        Figure("compound", f"following: both done > one done > none, of {len(ordered)}", share(ordered)),
        Figure("compound_null", "following: compounds not measured", 1 - len(measured) / len(scores)),
    ]


def summarise_preserving(rewards: Mapping[str, Sequence[RewardScore]]) -> list[Figure]:
    good, damaged = (_list_scores(rewards, (name,), "preserving") for name in ("well_done", "damaged"))
    passed, false = (_share_passed(rewards, (name,), "preserving") for name in ("well_done", "damaged"))
    return [
        Figure("preserving_auc", "preserving: well done against damaged, AUC", measure_auc(good, damaged)),
        Figure("preserving_passed", "preserving: well done that pass", passed),
        Figure("preserving_false", "preserving: damaged that pass", false),
        Figure("preserving_null", "preserving: not measured, of all", _share_null(rewards, "preserving")),
    ]


def summarise_graded(graded: Sequence[GradedReward]) -> list[Figure]:
    """The rank correlation of what preserving says with the steps of damage, of all scenes together."""
    local = [one for one in graded if not one.is_global]
    groups = {
        "all edits": (graded, 0.95),
        "edits of an object": (local, None),
        "edits of the whole picture": ([one for one in graded if one.is_global], None),
        **{f"edits of an object, {way}": ([one for one in local if one.way == way], None) for way in WAYS},
    }
    return [
        Figure(
            f"graded_{name.replace(' ', '_').replace(',', '')}",
            f"preserving: graded damage, Spearman: {name} ({len(rows)})",
            correlate(rows), goal,
        )
        for name, (rows, goal) in groups.items()
    ]  # fmt: skip


def correlate(graded: Sequence[GradedReward]) -> float:
    """Of less damage with more points, those that were measured."""
    rows = [(-one.step, one.reward.preserving.score) for one in graded if one.reward.preserving.score is not None]
    return float(spearmanr(*zip(*rows, strict=True)).statistic) if len(rows) > 1 else float("nan")


def measure_auc(better: Sequence[float], worse: Sequence[float]) -> float:
    """The chance that one of the better has more than one of the worse; of equals, half."""
    ranks = rankdata([*better, *worse])
    over = ranks[: len(better)].sum() - len(better) * (len(better) + 1) / 2
    return float(over / (len(better) * len(worse)))


def tabulate(rewards: Mapping[str, Sequence[RewardScore]]) -> dict[str, dict[str, float]]:
    """By quality: how many there are, and of each side the median, and how many have none."""
    table: dict[str, dict[str, float]] = {}
    for quality, found in rewards.items():
        table[quality] = {"count": len(found)}
        for side in REWARD_SIDES:
            scores = _list_scores({"": found}, ("",), side)
            table[quality] |= {f"{side}, median": float(np.median(scores))} if scores else {}
            table[quality][f"{side}, null"] = len(found) - len(scores)
    return table


def _list_scores(rewards: Mapping[str, Sequence[RewardScore]], names: Iterable[str], side: str) -> list[float]:
    scores = (getattr(reward, side).score for name in names for reward in rewards[name])
    return [score for score in scores if score is not None]


def _share_passed(rewards: Mapping[str, Sequence[RewardScore]], names: Iterable[str], side: str) -> float:
    passed = (getattr(reward, side).passed for name in names for reward in rewards[name])
    return share([one for one in passed if one is not None])


def _share_null(rewards: Mapping[str, Sequence[RewardScore]], side: str) -> float:
    return share([getattr(reward, side).score is None for found in rewards.values() for reward in found])


if __name__ == "__main__":
    main()
