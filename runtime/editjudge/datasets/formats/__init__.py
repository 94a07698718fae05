"""The published data sets, a declaration each."""
