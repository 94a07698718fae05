"""Rewards for who trains editing models: `Reward`, callable on batches, and adapters."""
