"""What the experiments share: pairs, agreement, correlation, bootstrap intervals."""
