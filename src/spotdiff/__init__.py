"""What changed between two photographs of the same place."""

__version__ = "0.1.0"
