"""A client of UniRL's reward service, written from its contract: one POST with a history of turns for each sample.

The contract is that of github.com/Tencent-Hunyuan/UniRL: GET /health lists the rewards that are served; POST /score
answers results[i][reward][sub-metric], and errors[i][reward] for whatever has no number; identities come back. What
stands under "reward" besides, of all of them, is nothing that it asks for by name.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ECHOED = ("request_id", "sample_id", "group_id", "source_rank", "policy_version", "idempotency_key")


class HttpClient(Protocol):
    """What sends requests: a client of httpx, or one like it."""

    def get(self, url: str) -> Any: ...

    def post(self, url: str, *, json: Any) -> Any: ...


@dataclass(frozen=True)
class Sample:
    """A sample of a training: the picture that was edited, the edit, and what was asked for."""

    sample_id: str
    prompt: str
    source: Path
    edited: Path


@dataclass(frozen=True)
class SampleReward:
    """What a trainer goes on with.

    Attributes:
        rewards: By name, what was measured.
        errors: By name, why nothing was.
    """

    rewards: Mapping[str, float]
    errors: Mapping[str, str]


class UniRlClient:
    """Asks for some rewards."""

    def __init__(self, client: HttpClient, required_rewards: Sequence[str], scorer_version: str | None = None) -> None:
        self._client = client
        self._required = list(required_rewards)
        self._scorer_version = scorer_version

    def is_available(self) -> bool:
        """Whether the service is up. Raises ValueError where it has not all of the rewards."""
        answer = self._client.get("/health")
        if answer.status_code != 200:
            return False
        served = answer.json()["rewards"]
        if missing := [name for name in self._required if name not in served]:
            raise ValueError(f"not served: {missing}")
        return True

    def score(self, samples: Sequence[Sample]) -> list[SampleReward]:
        """The rewards of samples, in their order."""
        sent = [self._describe(sample) for sample in samples]
        answer = self._client.post("/score", json={"protocol_version": "1", "requests": sent})
        answer.raise_for_status()
        body = answer.json()
        assert body["protocol_version"] == "1"
        rows = zip(sent, body["results"], body["errors"], body["identities"], strict=True)
        return [self._read(*row) for row in rows]

    def _describe(self, sample: Sample) -> dict[str, Any]:
        source, edited = (base64.b64encode(path.read_bytes()).decode() for path in (sample.source, sample.edited))
        return {
            "history": [
                {"text": sample.prompt, "image_b64": source},
                {"text": sample.prompt, "image_b64": edited},
            ],
            "required_rewards": self._required,
            "metadata": {"policy_version": 3},
            "request_id": sample.sample_id,
            "sample_id": sample.sample_id,
            "group_id": None,
            "source_rank": 0,
            "policy_version": 3,
            "scorer_version": self._scorer_version,
            "idempotency_key": hashlib.sha256(f"{sample.sample_id}{source}{edited}".encode()).hexdigest(),
        }

    def _read(
        self,
        sent: Mapping[str, Any],
        results: Mapping[str, Mapping[str, float]],
        errors: Mapping[str, str],
        identity: Mapping[str, Any],
    ) -> SampleReward:
        assert {name: identity[name] for name in ECHOED} == {name: sent[name] for name in ECHOED}
        if self._scorer_version is not None:
            assert identity["scorer_version"] == self._scorer_version
        rewards = {name: results[name][name] for name in self._required if name in results}
        problems = {name: errors[name] for name in self._required if name in errors}
        assert rewards.keys() | problems.keys() == set(self._required)
        assert not rewards.keys() & problems.keys()
        return SampleReward(rewards, problems)
