"""What pixels alone tell of a pair: a drift, noise, another picture, or an edit."""
