"""Files of bundles that are made to do harm: by a name that says how, what is in them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from support.onnx_bytes import (
    FLOAT,
    INT64,
    attribute,
    engine_wrapper,
    external,
    field,
    floats,
    graph,
    graph_attribute,
    integers,
    model,
    node,
    tensor,
    tensor_attribute,
    value_info,
)

TOY = Path(__file__).parent.parent / "fixtures" / "toy"
Content = Callable[[], bytes]

# --- tokenizers ---


def _tokenizer(**parts: Any) -> Content:
    """The toy's tokenizer with other parts; those of the model are given as model_NAME."""

    def write() -> bytes:
        content = json.loads((TOY / "clip_tokenizer.json").read_text(encoding="utf-8"))
        for name, value in parts.items():
            if name.startswith("model_"):
                content["model"][name.removeprefix("model_")] = value
            else:
                content[name] = value
        return json.dumps(content).encode()

    return write


def _sequence(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(steps)}


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _nested(depth: int) -> dict[str, Any]:
    return {"type": "Lowercase"} if depth == 0 else _sequence(_nested(depth - 1))


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
PADDING = {
    "strategy": {"Fixed": 10**12}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0,
    "pad_token": "[PAD]",
}  # fmt: skip
MANY = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}] * 100_000

TOKENIZERS: dict[str, Content] = {
    "that doubles a text": _tokenizer(normalizer=_sequence(*[_replace({"String": "a"}, "aa")] * 40)),
    "that doubles every letter": _tokenizer(normalizer=_sequence(*[_replace({"Regex": "(.)"}, "xx")] * 40)),
    "that puts in letters": _tokenizer(normalizer=_sequence(*[_replace({"String": ""}, "a")] * 8)),
    "with a long text": _tokenizer(normalizer=_replace({"String": "a"}, "a" * 10**6)),
    "that looks for ever": _tokenizer(normalizer=_replace({"Regex": "(a*)*(a*)*b"}, "")),
    "that splits for ever": _tokenizer(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a|a)*c"}, "behavior": "Isolated", "invert": False}
    ),
    "nested": _tokenizer(normalizer=_nested(100)),
    "with a hundred steps": _tokenizer(normalizer=_sequence(*[{"type": "NFKD"}] * 100)),
    "with a compiled table": _tokenizer(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
    "that grows by bytes": _tokenizer(pre_tokenizer={"type": "Sequence", "pretokenizers": [BYTES] * 8}),
    "that pads to 10^12": _tokenizer(padding=PADDING),
    "that cuts at 10^18": _tokenizer(
        truncation={"direction": "Right", "max_length": 10**18, "strategy": "LongestFirst", "stride": 10**17}
    ),
    "of another kind": _tokenizer(model={"type": "Unigram", "unk_id": 0, "vocab": [["a", float("nan")]]}),
    "with a token of 10^12": _tokenizer(model_vocab={"[PAD]": 10**12}),
    "with a token of -1": _tokenizer(model_vocab={"[PAD]": -1}),
    "with words of 10^18 letters": _tokenizer(model_max_input_chars_per_word=10**18),
    "with a list of words": _tokenizer(model_vocab=["[PAD]"]),
    "with 100,000 tokens before a text": _tokenizer(
        post_processor={"type": "TemplateProcessing", "single": MANY, "pair": MANY, "special_tokens": {}}
    ),
    "with 100,000 added tokens": _tokenizer(added_tokens=[{"id": 1, "content": "a", "special": True}] * 100_000),
    "of lists": lambda: b'{"model": [' + b"[],[" * 1_000_000,
    "nested by brackets": lambda: b"[" * 100_000,
    "of 9 MB": lambda: b'{"a": "' + b"a" * 9_000_000 + b'"}',
    "that is no JSON": lambda: b"\x00\x01\x02",
    "that is a number": lambda: b"5",
    "of the detector that doubles": _tokenizer(normalizer=_sequence(*[_replace({"String": "t"}, "tt")] * 40)),
    "without its word for the unknown": _tokenizer(model_unk_token="[NONE]"),
    "with a token that there is not": _tokenizer(
        post_processor={"type": "TemplateProcessing", "single": MANY[:1], "pair": MANY[:1], "special_tokens": {}}
    ),
    "with a compiled regular expression": _tokenizer(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": False}
    ),
    "without padding": _tokenizer(model_vocab={"a": 0}, added_tokens=[], post_processor=None),
}

# --- graphs ---

PICTURES = [value_info("pixel_values", ["N", 3, 16, 16])]
EMBEDS = [value_info("image_embeds", ["N", 3])]
MEAN = node("ReduceMean", "pixel_values", "mean", attribute("axes", [2, 3]), attribute("keepdims", 0))


def _vision(*nodes: bytes, tensors: Sequence[bytes] = (), outputs: Sequence[bytes] = EMBEDS) -> Content:
    """A graph of CLIP's pictures; its nodes go on from "mean" to "image_embeds"."""
    return lambda: model(graph([MEAN, *nodes], PICTURES, outputs, *tensors))


def _times(name: str) -> bytes:
    return node("Mul", f"mean {name}", "image_embeds")


def _made(operator: str, inputs: str, *tensors: bytes) -> Content:
    """A graph that makes a tensor of constants, and takes its sum."""
    nodes = [
        node(operator, inputs, "large"),
        node("ReduceSum", "large", "sum", attribute("keepdims", 0)),
        _times("sum"),
    ]
    return _vision(*nodes, tensors=tensors)


def _reads(location: str, **more: str) -> Content:
    return _vision(_times("w"), tensors=[external("w", [3], location, **more)])


def _gives(shape: Sequence[int | str], kind: int = FLOAT) -> list[bytes]:
    return [value_info("image_embeds", shape, kind)]


def _scalars(**values: int) -> list[bytes]:
    return [tensor(name, [], INT64, struct.pack("<q", value)) for name, value in values.items()]


def _inner(depth: int) -> bytes:
    inner = graph([node("If", "c", "r", graph_attribute("then_branch", _inner(depth - 1)))] if depth else [], [], [])
    return inner


ROOM = 10**12
GRAPHS: dict[str, tuple[str, Content]] = {
    "that reads a file beside it": ("clip_vision", _reads("vocabulary.txt", length="12")),
    "that reads a file above": ("clip_vision", _reads("../../secret.bin")),
    "that reads /etc/passwd": ("clip_vision", _reads("/etc/passwd", length="12")),
    "that reads a device": ("clip_vision", _reads("/dev/zero")),
    "that reads memory": ("clip_vision", _reads("*/_ORT_MEM_ADDR_/*", offset="140000000000000", length="12")),
    "that reads in a node": (
        "clip_vision",
        _vision(
            node("Constant", "", "w", tensor_attribute("value", external("w", [3], "vocabulary.txt"))),
            _times("w"),
        ),
    ),
    "that points to an engine": (
        "clip_vision",
        _vision(node("EPContext", "mean", "image_embeds", attribute("ep_cache_context", "vocabulary.txt"),
                     domain="com.microsoft")),
    ),
    "of 10^12 zeros": ("clip_vision", _made("ConstantOfShape", "s", integers("s", [ROOM]))),
    "of 10^10 zeros": ("clip_vision", _made("ConstantOfShape", "s", integers("s", [100_000, 100_000]))),
    "of 10^10 copies": ("clip_vision", _made("Expand", "one s", floats("one", [1]), integers("s", [10**10]))),
    "of 10^10 tiles": ("clip_vision", _made("Tile", "one s", floats("one", [1]), integers("s", [10**10]))),
    "of 10^10 steps": (
        "clip_vision",
        _made("Range", "a b c", *_scalars(a=0, b=10**10, c=1)),
    ),
    "of chance": (
        "clip_vision",
        _vision(node("RandomNormal", "", "r", attribute("shape", [10**5, 10**6])),
                node("ReduceSum", "r", "sum", attribute("keepdims", 0)), _times("sum")),
    ),
    "that says it is large": ("clip_vision", _vision(_times("w"), tensors=[tensor("w", [ROOM], FLOAT, b"")])),
    "that overflows": ("clip_vision", _vision(_times("w"), tensors=[tensor("w", [2**62, 4, 3], FLOAT, bytes(12))])),
    "of negative size": ("clip_vision", _vision(_times("w"), tensors=[tensor("w", [-3], FLOAT, bytes(12))])),
    "with a sparse tensor": (
        "clip_vision",
        lambda: model(graph([MEAN, _times("w")], PICTURES, EMBEDS)
                      + field(15, field(1, floats("w", [1])) + field(2, integers("", [0])) + field(3, ROOM))),
    ),
    "that loops for ever": (
        "clip_vision",
        _vision(node("Loop", "n  mean", "image_embeds", graph_attribute("body", graph([], [], []))),
                tensors=[integers("n", [2**62])]),
    ),
    "that scans": ("clip_vision", _vision(node("Scan", "mean", "image_embeds"))),
    "in a graph in a graph": (
        "clip_vision", _vision(node("If", "c", "image_embeds", graph_attribute("then_branch", _inner(40)))),
    ),
    "with a loop in a branch": (
        "clip_vision",
        _vision(node("If", "c", "image_embeds", graph_attribute("then_branch", graph([node("Loop", "", "")], [], [])))),
    ),
    "with a loop in a function": (
        "clip_vision",
        lambda: model(graph([MEAN, node("Mine", "mean", "image_embeds", domain="x")], PICTURES, EMBEDS),
                      field(25, field(1, "Mine") + field(7, node("Loop", "", "")) + field(10, "x"))),
    ),
    "with training": ("clip_vision", lambda: model(graph([MEAN], PICTURES, EMBEDS), field(20, field(1, b"")))),
    "of a million nodes": (
        "clip_vision", _vision(*[node("Relu", "mean", "mean")] * 250_000),
    ),
    "cut off": ("clip_vision", lambda: (TOY / "detector.onnx").read_bytes()[:700]),
    "of a number without end": ("clip_vision", lambda: b"\x3a" + b"\xff" * 1000),
    "of groups": ("clip_vision", lambda: b"\x3b" * 10_000),
    "without an output": (
        "clip_vision", _vision(node("Relu", "mean", "other"), outputs=[value_info("other", ["N", 3])]),
    ),
    "of another rank": ("clip_vision", _vision(_times("mean"), outputs=_gives(["N", 3, 3]))),
    "of other pictures": (
        "clip_vision",
        lambda: model(graph([MEAN], [value_info("pixel_values", ["N", 3, 60_000, 60_000])], EMBEDS)),
    ),
    "of other vectors": (
        "clip_vision",
        _vision(node("Concat", "mean mean", "image_embeds", attribute("axis", 1)),
                outputs=_gives(["N", "D"])),
    ),
    "of more vectors than pictures": (
        "clip_vision",
        _vision(node("Concat", "mean mean", "image_embeds", attribute("axis", 0)),
                outputs=_gives(["N", 3])),
    ),
    "that is nowhere a number": (
        "clip_vision",
        _vision(node("Log", "minus", "nan"), _times("nan"), tensors=[floats("minus", [-1.0])]),
    ),
    "of an operator that there is not": ("clip_vision", _vision(node("Burn", "mean", "image_embeds"))),
    "of wholes": (
        "clip_vision",
        _vision(node("Cast", "mean", "image_embeds", attribute("to", 7)),
                outputs=_gives(["N", 3], INT64)),
    ),
}  # fmt: skip

WRAPPERS: dict[str, Content] = {
    "that points elsewhere": lambda: engine_wrapper("vocabulary.txt"),
    "that points above": lambda: engine_wrapper("../../engine"),
    "that is no graph": lambda: b"engine",
}

# --- arrays ---


def _archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _array(shape: str, kind: str = "<f4", content: bytes = b"", order: str = "False") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) + 1) + head + b"\n" + content


def _probe(weight: bytes, bias: bytes = _array("()", content=bytes(4)), **more: bytes) -> Content:
    return lambda: _archive(weight=weight, bias=bias, **more)


def _pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([print, 1], object), allow_pickle=True)
    return stream.getvalue()


NPZS: dict[str, Content] = {
    "that unpacks to 80 MB": lambda: _archive(weight=_array("(20000000,)", content=bytes(80_000_000)), bias=b""),
    "that says it has 10^12": _probe(_array("(1000000000000,)")),
    "that overflows": _probe(_array("(4294967296, 4294967296, 3)")),
    "of negative size": _probe(_array("(-3,)", content=bytes(12))),
    "with a shape of names": _probe(_array("('a',)", content=bytes(12))),
    "nested": _probe(_array("(" * 5000 + ")" * 5000)),
    "pickled": lambda: _archive(weight=_pickled(), bias=_array("()", content=bytes(4))),
    "of texts": _probe(_array("(3,)", "<U1", bytes(12))),
    "of no numbers": _probe(_array("(3,)", content=struct.pack("<3f", 1, float("nan"), 1))),
    "of a square": _probe(_array("(3, 3)", content=bytes(36))),
    "with many arrays": _probe(_array("(3,)", content=bytes(12)), **{f"a{n}": b"" for n in range(1000)}),
    "that is no archive": lambda: b"PK\x03\x04" + bytes(100),
    "without a bias": lambda: _archive(weight=_array("(3,)", content=bytes(12))),
    "of other vectors": _probe(_array("(5,)", content=bytes(20))),
    "with half a network": _probe(_array("(3,)", content=bytes(12)), edges=_array("(192, 2)", content=bytes(1536))),
}

# --- language models ---


def _text(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def _entry(key: str, kind: int, value: bytes) -> bytes:
    return _text(key.encode()) + struct.pack("<I", kind) + value


def _gguf(
    *entries: bytes, tensors: Sequence[bytes] = (), counts: tuple[int, int] | None = None, version: int = 3
) -> Content:
    numbers = counts or (len(tensors), len(entries))
    return lambda: b"GGUF" + struct.pack("<IQQ", version, *numbers) + b"".join((*entries, *tensors)) + bytes(64)


def _sizes(**changes: int) -> list[bytes]:
    sizes = {"block_count": 1, "embedding_length": 8, "feed_forward_length": 8, "context_length": 8} | changes
    sizes.setdefault("head_count", 1)
    names = {name: f"gemma3.{'attention.' if name.startswith('head') else ''}{name}" for name in sizes}
    return [_entry(names[name], 4, struct.pack("<I", value)) for name, value in sizes.items()]


NAME = _entry("general.architecture", 8, _text(b"gemma3"))
TOKENS = _entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + _text(b"a") + _text(b"b"))
LORA = [
    _entry("general.type", 8, _text(b"adapter")), NAME, _entry("adapter.type", 8, _text(b"lora")),
]  # fmt: skip
ALPHA = _entry("adapter.lora.alpha", 6, struct.pack("<f", 1))


TINY_GGUF = _gguf(NAME, *_sizes(), TOKENS)()
"""Of a model that is none, with all that the head of one must say."""


def _tensor(dimensions: Sequence[int], offset: int = 0, count: int | None = None) -> bytes:
    head = _text(b"w") + struct.pack("<I", len(dimensions) if count is None else count)
    return head + struct.pack(f"<{len(dimensions)}Q", *dimensions) + struct.pack("<IQ", 0, offset)


GGUFS: dict[str, tuple[str, Content]] = {
    "with 2^63 entries": ("parser", _gguf(counts=(0, 2**63))),
    "with 2^63 tensors": ("parser", _gguf(counts=(2**63, 0))),
    "with a name of 2^60": ("parser", _gguf(struct.pack("<Q", 2**60))),
    "with a text of 2^60": ("parser", _gguf(_entry("a", 8, struct.pack("<Q", 2**60)))),
    "with a list of 2^60": ("parser", _gguf(_entry("a", 9, struct.pack("<IQ", 4, 2**60)))),
    "with a list of lists": ("parser", _gguf(_entry("a", 9, struct.pack("<IQ", 9, 2)))),
    "of an unknown type": ("parser", _gguf(_entry("a", 77, b""))),
    "of version 99": ("parser", _gguf(version=99)),
    "that is none": ("parser", lambda: b"GGML" + bytes(64)),
    "cut off": ("parser", lambda: b"GGUF\x03"),
    "without an architecture": ("parser", _gguf(*_sizes(), TOKENS)),
    "without heads": ("parser", _gguf(NAME, *_sizes(head_count=0), TOKENS)),
    "with 2^31 layers": ("parser", _gguf(NAME, *_sizes(block_count=2**31), TOKENS)),
    "without tokens": ("parser", _gguf(NAME, *_sizes())),
    "with scores for few tokens": (
        "parser",
        _gguf(NAME, *_sizes(), TOKENS, _entry("tokenizer.ggml.scores", 9, struct.pack("<IQf", 6, 1, 1.0))),
    ),
    "with a tensor of 2^62": ("parser", _gguf(NAME, *_sizes(), TOKENS, tensors=[_tensor([2**62, 4])])),
    "with a tensor outside": ("parser", _gguf(NAME, *_sizes(), TOKENS, tensors=[_tensor([4], 2**40)])),
    "with nine dimensions": ("parser", _gguf(NAME, *_sizes(), TOKENS, tensors=[_tensor([1], count=9)])),
    "without its alpha": ("parser_adapter", _gguf(*LORA)),
    "with alpha as a text": ("parser_adapter", _gguf(*LORA, _entry("adapter.lora.alpha", 8, _text(b"1")))),
    "said twice": ("parser_adapter", _gguf(*LORA, ALPHA, ALPHA)),
}  # fmt: skip
