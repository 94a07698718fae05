"""Rewards from three sides: was the instruction followed, were the details kept, is the picture clean."""
