"""Nodes of ComfyUI that score edits. ComfyUI finds them by these names once this folder lies in its custom_nodes."""

from .nodes import EditJudgeMask, EditJudgeRank, EditJudgeScore

NODE_CLASS_MAPPINGS = {
    "EditJudgeScore": EditJudgeScore,
    "EditJudgeRank": EditJudgeRank,
    "EditJudgeMask": EditJudgeMask,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "EditJudgeScore": "Score edits",
    "EditJudgeRank": "Rank edits",
    "EditJudgeMask": "Mask of an edit",
}

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
