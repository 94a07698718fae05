"""BPM (ICML 2025): position, size, modification and preservation of an edit."""
