"""Names of metrics that are asked of a judge: "vlm:sc_pq@openai:MODEL"."""

from __future__ import annotations

from dataclasses import dataclass

from editjudge.errors import InputError, quote_value
from editjudge.metrics.vlm_judge.prompts.catalog import OF_EDITS, PROMPT_SETS

PREFIX = "vlm:"
BACKENDS = ("llama", "openai")
FORM = f"{PREFIX}PROMPTS@BACKEND:MODEL"


@dataclass(frozen=True)
class JudgeName:
    """What is asked, by which back end, and of which model: there a name, or the path of a GGUF."""

    prompts: str
    backend: str
    model: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.prompts}@{self.backend}:{self.model}"


def is_judge(text: str) -> bool:
    return text.startswith(PREFIX)


def parse_judge_name(text: str) -> JudgeName:
    """The parts of "vlm:sc_pq@openai:Qwen/Qwen2.5-VL-7B-Instruct". Raises InputError.

    The name of a model may hold colons, slashes and "@", but no comma, which stands between metrics.
    """
    prompts, at, rest = text.removeprefix(PREFIX).partition("@")
    backend, _, model = rest.partition(":")
    if prompts not in OF_EDITS:
        other = ", which judges a difference" if prompts in PROMPT_SETS else ""
        raise InputError(
            f"the metric {quote_value(text)} names the prompt set {quote_value(prompts)}{other}; choose one of "
            f"{', '.join(OF_EDITS)}, as in {FORM}"
        )
    if not at or backend not in BACKENDS:
        raise InputError(
            f"the metric {quote_value(text)} names no back end; choose {' or '.join(BACKENDS)}, as in {FORM}"
        )
    if not model or model != model.strip() or "," in model or not model.isprintable():
        raise InputError(f"the metric {quote_value(text)} names no model; give it as in {FORM}")
    return JudgeName(prompts, backend, model)
