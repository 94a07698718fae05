"""Builds a bundle from a recipe: fetch, export, compile, compare, describe. No step is done twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.files import EndToEnd
from editjudge.bundles.manifest import FILE_NAME
from editjudge.errors import InputError
from editjudge.utils import atomic_file
from editjudge_export.architectures.registry import REQUIRED
from editjudge_export.checkpoints.fetch import fetch_checkpoint, fetch_parser
from editjudge_export.checkpoints.origins import FetchedFiles
from editjudge_export.file_copies import check_copies, copy_files
from editjudge_export.manifest_writer import describe_engine, describe_exported, write_manifest
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.options import ENGINES, BuildOptions
from editjudge_export.preflight.plan import BuildPlan, make_plan
from editjudge_export.preflight.recipe_check import check_recipe
from editjudge_export.recipe import Recipe, read_recipe
from editjudge_export.resumable_steps import (
    FOLDER,
    ResumableSteps,
    StepResult,
    fingerprint_files,
    fingerprint_folder,
)
from editjudge_export.tensorrt.build import BuiltEngine, build_engine
from editjudge_export.verification import end_to_end
from editjudge_export.verification.fp16_emulation import load_scorer
from editjudge_export.verification.sample_edits import SampleEdit, sample_edits
from editjudge_export.verification.torch_reference import load_reference, why_not_comparable

PACKAGES = ("editjudge", "torch", "transformers", "onnx", "onnxruntime", "onnxslim")
VERSIONS = {name: version(name) for name in PACKAGES}
"""What the result of a step depends on beside its inputs."""


def build(
    recipe_path: Path,
    folder: Path,
    options: BuildOptions | None = None,
    report: Callable[[str], None] = print,
    ask: Callable[[BuildPlan], None] = lambda plan: None,
) -> list[ExportedFile]:
    """Builds the bundle of a recipe.

    A build that fails or is cut off leaves what its steps have made in a hidden folder beside `folder`, and goes on
    from there the next time.

    Args:
        recipe_path: The recipe.
        folder: Where the bundle goes; what is there is replaced only once the new bundle is whole.
        options: How it is built.
        report: Takes a line for each step.
        ask: Called with what the build will take once that is known to be there; raises what is to stop it.

    Returns what was exported. Raises InputError, BundleError, OutOfMemoryError, DeviceError or GateError, of a step
    with its name.
    """
    options = options or BuildOptions()
    options.check()
    whole = read_recipe(recipe_path)
    check_recipe(whole, recipe_path)
    recipe = options.apply_to(whole)
    folder = folder.resolve()
    _check_folder(folder)
    check_copies(recipe)
    working_folder = folder.with_name(f".{folder.name}.build")
    for name in whole.models:
        if name not in recipe.models:
            report(f"{name}: left out; --metrics {name} puts it in")
    for role in whole.parsers:
        if role not in recipe.parsers:
            report(f"{role}: left out; --fallback puts it in")
    plan = make_plan(recipe, options, working_folder, report)
    for line in plan.describe():
        report(line)
    plan.check()
    ask(plan)
    fetched = _fetch(recipe, options, report)
    steps = ResumableSteps(working_folder, report)
    exported = {name: _export(steps, recipe, name, fetched[name].path) for name in recipe.models}
    files = [*_describe(recipe, exported, fetched), *copy_files(recipe, steps.folder, fetched)]
    graphs = [file for files_of_one in exported.values() for file in files_of_one if options.compiles(file)]
    engines = [describe_engine(_compile(steps, graph, options)) for graph in graphs]
    write_manifest(recipe, steps.folder, files, engines, None)
    comparison = _compare(steps, recipe, files, fetched, options.pairs)
    write_manifest(recipe, steps.folder, files, engines, comparison)
    shutil.rmtree(steps.folder / FOLDER)
    atomic_file.replace_folder(folder, steps.folder)
    built = [file for files_of_one in exported.values() for file in files_of_one]
    return [replace(file, path=folder / file.path.name, data=file.data and folder / file.data.name) for file in built]


def _check_folder(folder: Path) -> None:
    if folder.exists() and not (folder / FILE_NAME).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is neither empty nor a bundle; it will not be replaced")


def _fetch(recipe: Recipe, options: BuildOptions, report: Callable[[str], None]) -> dict[str, FetchedFiles]:
    """The checkpoints by architecture, and the parsers by role. What was fetched is in the hub's own cache."""
    fetched = {}
    for name, model in recipe.models.items():
        report(f"fetch {name}")
        architecture = recipe.architectures[name].name
        fetched[name] = fetch_checkpoint(architecture, model, options.source, allow_pickle=options.allow_pickle)
    for role, parser in recipe.parsers.items():
        report(f"fetch {role}")
        fetched[role] = fetch_parser(parser, options.source, role)
    return fetched


def _export(steps: ResumableSteps, recipe: Recipe, name: str, checkpoint: Path) -> list[ExportedFile]:
    settings, precision = recipe.sections[name], recipe.models[name].precision

    def work() -> tuple[StepResult, Iterable[Path]]:
        exported = recipe.architectures[name].export(checkpoint, steps.folder, precision, settings)
        return {"exported": [file.to_dict() for file in exported]}, [path for file in exported for path in file.files]

    inputs = {"checkpoint": fingerprint_folder(checkpoint), "settings": settings, "precision": precision, **VERSIONS}
    result = steps.run(f"export {name}", inputs, work)
    return [ExportedFile.from_dict(content, steps.folder) for content in result["exported"]]


def _describe(
    recipe: Recipe, exported: Mapping[str, list[ExportedFile]], fetched: Mapping[str, FetchedFiles]
) -> Iterator[dict[str, Any]]:
    for name, files in exported.items():
        checkpoint, licence = fetched[name], recipe.models[name].licence
        origin = {"source": checkpoint.source, "revision": checkpoint.revision, "licence": licence}
        for file in files:
            yield from describe_exported(file, origin)


def _compile(steps: ResumableSteps, graph: ExportedFile, options: BuildOptions) -> BuiltEngine:
    device, targets = ENGINES[options.engine], options.engine_targets()

    def work() -> tuple[StepResult, Iterable[Path]]:
        engine = build_engine(
            graph.path,
            steps.folder,
            device,
            precision=graph.precision,
            targets=targets,
            stripped=options.stripped,
        )
        return {"engine": engine.to_dict()}, [engine.path, engine.wrapper]

    inputs = {
        "graph": fingerprint_files(graph.files),
        "device": device,
        "targets": targets,
        "stripped": options.stripped,
    }
    return BuiltEngine.from_dict(steps.run(f"compile {graph.role}", inputs, work)["engine"], steps.folder)


def _compare(
    steps: ResumableSteps,
    recipe: Recipe,
    files: list[dict[str, Any]],
    fetched: Mapping[str, FetchedFiles],
    count: int,
) -> EndToEnd | None:
    """Whole scores of the bundle beside those of transformers' pipeline, over `count` edits."""
    bundle = Bundle.load(steps.folder)
    reason = "none were asked for" if count == 0 else why_not_comparable(bundle)
    if reason is not None:
        steps.report(f"compare scores: left out, {reason}")
        return None
    # The least exact of the models decides how far scores may be off.
    precision = max((recipe.models[name].precision for name in REQUIRED), key=end_to_end.BOUNDS.__getitem__)

    def report_edits() -> Iterator[SampleEdit]:
        for number, edit in enumerate(sample_edits(count), start=1):
            steps.report(f"compare scores: {number} of {count}")
            yield edit

    def work() -> tuple[StepResult, Iterable[Path]]:
        reference = load_reference(bundle, {name: files.path for name, files in fetched.items()})
        comparison = end_to_end.compare(load_scorer(bundle), reference, report_edits())
        end_to_end.check(comparison, precision)
        return asdict(comparison), []

    inputs = {"files": files, "settings": recipe.sections, "pairs": count, **VERSIONS}
    return EndToEnd(**steps.run("compare scores", inputs, work))
