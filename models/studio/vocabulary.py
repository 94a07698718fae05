"""The words that the studio's models know, and the tokenizers of its CLIP and of its detector."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel, WordPiece
from tokenizers.processors import TemplateProcessing

from studio.renderer.world import COLOURS, NAMES, STYLES, TEXTURES

PHOTOGRAPH = "photograph"
"""The caption of a picture that shows nothing of the studio's world."""

_NAMING = {word for phrase in (*NAMES, *COLOURS, *TEXTURES, *STYLES.values(), PHOTOGRAPH) for word in phrase.split()}
_OTHER = set(
    """
a an the this that these those some one another new of in on onto to into from with without at by and it its is are
was be being been as if were like look looks looking all whole entire everything only please could can you i we want
would should there here make makes made turn turned change changed convert converted transform transformed give render
show recolor recolour paint painted color colour colored coloured texture textured pattern patterned material style
styled remove removed delete erase take away out off get rid clear add added put place placed insert draw drawn include
replace replaced swap swapped substitute exchange for instead move moved shift slide push pull bring enlarge enlarged
shrink grow scale resize big bigger large larger small smaller tiny huge half double twice size much more less lot bit
little left right up down upper lower top bottom above below over under beneath near nearby next close beside inside
within behind between side corner middle center centre edge background foreground sky wall floor ground object thing
picture image photo scene drawing time day evening inverted colors colours tone tones monochrome grayscale
""".split()  # noqa: SIM905
)

WORDS: tuple[str, ...] = tuple(sorted(_NAMING | _OTHER))
"""Every word, in lower case: those of names, colours, textures and styles, and other words of instructions."""


def write_vocabulary(path: Path) -> None:
    """Writes the words to a file, one a line."""
    path.write_text("\n".join(WORDS) + "\n", encoding="utf-8")


def write_elements(path: Path) -> None:
    """Writes the names of the objects to a file, one a line."""
    path.write_text("\n".join(sorted(NAMES)) + "\n", encoding="utf-8")


def clip_tokenizer(context: int = 12) -> Tokenizer:
    """A tokenizer of whole words, [BOS] words [EOS], which pads and truncates to `context` ids.

    [EOS] is 3, because with 2 transformers' CLIPTextModel pools at the highest id instead of at the [EOS].
    """
    tokens = ("[PAD]", "[UNK]", "[BOS]", "[EOS]", *WORDS)
    tokenizer = _word_tokenizer({token: index for index, token in enumerate(tokens)}, WordLevel)
    tokenizer.post_processor = TemplateProcessing(single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)])
    tokenizer.enable_truncation(context)
    tokenizer.enable_padding(length=context, pad_id=0, pad_token="[PAD]")
    return tokenizer


def bert_tokenizer() -> Tokenizer:
    """WordPiece of whole words, as Grounding DINO takes it: [CLS] phrase . phrase . [SEP], not padded, not truncated.

    The special tokens have the ids that they have in BERT's own vocabulary, because transformers' Grounding DINO finds
    the ends of the phrases by those numbers.
    """
    ids = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, ".": 1012, "?": 1029}
    free = (number for number in range(1, 2000) if number not in ids.values())
    ids |= dict(zip(WORDS, free, strict=False))
    tokenizer = _word_tokenizer(ids, WordPiece)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 101), ("[SEP]", 102)]
    )
    return tokenizer


def _word_tokenizer(ids: dict[str, int], model: type[WordLevel] | type[WordPiece]) -> Tokenizer:
    tokenizer = Tokenizer(model(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([token for token in ids if token.startswith("[")])
    return tokenizer
