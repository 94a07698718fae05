"""Embedding: pictures and texts in one space, by CLIP. Vectors come as the model gives them, not normalised."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel, WordPiece

from editjudge.bundles.settings import ClipSettings, PictureSettings
from editjudge.errors import BundleError
from editjudge.image.transforms import resize, resize_and_center_crop, to_tensor
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import VectorSpace, take
from editjudge.models.tokenizer_file import open_tokenizer
from editjudge.types import Image
from editjudge.utils.text import replace_surrogates

REMEMBERED_TEXTS = 4096
_PAD_TOKENS = ("[PAD]", "<pad>", "<|endoftext|>")

Embeddings = NDArray[np.float32]


class TextEncoder:
    """Embeds texts by CLIP's side for them. May be shared by threads.

    Args:
        session: Takes input_ids and attention_mask, int64[N, context] each, and gives text_embeds float32[N, D].
        tokenizer: Pads and cuts to the context.
    """

    def __init__(self, session: Runner, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._known: OrderedDict[str, Embeddings] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def of_role(cls, models: ModelSet, role: str, tokenizer_role: str, context: int) -> Self:
        """Opens a graph for texts of so many tokens, and its tokenizer. Raises BundleError."""
        tokenizer = _open_tokenizer(models.bundle.file(tokenizer_role), context)
        return cls(models.session(role), tokenizer)

    def is_cut(self, text: str) -> bool:
        """Whether a text has more tokens than are read of one."""
        return bool(self._tokenizer.encode(replace_surrogates(text)).overflowing)

    def has_unknown_words(self, text: str) -> bool:
        """Whether a text has words that were not learned, and cannot be told apart.

        Never where texts are taken apart into known pieces.
        """
        model = self._tokenizer.model
        if not isinstance(model, WordLevel | WordPiece):
            return False
        return model.unk_token in self._tokenizer.encode(replace_surrogates(text)).tokens

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[N, D], not normalised, of N >= 1 texts, each cut at the context; they are remembered for a while."""
        with self._lock:
            vectors = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            vectors.update(zip(missing, self.embed_anew(missing), strict=True))
        with self._lock:
            for text in texts:
                self._known[text] = vectors[text]
                self._known.move_to_end(text)
            while len(self._known) > REMEMBERED_TEXTS:
                self._known.popitem(last=False)
        return np.stack([vectors[text] for text in texts])

    def embed_anew(self, texts: Sequence[str]) -> Embeddings:
        """As `texts`, whether they are remembered or not."""
        encodings = [self._tokenizer.encode(replace_surrogates(text)) for text in texts]
        outputs = self._session.run(
            {
                "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
                "attention_mask": np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64),
            }
        )
        return take(outputs, "text_embeds", len(texts), None)


class Clip:
    """Embeds pictures and texts. May be shared by threads."""

    def __init__(self, vision: Runner, text: Runner, tokenizer: Tokenizer, settings: ClipSettings) -> None:
        self._vision = vision
        self._text = TextEncoder(text, tokenizer)
        self._settings = settings
        self._space = VectorSpace("CLIP's")

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        settings = models.bundle.clip
        tokenizer = _open_tokenizer(models.bundle.file("clip_tokenizer"), settings.context)
        return cls(models.session("clip_vision"), models.session("clip_text"), tokenizer, settings)

    def images(self, crops: Sequence[Image]) -> Embeddings:
        """float32[N, D], not normalised, of N >= 1 pictures uint8[H, W, 3] of any sizes, in one run of the model."""
        outputs = self._vision.run(picture_inputs(crops, self._settings))
        return self._space.check(take(outputs, "image_embeds", len(crops), None))

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[N, D], not normalised, of N >= 1 texts, each cut at the context; they are remembered for a while."""
        return self._space.check(self._text.texts(texts))

    def is_cut(self, text: str) -> bool:
        """Whether a text has more tokens than are read of one."""
        return self._text.is_cut(text)

    def has_unknown_words(self, text: str) -> bool:
        """Whether a text has words that were not learned, and cannot be told apart."""
        return self._text.has_unknown_words(text)


def picture_inputs(images: Sequence[Image], settings: PictureSettings) -> dict[str, NDArray[np.float32]]:
    """N pictures uint8[H, W, 3] as the model takes them: "pixel_values" float32[N, 3, size, size]."""
    size, resample = settings.size, settings.resample
    if settings.fit == "center_crop":
        fitted = [resize_and_center_crop(image, size, resample, settings.shorter) for image in images]
    else:
        fitted = [resize(image, size, size, resample) for image in images]
    return {"pixel_values": to_tensor(fitted, settings.mean, settings.std)}


def _open_tokenizer(path: Path, context: int) -> Tokenizer:
    tokenizer = open_tokenizer(path)
    candidates = ((tokenizer.padding or {}).get("pad_token"), *_PAD_TOKENS)
    token = next((name for name in candidates if name and tokenizer.token_to_id(name) is not None), None)
    if token is None:
        raise BundleError(f"{path} has no padding token; it must be one of {', '.join(_PAD_TOKENS)}")
    tokenizer.enable_padding(length=context, pad_id=tokenizer.token_to_id(token), pad_token=token)
    tokenizer.enable_truncation(max_length=context)
    return tokenizer
