"""Edits a picture eight times with FLUX Kontext, stops edits that are done, and keeps the best.

pip install 'editjudge[guidance]'
python examples/rank_edits.py hydrant.jpg "make the hydrant blue" best.png
"""

import sys

from diffusers import FluxKontextPipeline
from PIL import Image, ImageOps

from editjudge import Scorer
from editjudge_integrations.editing_pipelines.best_of_n import rank_images
from editjudge_integrations.editing_pipelines.early_stop import EarlyStop


def main(pipeline: FluxKontextPipeline, original: str, instruction: str, best: str, bundle: str = "photo-edge") -> None:
    picture, scorer = (
        ImageOps.fit(ImageOps.exif_transpose(Image.open(original)).convert("RGB"), (1024, 1024)),
        Scorer.load(bundle),
    )
    stop = EarlyStop(scorer, picture, instruction, size=picture.size)
    edits = rank_images(pipeline, picture, instruction, 8, scorer=scorer, callback_on_step_end=stop)
    for edit in edits:
        print(edit.seed, edit.score.bpm if edit.score else None, edit.score.headline if edit.score else edit.error)
    edits[0].image.save(best)


if __name__ == "__main__":
    main(FluxKontextPipeline.from_pretrained("black-forest-labs/FLUX.1-Kontext-dev"), *sys.argv[1:])
