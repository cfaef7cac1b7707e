"""The version of this package, apart from it so that anything may name it."""

__version__ = "0.2.0"
