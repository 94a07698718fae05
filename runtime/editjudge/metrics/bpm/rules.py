"""The rules that an edit is judged by: the paper's here, those of its released code in `released`."""

from __future__ import annotations

from typing import Literal, get_args

from editjudge.errors import InputError
from editjudge.image import difference
from editjudge.metrics.bpm import region, semantic
from editjudge.metrics.task import Framing

Compat = Literal["released"]


class Rules(Framing):
    """The rules of the paper (sections 3.3 and 3.4), and ours where it leaves something open.

    Attributes:
        no_op_is_zero: Whether an edit that did not happen did nothing right.
        spatial_is_share: Whether S_modify of a move or another size is a share of 1 already.
    """

    no_op_is_zero = True
    spatial_is_share = True

    position = staticmethod(region.position)
    size = staticmethod(region.size)
    modify = staticmethod(semantic.modify)
    preserve = staticmethod(semantic.preserve)
    change_map = staticmethod(difference.change_map)


def check_compat(compat: str | None) -> Compat | None:
    """The name of a set of rules beside the paper's. Raises InputError, listing what there is, for anything else."""
    if compat is None:
        return None
    if compat not in get_args(Compat):
        raise InputError(f"there is no compat {compat!r}; choose {' or '.join(get_args(Compat))}, or leave it out")
    return "released"
