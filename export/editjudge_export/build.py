"""Builds a bundle from a recipe: fetch, export, compile, compare, describe; each step once, however often it is run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import CLIPModel, SamModel

from editjudge import atomic
from editjudge.bundle import Bundle
from editjudge.entries import METRIC_GRAPHS, EndToEnd
from editjudge.errors import InputError
from editjudge.manifest import FILE_NAME

from . import clip, dino, end_to_end, grounding_dino, lpips, sam
from .as_on_gpu import load_scorer
from .bundle import engine_entry, exported_entries, file_entry, write_manifest
from .checkpoint import load_config
from .engines import Engine, build_engine
from .export import Exported
from .fetch import Fetched, fetch_checkpoint, fetch_parser
from .gate import Difference
from .lpips_weights import fetch_lpips
from .options import ENGINES, Options
from .pairs import Pair, pairs
from .preprocessing import check_preprocessing
from .recipe import MODELS, Recipe, read_recipe
from .reference import reference_scorer, unlike
from .steps import FOLDER, Result, Steps, fingerprint, fingerprint_of

PACKAGES = ("editjudge", "torch", "transformers", "onnx", "onnxruntime", "onnxslim")
VERSIONS = {name: version(name) for name in PACKAGES}
"""What a step's result hangs on beside its inputs."""


def build(
    recipe_path: Path, folder: Path, options: Options | None = None, report: Callable[[str], None] = print
) -> list[Exported]:
    """Builds the bundle of a recipe in `folder`, which is replaced only once the new one is whole.

    A build that fails or is cut off leaves what its steps have made in a hidden folder beside `folder`, and goes on
    from there the next time. Returns what was exported. Raises InputError, DeviceError or GateError, naming the step.
    """
    asked = options or Options()
    asked.check()
    recipe = asked.applied_to(read_recipe(recipe_path))
    folder = folder.resolve()
    _check(recipe, folder)
    fetched = _fetched(recipe, asked, report)
    _check_settings(recipe, fetched)
    steps = Steps(folder.with_name(f".{folder.name}.build"), report)
    exported = {name: _exported(steps, recipe, name, fetched[name].path) for name in recipe.models}
    files = [*_entries(recipe, exported, fetched), *_copied(recipe, steps.folder, fetched)]
    graphs = [each for made in exported.values() for each in made if asked.compiles(each)]
    engines = [engine_entry(_compiled(steps, each, asked)) for each in graphs]
    write_manifest(recipe, steps.folder, files, engines, None)
    found = _compared(steps, recipe, files, fetched, asked.pairs)
    write_manifest(recipe, steps.folder, files, engines, found)
    shutil.rmtree(steps.folder / FOLDER)
    atomic.replace_folder(folder, steps.folder)
    return [replace(each, path=folder / each.path.name) for made in exported.values() for each in made]


def _check(recipe: Recipe, folder: Path) -> None:
    """What can be told to be wrong before any work is done."""
    if folder.exists() and not (folder / FILE_NAME).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is neither empty nor a bundle; it will not be replaced")
    for copy in recipe.copies:
        if not copy.origin.is_file():
            raise InputError(f"there is no file {copy.origin}, which the recipe copies to {copy.path}")
    settings = recipe.sections
    try:
        for section, key in (
            ("detector", "height"),
            ("detector", "width"),
            ("detector", "text_length"),
            ("clip", "context"),
            *((name, "size") for name in recipe.models if name in METRIC_GRAPHS),
        ):
            int(settings[section][key])
    except KeyError as error:
        raise InputError(f"the recipe's settings lack {error.args[0]}") from None
    except (TypeError, ValueError):
        raise InputError("the recipe's height, width, text_length, context and size must be whole numbers") from None


def _check_settings(recipe: Recipe, fetched: dict[str, Fetched]) -> None:
    """What the checkpoints decide and the settings repeat has to be the same."""
    for name in recipe.models:
        check_preprocessing(name, fetched[name].path, recipe.sections[name])
    crops = load_config(fetched["clip"].path, CLIPModel).vision_config
    pictures = load_config(fetched["segmenter"].path, SamModel).vision_config
    decided = {
        ("clip", "size"): crops.image_size,
        ("segmenter", "size"): pictures.image_size,
        # The mask decoder upsamples twice by two.
        ("segmenter", "mask_size"): 4 * pictures.image_size // pictures.patch_size,
    }
    for (section, key), size in decided.items():
        given = recipe.sections[section].get(key)
        if given != size:
            raise InputError(f"the recipe says {given} for {key} in [{section}]; the checkpoint says {size}")


def _fetched(recipe: Recipe, options: Options, report: Callable[[str], None]) -> dict[str, Fetched]:
    """The checkpoints by the recipe's names for them, and the parsers. The hub's cache remembers what was fetched."""
    found = {}
    for name, model in recipe.models.items():
        report(f"fetch {name}")
        if name == "lpips":
            found[name] = fetch_lpips(model, options.source)
        else:
            found[name] = fetch_checkpoint(name, model, options.source, allow_pickle=options.allow_pickle)
    for role, parser in recipe.parsers.items():
        report(f"fetch {role}")
        found[role] = fetch_parser(parser, options.source, role)
    return found


def _exported(steps: Steps, recipe: Recipe, name: str, checkpoint: Path) -> list[Exported]:
    settings, precision = recipe.sections[name], recipe.models[name].precision

    def work() -> tuple[Result, Iterable[Path]]:
        match name:
            case "clip":
                made = clip.export(checkpoint, steps.folder, precision, settings["context"])
            case "detector":
                sizes = {key: settings[key] for key in ("height", "width", "text_length")}
                made = grounding_dino.export(
                    checkpoint, steps.folder, precision, **sizes, fit=settings.get("fit", "stretch")
                )
            case "lpips":
                made = lpips.export(checkpoint, steps.folder, precision, settings["size"])
            case "dino" | "dinov2":
                made = dino.export(checkpoint, steps.folder, name, precision, settings["size"])
            case _:
                made = sam.export(checkpoint, steps.folder, precision)
        return {"exported": [_plain(each) for each in made]}, [file for each in made for file in each.files]

    made_of = {"checkpoint": fingerprint(checkpoint), "settings": settings, "precision": precision, **VERSIONS}
    result = steps.run(f"export {name}", made_of, work)
    return [_exported_again(steps.folder, each) for each in result["exported"]]


def _plain(exported: Exported) -> dict[str, Any]:
    content = asdict(exported)
    return content | {key: content[key] and content[key].name for key in ("path", "data")}


def _exported_again(folder: Path, content: dict[str, Any]) -> Exported:
    places = {key: folder / content[key] if content[key] else None for key in ("path", "data")}
    rounding = content["rounding"] and Difference(**content["rounding"])
    return Exported(**{**content, **places, "rounding": rounding})


def _entries(
    recipe: Recipe, exported: Mapping[str, list[Exported]], fetched: Mapping[str, Fetched]
) -> Iterator[dict[str, Any]]:
    for name, made in exported.items():
        origin, licence = fetched[name], recipe.models[name].licence
        about = {"source": origin.source, "revision": origin.revision, "licence": licence}
        for each in made:
            yield from exported_entries(each, about)


def _copied(recipe: Recipe, folder: Path, fetched: Mapping[str, Fetched]) -> Iterator[dict[str, Any]]:
    """Copies what goes in as it is, each under its name only once it is whole."""
    for copy in recipe.copies:
        place = (folder / copy.path).resolve()
        if not place.is_relative_to(folder):
            raise InputError(f"the recipe's copy to {copy.path} leads out of the bundle")
        _copy(copy.origin, place)
        if copy.role is not None:
            about = {"source": copy.source, "revision": copy.revision, "licence": copy.licence}
            yield file_entry(copy.role, place, copy.path, about)
    for role, parser in recipe.parsers.items():
        found = fetched[role]
        place = folder / found.path.name
        _copy(found.path, place)
        about = {"source": found.source, "revision": found.revision, "licence": parser.licence}
        yield file_entry(role, place, place.name, {**about, "precision": parser.precision})


def _copy(origin: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    try:
        shutil.copyfile(origin, part)
        part.replace(place)
    except OSError as error:
        raise InputError(f"{origin} cannot be copied to {place}: {(error.strerror or str(error)).lower()}") from error
    finally:
        part.unlink(missing_ok=True)


def _compiled(steps: Steps, graph: Exported, options: Options) -> Engine:
    device = ENGINES[options.engine]

    def work() -> tuple[Result, Iterable[Path]]:
        engine = build_engine(
            graph.path,
            steps.folder,
            device,
            precision=graph.precision,
            targets=options.targets or None,
            stripped=options.stripped,
        )
        names = {"path": engine.path.name, "wrapper": engine.wrapper.name}
        return {"engine": asdict(engine) | names}, [engine.path, engine.wrapper]

    made_of = {
        "graph": fingerprint_of(graph.files),
        "device": device,
        "targets": options.targets,
        "stripped": options.stripped,
    }
    content = steps.run(f"compile {graph.role}", made_of, work)["engine"]
    places = {key: steps.folder / content[key] for key in ("path", "wrapper")}
    return Engine(**{**content, **places, "targets": tuple(content["targets"])})


def _compared(
    steps: Steps, recipe: Recipe, files: list[dict[str, Any]], fetched: Mapping[str, Fetched], count: int
) -> EndToEnd | None:
    bundle = Bundle.load(steps.folder)
    reason = "none were asked for" if count == 0 else unlike(bundle)
    if reason is not None:
        steps.report(f"compare scores: left out, {reason}")
        return None
    # The least exact of the models decides what the whole may be off by.
    precision = max((recipe.models[name].precision for name in MODELS), key=lambda each: end_to_end.BOUNDS[each])

    def told() -> Iterator[Pair]:
        for number, pair in enumerate(pairs(count), start=1):
            steps.report(f"compare scores: {number} of {count}")
            yield pair

    def work() -> tuple[Result, Iterable[Path]]:
        reference = reference_scorer(bundle, {name: each.path for name, each in fetched.items()})
        found = end_to_end.compare(load_scorer(bundle), reference, told())
        end_to_end.check(found, precision)
        return asdict(found), []

    made_of = {"files": files, "settings": recipe.sections, "pairs": count, **VERSIONS}
    return EndToEnd(**steps.run("compare scores", made_of, work))
