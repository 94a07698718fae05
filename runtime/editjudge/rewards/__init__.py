"""Rewards for who trains editing models: `Reward`, callable on batches, and adapters to trainers.

>>> from editjudge.rewards import Reward
>>> with Reward() as reward:
...     rows = reward(originals, edited, instructions)
"""

from __future__ import annotations

from editjudge.rewards.reward import Reward

__all__ = ["Reward"]
