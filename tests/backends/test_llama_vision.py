"""A local model with eyes: the real Gemma 3 270M and libmtmd; its projector alone has weights of chance."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from editjudge.backends.llama_chat import render_chat, write_grammar
from editjudge.backends.llama_library import hear_llama, read_token
from editjudge.backends.llama_sampler import GrammarSampler
from editjudge.backends.llama_vision import LlamaVisionModel
from editjudge.backends.vision_language import VisionAnswer
from editjudge.bundles.bundle import Bundle
from editjudge.errors import ImageError, InputError, JudgeError
from support.fresh_process import run_python
from support.seeing_gemma import SCHEMA, add_chat_template, ask
from vision.random_projector import write_random_projector

ONE = {"enum": [1]}
"""The schema of the shortest answer."""


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """llama.cpp and libmtmd write to the process's own streams, not to Python's."""
    yield
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def gemma(studio: Bundle) -> Path:
    return studio.file("parser")


@pytest.fixture(scope="module")
def mmproj(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "mmproj.gguf"
    write_random_projector(path)
    return path


@pytest.fixture(scope="module")
def model(gemma: Path, mmproj: Path) -> Iterator[LlamaVisionModel]:
    seeing = LlamaVisionModel(gemma, mmproj, context=2048, threads=1)
    yield seeing
    seeing.close()


@pytest.fixture(scope="module")
def said(model: LlamaVisionModel) -> VisionAnswer:
    return model.answer(ask())


def assert_fits(answer: VisionAnswer) -> None:
    content = json.loads(answer.text)
    assert list(content) == ["reasoning", "pass", "score"]
    assert isinstance(content["reasoning"], str)
    assert len(content["reasoning"]) <= 12
    assert content["pass"] in ("yes", "no")
    assert content["score"] in range(6)


def test_pictures_go_in_and_json_comes_out(model: LlamaVisionModel, said: VisionAnswer) -> None:
    answer = model.answer(ask())
    assert_fits(answer)
    assert answer == said
    assert answer.read_tokens > 2 * 16  # the pictures' own
    assert 10 < answer.written_tokens < 200


HANDLER = """
import base64, json, sys
import llama_cpp
from llama_cpp.llama_chat_format import MTMDChatHandler
from editjudge.backends.llama_chat import write_grammar
from support.seeing_gemma import TEMPLATE, ask

one_thread = {"n_threads": 1, "n_threads_batch": 1, "verbose": False}
handler = MTMDChatHandler(sys.argv[2], verbose=False, use_gpu=False)
llama = llama_cpp.Llama(sys.argv[1], chat_handler=handler, n_ctx=2048, flash_attn=True, **one_thread)
llama.metadata["tokenizer.chat_template"] = TEMPLATE
question = ask()

def show(part):
    if isinstance(part, str):
        return {"type": "text", "text": part}
    url = "data:image/png;base64," + base64.b64encode(part).decode()
    return {"type": "image_url", "image_url": {"url": url}}

said = llama.create_chat_completion(
    messages=[
        {"role": "system", "content": question.system},
        {"role": "user", "content": [show(part) for part in question.content]},
    ],
    temperature=0, repeat_penalty=1.0, max_tokens=question.longest,
    grammar=llama_cpp.LlamaGrammar.from_string(write_grammar(question.schema), verbose=False),
)
usage = said["usage"]
told = [said["choices"][0]["message"]["content"], usage["prompt_tokens"], usage["completion_tokens"]]
print("told", json.dumps(told))
"""


def test_the_answer_is_that_of_llama_cpp_pythons_own_handler(said: VisionAnswer, gemma: Path, mmproj: Path) -> None:
    done = run_python(HANDLER, gemma, mmproj)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    assert VisionAnswer(*json.loads(line.removeprefix("told "))) == said


def test_what_is_drawn_depends_on_the_seed_and_fits(model: LlamaVisionModel) -> None:
    answers = [model.answer(ask(temperature=2.0, seed=seed)) for seed in (1, 2)]
    for answer in answers:
        assert_fits(answer)
    assert len({answer.text for answer in answers}) == 2
    assert model.answer(ask(temperature=2.0, seed=1)) == answers[0]


def test_what_is_drawn_is_drawn_from_what_the_grammar_allows(model: LlamaVisionModel) -> None:
    """As often as the model's own probabilities of the ten digits say, though others are drawn first."""
    model.answer(ask(longest=3, schema=ONE))
    draws, temperature = 120, 2.0

    def draw() -> tuple[list[int], list[float]]:
        seeing = model._seeing
        llama, context, vocab = seeing._llama, seeing._context, seeing._vocab
        size = llama.llama_vocab_n_tokens(vocab)
        logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), (size,)).astype(np.float64)
        likely = np.zeros(10)
        for token in range(size):
            piece = read_token(llama, vocab, token)
            if len(piece) == 1 and piece.isdigit():
                likely[int(piece)] += np.exp(logits[token] / temperature)
        drawn = []
        for seed in range(draws):
            with ExitStack() as resources, hear_llama():
                sampler = GrammarSampler(vocab, "root ::= [0-9]", temperature, seed, resources)
                drawn.append(int(read_token(llama, vocab, sampler.sample(context))))
        return drawn, list(likely / likely.sum() * draws)

    drawn, expected = model._thread.run(draw)
    assert chisquare(np.bincount(drawn, minlength=10), expected).pvalue > 0.001


def test_threads_are_answered_one_after_the_other(model: LlamaVisionModel) -> None:
    questions = [ask(f" Was 'make it {colour}' followed?") for colour in ("red", "blue")]
    alone = [model.answer(question) for question in questions]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(model.answer, questions)) == alone


def test_an_instruction_ends_no_turn_and_names_no_picture(model: LlamaVisionModel) -> None:
    """Each is read as the letters that it has; as the name of a token it would be one."""
    plain = model.answer(ask(" Followed?", schema=ONE)).read_tokens
    for name in ("<end_of_turn>", "<start_of_turn>", "<eos>", "<__media__>"):
        assert model.answer(ask(f" Followed?{name}", schema=ONE)).read_tokens > plain + 1


def test_a_chat_template_of_the_model_is_followed(gemma: Path, mmproj: Path, tmp_path: Path) -> None:
    path = tmp_path / "gemma-it.gguf"
    add_chat_template(gemma, path)
    seeing = LlamaVisionModel(path, mmproj, context=1024, threads=1)
    try:
        assert seeing._seeing.chat_template.startswith("{%- set ns")
        assert_fits(seeing.answer(ask()))
    finally:
        seeing.close()


def render(template: str | None, system: str = "Be strict.") -> str:
    """With the parts that are read for special tokens in brackets, and pictures as such."""
    parts = render_chat(template, "<eos>", system, ("Look: ", b"png", " <b>"))
    texts = ["(picture)" if isinstance(part.content, bytes) else part.content for part in parts]
    return "".join(f"[{text}]" if part.special else text for part, text in zip(parts, texts, strict=True))


def test_the_turns_of_templates() -> None:
    plain = "[<start_of_turn>user\n]Be strict.[\n\n]Look: (picture) <b>[<end_of_turn>\n<start_of_turn>model\n]"
    assert render(None) == plain
    assert render(None, "").startswith("[<start_of_turn>user\n]Look: ")
    both = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{{ eos_token }}{% endfor %}{{ bos_token }}<model>"
    )
    assert render(both) == "[<system>]Be strict.[<eos><user>]Look: (picture) <b>[<eos><model>]"
    alone = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}" + both
    assert render(alone) == "[<user>]Be strict.[\n\n]Look: (picture) <b>[<eos><model>]"


@pytest.mark.parametrize(
    "template", ["{{ messages[7].content.x }}", "{% if %}", "{{ 1 + 'a' }}", "no content", "\ue0000\ue001"]
)
def test_a_template_that_cannot_be_used(template: str) -> None:
    with pytest.raises(InputError, match="the model's chat template"):
        render(template)


def test_a_text_of_the_grammar_is_one_of_json() -> None:
    grammar = write_grammar(SCHEMA)
    assert 'space ::= " "?' in grammar.splitlines()
    (char,) = [line for line in grammar.splitlines() if line.startswith("char ::=")]
    assert "\\x00-\\x1F" in char
    with pytest.raises(InputError, match="cannot be made a grammar"):
        write_grammar({"type": "colour"})


def test_the_context_is_counted_before(model: LlamaVisionModel, said: VisionAnswer) -> None:
    tokens = said.read_tokens
    assert_fits(model.answer(ask(longest=2048 - tokens)))
    with pytest.raises(InputError, match=rf"has {tokens} tokens .* up to 1,\d+; the context has 2,048: name a larger"):
        model.answer(ask(longest=2049 - tokens))


def test_an_answer_that_is_cut_off_is_none(model: LlamaVisionModel, said: VisionAnswer) -> None:
    written = said.written_tokens
    assert_fits(model.answer(ask(longest=written)))
    with pytest.raises(JudgeError, match=f"cut off at {written - 1} tokens"):
        model.answer(ask(longest=written - 1))


def test_a_picture_that_is_none(model: LlamaVisionModel) -> None:
    for data in (b"", b"\x89PNG no more", b"RIFF1234WEBP"):
        question = ask()
        with pytest.raises(ImageError, match="cannot decode a picture"):
            model.answer(replace(question, content=("A: ", data, *question.content[2:])))
    assert_fits(model.answer(ask()))


def test_it_is_known_by_both_files(model: LlamaVisionModel, gemma: Path, mmproj: Path) -> None:
    hashes = [sha256(path.read_bytes()).hexdigest() for path in (gemma, mmproj)]
    assert model.identity == "+".join(hashes)
    assert (model.backend, model.model) == ("llama", gemma.name)


def test_closed_it_is_loaded_again(gemma: Path, mmproj: Path) -> None:
    seeing = LlamaVisionModel(gemma, mmproj, context=512, threads=1)
    first = seeing.answer(ask())
    seeing.close()
    seeing.close()
    assert seeing.answer(ask()) == first
    seeing.close()


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("no model", r"none\.gguf is not there; name a model in GGUF"),
        ("a folder", r"cannot be read \(it is a folder and not a file|cannot be read"),
        ("a text", r"text\.gguf is not a model: it is not a GGUF file"),
        ("an empty file", r"empty\.gguf is not a model"),
        ("no mmproj", r"none\.gguf is not there; name an mmproj in GGUF"),
        ("no eyes", r"has no eyes: no mmproj file lies beside it; name a model that sees and its mmproj"),
        ("two mmprojs", r"has 2 mmproj files beside it \(mmproj-a\.gguf, mmproj-b\.gguf\); name the one to see with"),
        ("swapped", r"mmproj\.gguf is not a model: it is an mmproj, which gives a language model eyes"),
        ("the model as mmproj", r"is not an mmproj: its architecture is gemma3 and not clip"),
        (
            "another width",
            r"wide\.gguf is the mmproj of another model: its embeddings have 512 numbers where .* has 640",
        ),
        ("no patches", r"no_patches\.gguf is not an mmproj: its patch_size must be a number from 1 to"),
        ("no encoder", r"no_encoder\.gguf is not an mmproj: it has no vision encoder"),
        ("half an mmproj", r"half\.gguf is not an mmproj: its tensor .* lies outside the file|half\.gguf is no mmproj"),
    ],
)
def test_files_that_do_not_fit(model: LlamaVisionModel, mmproj: Path, tmp_path: Path, case: str, message: str) -> None:
    gemma = model._path
    text, empty, wide, half, no_patches, no_encoder = (
        tmp_path / f"{name}.gguf" for name in ("text", "empty", "wide", "half", "no_patches", "no_encoder")
    )
    alone = tmp_path / "alone" / "gemma.gguf"
    alone.parent.mkdir()
    alone.symlink_to(gemma)
    if case == "a text":
        text.write_text("not at all")
    elif case == "an empty file":
        empty.touch()
    elif case == "another width":
        write_random_projector(wide, text_width=512)
    elif case == "half an mmproj":
        half.write_bytes(mmproj.read_bytes()[: mmproj.stat().st_size // 2])
    elif case == "no patches":
        no_patches.write_bytes(change_entry(mmproj.read_bytes(), b"clip.vision.patch_size", struct.pack("<II", 4, 0)))
    elif case == "no encoder":
        no_encoder.write_bytes(change_entry(mmproj.read_bytes(), b"clip.has_vision_encoder", struct.pack("<I?", 7, 0)))
    elif case == "two mmprojs":
        for name in ("mmproj-a.gguf", "mmproj-b.gguf"):
            (alone.parent / name).symlink_to(mmproj)
    files = {
        "no model": (tmp_path / "none.gguf", mmproj),
        "a folder": (tmp_path, mmproj),
        "a text": (text, mmproj),
        "an empty file": (empty, mmproj),
        "no mmproj": (gemma, tmp_path / "none.gguf"),
        "no eyes": (alone, None),
        "two mmprojs": (alone, None),
        "swapped": (mmproj, gemma),
        "the model as mmproj": (gemma, gemma),
        "another width": (gemma, wide),
        "half an mmproj": (gemma, half),
        "no patches": (gemma, no_patches),
        "no encoder": (gemma, no_encoder),
    }
    with pytest.raises(InputError, match=message) as refused:
        LlamaVisionModel(*files[case])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments", [{"context": 255}, {"context": True}, {"threads": 0}, {"mmproj": 7}, {"model": None}]
)
def test_arguments_that_make_no_sense(gemma: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"^{next(iter(arguments))} is .*; give "):
        LlamaVisionModel(**{"model": gemma, **arguments})


def change_entry(content: bytes, key: bytes, value: bytes) -> bytes:
    """A GGUF in which a key has another value; `value` with its type."""
    start = content.index(key) + len(key)
    return content[:start] + value + content[start + len(value) :]


def test_the_only_mmproj_beside_a_model_is_its_own(gemma: Path, mmproj: Path, tmp_path: Path) -> None:
    (tmp_path / "gemma.gguf").symlink_to(gemma)
    (tmp_path / "gemma-mmproj-f16.gguf").symlink_to(mmproj)
    seeing = LlamaVisionModel(tmp_path / "gemma.gguf", context=512, threads=1)
    assert_fits(seeing.answer(ask()))
    seeing.close()


def test_a_llama_cpp_without_libmtmd_says_how_to_build_it(gemma: Path, mmproj: Path, tmp_path: Path) -> None:
    program = """
        import sys
        from editjudge.backends.llama_vision import LlamaVisionModel
        from editjudge.errors import DeviceError
        try:
            LlamaVisionModel(*sys.argv[1:])
        except DeviceError as error:
            print(error)
    """
    done = run_python(program, gemma, mmproj, environment={"MTMD_CPP_LIB": str(tmp_path)})
    assert done.stdout.startswith("llama.cpp was built without libmtmd, with which a model sees; pip install --force")
    assert (done.stdout.count("\n"), done.stderr, done.returncode) == (1, "", 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_answers_alike(gemma: Path, mmproj: Path) -> None:
    program = """
        import sys
        from editjudge.backends.llama_vision import LlamaVisionModel
        from support.forked import fork
        from support.seeing_gemma import ask

        model = LlamaVisionModel(*sys.argv[1:], context=512, threads=1)
        question = ask(schema={"type": "string", "maxLength": 12})
        print(model.answer(question).text, flush=True)
        print(fork(lambda: print(model.answer(question).text, flush=True)), flush=True)
        print(model.answer(question).text, flush=True)
    """
    done = run_python(program, gemma, mmproj)
    first, *others = done.stdout.splitlines()
    assert others == [first, "ended with 0", first]
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of addresses are told by /proc")
def test_want_of_memory_is_told_and_passes(gemma: Path, mmproj: Path) -> None:
    """640 MiB have room for the file as it is mapped and laid out anew, but not for its words."""
    program = """
        import resource, sys
        from pathlib import Path
        from editjudge.backends.llama_library import load_mtmd
        from editjudge.backends.llama_vision import LlamaVisionModel
        from editjudge.errors import OutOfMemoryError
        from support.seeing_gemma import ask

        load_mtmd()
        for room in map(int, sys.argv[3:]):
            now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + (room << 20), -1))
            try:
                model = LlamaVisionModel(*sys.argv[1:3], context=512, threads=1)
                model.answer(ask())
                model.close()
                print(room, "answered")
            except OutOfMemoryError as error:
                print(room, error)
    """
    done = run_python(program, gemma, mmproj, 300, 640, 4000)
    told = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    refused = "there is not enough memory to load the model with eyes; close other programs"
    assert [line.split(",")[0] for line in told] == [f"300 {refused}", f"640 {refused}", "4000 answered"]
