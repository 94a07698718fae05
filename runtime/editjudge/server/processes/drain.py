"""How long a process that is to end may take for what it has begun."""

from __future__ import annotations

from editjudge.server.options import RequestLimits


def drain_seconds(limits: RequestLimits) -> int:
    """Seconds within which every request that was taken is answered or given up, whatever its client does."""
    return int(limits.receive_seconds + limits.answer_seconds) + 1
