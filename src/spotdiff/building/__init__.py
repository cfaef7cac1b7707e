"""Data sets built step by step: chains of steps over rows, their journal, and what they use."""
