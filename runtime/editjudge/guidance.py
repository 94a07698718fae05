"""Guidance of an editing model by the mask of a first edit (BPM, section 3.5), on arrays of any library."""

from __future__ import annotations

from typing import Any

from editjudge.errors import InputError

Array = Any
"""An array of NumPy, torch or the like: with +, -, *, shape and max."""


def guidance(
    unconditional: Array, image: Array, text: Array, mask: Array, *, image_scale: float, text_scale: float
) -> Array:
    """Combines three predictions of the noise by the paper's equation 4.

    unconditional: eps(0, 0); image: eps(I, 0); text: eps(I, T): [..., H, W] in latent cells, like what is returned.
    mask: M_all, [H, W] or with more axes, of the same library and device, bools or 0 to 1; outside of it the text has
    no say. Bools leave the predictions' precision as it is. Raises InputError for a mask that does not fit.
    """
    if tuple(mask.shape[-2:]) != tuple(text.shape[-2:]):
        sizes = [" x ".join(map(str, array.shape[-2:])) for array in (mask, text)]
        raise InputError(
            f"the mask has {sizes[0]} cells, the latents {sizes[1]}; make it of the picture that is edited"
        )
    if mask.max() > 1:
        raise InputError("the mask has values above 1; hand in bools, or divide it by its largest value")
    return unconditional + image_scale * (image - unconditional) + text_scale * (text - image) * mask
