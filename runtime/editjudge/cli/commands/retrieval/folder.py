"""Where an index is written, and looked for, unless another folder is named."""

from pathlib import Path

USUAL_FOLDER = Path("edits.index")
