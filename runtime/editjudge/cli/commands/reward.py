"""`editjudge reward`: one edit from three sides, by what a bundle measures or by a model with eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from editjudge.cli.console import console
from editjudge.cli.options import BundleName, Debug, Device, Instruction, Json, Original, Threads
from editjudge.errors import InputError
from editjudge.image.decode import load_picture
from editjudge.metrics.vlm_judge.judged_edit import as_reward
from editjudge.metrics.vlm_judge.open_judge import open_judge
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from editjudge.reports.terminal_rewards import render_reward
from editjudge.rewards.local_judge import METRIC, read_reward
from editjudge.rewards.reward import RewardBackend, check_backend
from editjudge.scorer import Scorer
from editjudge.utils.json_safe import to_json

BUNDLE, DEVICE = "studio", "auto"


def reward(
    original: Original,
    edited: Annotated[str, typer.Argument(metavar="EDITED", help="The picture after the edit.")],
    instruction: Instruction,
    *,
    judge: Annotated[str, typer.Option(help="local: by the bundle; llama or openai: by a model with eyes.")] = "local",
    model: Annotated[
        str | None, typer.Option(help="Of llama: a GGUF file; of openai: the name at the endpoint.", metavar="MODEL")
    ] = None,
    mmproj: Annotated[
        str | None, typer.Option(help="Of llama: the model's eyes.", metavar="FILE.gguf", show_default="beside MODEL")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Of openai: the endpoint.", metavar="URL", show_default="OPENAI_BASE_URL")
    ] = None,
    passes: Annotated[
        int | None, typer.Option(help="How often a model is asked; the mean counts.", min=1, max=100, show_default="1")
    ] = None,
    bundle: BundleName = BUNDLE,
    device: Device = DEVICE,
    as_json: Json = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Judge one edit from three sides, 0 to 5: followed, all else preserved, clean."""
    name = check_backend(judge)
    of_models = {"--model": model, "--mmproj": mmproj, "--base-url": base_url, "--passes": passes}
    of_bundles = {"--bundle": bundle != BUNDLE, "--device": device != DEVICE, "--threads": threads}
    _check_options(name, of_models, [option for option, value in of_bundles.items() if value])
    before, after = load_picture(original), load_picture(edited)  # before the models: a wrong path is told at once
    if model is None:
        scorer = Scorer.load(bundle, device, threads)
        rewarded = read_reward(scorer.score(before, after, instruction, metrics=(METRIC,)))
    else:
        eyes = open_judge(THREE_SIDES.name, name, model, passes=passes or 1, mmproj=mmproj, base_url=base_url)
        rewarded = as_reward(eyes.judge(before.pixels, after.pixels, instruction))
    if as_json:
        print(to_json(rewarded.to_dict()))
    else:
        printer = console()
        printer.print(render_reward(printer, instruction, rewarded))


def _check_options(judge: RewardBackend, of_models: Mapping[str, object], of_bundles: Sequence[str]) -> None:
    """Raises InputError where a model is lacking, and for an option that would do nothing.

    Args:
        judge: Who is to judge.
        of_models: The options of models, by their flags; None: not given.
        of_bundles: The flags of those options of bundles that were given.
    """
    given = [option for option, value in of_models.items() if value is not None]
    if judge != "local" and "--model" not in given:
        raise InputError(f"no model is named for {judge} to judge by; give one with --model")
    idle = {
        "local": given,
        "llama": [*of_bundles, *(option for option in given if option == "--base-url")],
        "openai": [*of_bundles, *(option for option in given if option == "--mmproj")],
    }[judge]
    if idle:
        raise InputError(f"{idle[0]} means nothing to the judge {judge}; leave it out, or choose another with --judge")
