"""How well budgets of time are kept on a busy machine."""
