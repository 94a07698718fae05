"""OmDet-Turbo's side of texts: whatever it looks for is told it in features, which are kept."""
