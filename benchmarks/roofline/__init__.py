"""How far models are from what hardware can do."""
