"""The command line: `python -m editjudge_export clip|grounding-dino|sam|dino|dinov2|lpips CHECKPOINT OUT_DIR`, or
`bundle RECIPE OUT_DIR`.

Exit status as editjudge's: 1 a graph failed its gate, 2 bad input or usage, 3 the `export` extra is missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from editjudge.bundle_cli import PRECISIONS
from editjudge.errors import EditJudgeError

if TYPE_CHECKING:
    from .export import Exported

EXTRA = {"torch", "transformers", "onnx", "onnxruntime", "onnxslim", "safetensors", "tokenizers", "tomli_w"}


def main(arguments: list[str] | None = None) -> int:
    """Runs a command line and returns its exit status."""
    asked = _parser().parse_args(arguments)
    try:
        from .commands import run  # noqa: PLC0415  (needs the extra)

        for file in run(asked):
            print(_line(file))
    except EditJudgeError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except OSError as error:
        print(f"Cannot write {error.filename or asked.folder}: {error.strerror}.", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        print(f'Exporting needs {error.name}: pip install "editjudge[export]".', file=sys.stderr)
        return 3
    return 0


def _line(file: Exported) -> str:
    figures = [file.precision, f"{file.path.stat().st_size / 1e6:.2f} MB"]
    if file.parity is not None:
        figures.append(f"differs from PyTorch by {file.parity:.1e}")
    if file.rounding is not None:
        figures.append(f"rounding moved it by {file.rounding.largest:.1e}, on average {file.rounding.mean:.1e}")
    return f"{file.path}: {', '.join(filter(None, figures))}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m editjudge_export", description="Checkpoints to ONNX to bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("clip", "grounding-dino", "sam", "dino", "dinov2", "lpips"):
        command = commands.add_parser(name, help=f"export a Hugging Face {name} checkpoint folder")
        command.add_argument("source", type=Path, metavar="CHECKPOINT")
        command.add_argument("folder", type=Path, metavar="OUT_DIR")
        command.add_argument("--precision", choices=PRECISIONS, default="fp32", help="what the graph computes in")
        if name == "clip":
            command.add_argument("--context", type=int, help="tokens of a text; by default what the model takes")
        if name in ("dino", "dinov2", "lpips"):
            side = 512 if name == "lpips" else 224
            command.add_argument("--size", type=int, default=side, help="pixels of a side of the input")
        if name == "grounding-dino":
            command.add_argument("--height", type=int, default=800, help="pixels")
            command.add_argument("--width", type=int, default=800, help="pixels")
            command.add_argument("--text-length", type=int, default=48, help="tokens that a caption is padded to")
            command.add_argument("--fit", choices=("stretch", "pad"), default="pad", help="how pictures fill the input")
    command = commands.add_parser("bundle", help="export the models of a recipe, hash them and write bundle.toml")
    command.add_argument("source", type=Path, metavar="RECIPE")
    command.add_argument("folder", type=Path, metavar="OUT_DIR")
    command.add_argument("--precision", choices=PRECISIONS, help="of all models, instead of the recipe's")
    command.add_argument("--pairs", type=int, default=8, help="edits scored to compare with the reference pipeline")
    return parser


if __name__ == "__main__":
    sys.exit(main())
